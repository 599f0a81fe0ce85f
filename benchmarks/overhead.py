"""What the whole stack costs beside upstream alone, for both protocols in one run: ``python benchmarks/overhead.py``.

Rows: upstream default, upstream lean (send and receive spans off; on WSGI there are none), and the whole stack with everything
on, as ratios of what each adds to the bare application; ``null`` is the bare application against itself, the error of the method.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if not __package__:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import callgrind, tables
from benchmarks.goals import GATED, TOLERANCE, ratio_of
from benchmarks.worker import added_instructions, added_time

PROTOCOLS = {"asgi": "lean", "wsgi": "default"}
"""Each with the row that is 1.00."""

FULL = {"processes": 5, "rounds": 15, "requests": 60}
QUICK = {"processes": 1, "rounds": 9, "requests": 40}


def arguments(description):
    """Return a parser of the options that all of the suite has."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="few rounds, the first three goals only: for CI")
    parser.add_argument("--instructions", action="store_true", help="count instructions too, with callgrind")
    parser.add_argument("--gate", action="store_true", help="exit with 1 when a goal is missed by more than 5 %%")
    return parser


def counting(wanted):
    """Tell whether instructions are to be counted; says what is missing when they cannot be."""
    lacking = callgrind.missing() if wanted else None
    if lacking:
        print(lacking)
    return wanted and not lacking


def measured(groups, *, quick, instructions):
    """Return the added instructions and the added microseconds of the named groups, by group and variant."""
    counted, timed = {}, {}
    for group in groups:
        timed[group] = added_time(group, **(QUICK if quick else FULL))
        if instructions:
            counted[group] = added_instructions(group)
    return counted, timed


def exceeded(ratios, *, instructions):
    """Return a line for every goal that is missed by more than the tolerance, or was not measured.

    Instructions repeat and time on a shared machine does not: where they are counted, they alone decide.
    """
    judged = [ratio._replace(time=None) if instructions else ratio for ratio in ratios]
    lines = [f"{ratio.goal.title}: not measured" for ratio in judged if ratio.instructions is ratio.time is None]
    return lines + [f"{each.goal.title}: more than 5 % above its goal" for each in judged if not each.within(TOLERANCE)]


def main(argv=None):
    """Print both tables and the goals; return the exit status."""
    options = arguments(__doc__.splitlines()[0]).parse_args(argv)
    instructions = counting(options.instructions)
    counted, timed = measured(PROTOCOLS, quick=options.quick, instructions=instructions)
    for protocol, reference in PROTOCOLS.items():
        print(f"\n{protocol.upper()}\n\n{tables.costs(counted.get(protocol), timed[protocol], reference)}")
    ratios = [ratio_of(goal, counted, timed) for goal in GATED]
    print(f"\n{tables.goals(ratios)}")
    gated = options.gate and (instructions or not options.instructions)  # time alone is no gate on a shared machine
    failures = exceeded(ratios, instructions=instructions) if gated else []
    print(*failures, sep="\n")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
