"""One group in one process: ``measured`` starts it, and this file is what it starts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks import callgrind
from benchmarks.groups import GROUPS, environment

ROOT = Path(__file__).resolve().parents[1]


def added_time(group, *, processes, rounds, requests):
    """Return the added microseconds of each variant of the named group: the median of so many processes.

    Where code and data come to lie in memory differs from process to process, and moves a ratio by a twentieth and more.
    """
    command = [sys.executable, "-m", "benchmarks.worker", group, "time", str(rounds), str(requests)]
    found = [json.loads(_run(command, group).splitlines()[-1]) for _ in range(processes)]
    return {variant: median(each[variant] for each in found) for variant in found[0]}


def added_instructions(group):
    """Return the added instructions of each variant of the named group, counted in a process of its own."""
    with tempfile.TemporaryDirectory() as directory:
        library = callgrind.compiled(directory)
        python = [sys.executable, "-m", "benchmarks.worker", group, "count", str(library)]
        _run(callgrind.command(directory, python), group)
        return callgrind.added_instructions(directory)


def added_bytecodes(group):
    """Return the added bytecodes of each variant of the named group by whose they are, counted in a process of its own."""
    return json.loads(_run([sys.executable, "-m", "benchmarks.worker", group, "bytecodes"], group).splitlines()[-1])


def _run(command, group):
    variables = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**variables, **environment(group)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"the group {group!r} failed:\n{done.stderr[-2_000:]}")
    return done.stdout


def main(group, what, *arguments):
    """Measure one group and print what was found."""
    built = GROUPS[group]()
    if what == "count":
        callgrind.count(built, *arguments)
        return
    if what == "bytecodes":
        from benchmarks.bytecodes import added  # noqa: PLC0415 - it loads upstream

        print(json.dumps(added(built)))
        return
    from benchmarks.clock import added_microseconds  # noqa: PLC0415 - not needed under valgrind

    rounds, requests = map(int, arguments)
    print(json.dumps(added_microseconds(built, rounds=rounds, requests=requests)))


if __name__ == "__main__":
    main(*sys.argv[1:])
