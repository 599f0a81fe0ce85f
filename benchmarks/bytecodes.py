"""Where the cost sits: the bytecodes that each goal's two rows add to a request, by whose code they are.

Instructions count alike wherever they are, and time does not: code that is run through once a request takes longer for each of
them than a loop, which processors foresee. This package has hardly any loop left on the path, and upstream's instrumentation of
ASGI goes round several over headers. That is probably why shares of time lie above those of instructions.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import opentelemetry.context

from benchmarks import tables
from benchmarks.goals import GOALS
from benchmarks.worker import added_bytecodes

__all__ = ["added", "report"]

ROOT = Path(__file__).resolve().parents[1]
UPSTREAM = Path(opentelemetry.context.__file__).parents[1]
WHOSE = ("this package", "instrumentation", "API and SDK", "the rest")
WARM_UP, COUNTED = 50, 20


def added(group):
    """Return, by variant of *group* and whose code it is, the bytecodes that a request takes more than on the bare application."""
    bare = _run(group.drive, group.bare())
    found = {}
    for name, build in group.variants.items():
        taken = _run(group.drive, build())
        found[name] = {whose: (taken[whose] - bare[whose]) / COUNTED for whose in WHOSE}
    return found


def _run(drive, app):
    counts = Counter()

    def traced(frame, event, _argument):
        frame.f_trace_lines, frame.f_trace_opcodes = False, True
        counts[frame.f_code] += event == "opcode"
        return traced

    drive(app, WARM_UP)
    sys.settrace(traced)
    try:
        drive(app, COUNTED)
    finally:
        sys.settrace(None)
    taken = Counter()
    for code, count in counts.items():
        taken[_whose(Path(code.co_filename))] += count
    return taken


def _whose(path):
    if ROOT / "otel_middleware" in path.parents:
        return "this package"
    if UPSTREAM / "instrumentation" in path.parents:
        return "instrumentation"
    return "API and SDK" if UPSTREAM in path.parents else "the rest"


def report():
    """Return the table: two rows for each goal, theirs and ours."""
    rows = []
    for goal in GOALS:
        try:
            found = added_bytecodes(goal.group)
        except RuntimeError:  # a framework that is not installed
            continue
        theirs, ours = found[goal.theirs], found[goal.ours]
        share = sum(ours.values()) / sum(theirs.values())
        rows.append([goal.title, *_row(theirs), ""])
        rows.append(["the same, ours", *_row(ours), f"{share:.2f}"])
    return (
        f"{__doc__.partition(chr(10))[2].strip()}\n\n{tables.table(['added bytecodes', *WHOSE, 'all', 'ratio'], rows)}"
    )


def _row(figures):
    return [f"{figures[whose]:,.0f}" for whose in WHOSE] + [f"{sum(figures.values()):,.0f}"]


if __name__ == "__main__":
    print(report())
