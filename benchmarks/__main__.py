"""``python -m benchmarks``: everything, into ``RESULTS.md``; ``--quick --instructions --gate`` for CI.

``python -m benchmarks soak`` and ``python -m benchmarks matrix`` run for long and keep their results for the report.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from importlib import import_module
from importlib.util import find_spec

os.environ.setdefault("OTEL_SEMCONV_STABILITY_OPT_IN", "http")

from benchmarks import goals, overhead, report, sameness

SECTIONS = {
    "bytecodes": "Where it sits",
    "growth": "Growth",
    "footprint": "Memory and import",
    "servers": "Servers under wrk",
    "peers": "Peers",
}
"""Modules with a ``report()`` that returns Markdown."""

RECORDED = {
    "soak": "Soak",
    "matrix": "Versions",
}
"""Modules with a ``main(arguments)`` that runs for long and keeps its result, and a ``report()`` that tells of the last run."""

PRINTED = {
    "routes": "Matching declared routes",
    "inference": "Inference",
    "policies": "Policies",
    "redaction": "Redaction",
    "hostile": "Redaction, hostile inputs",
    "tenants": "A million forged tenants",
}
"""Modules with a ``main()`` that prints, taken in where they exist."""


def quick(options):
    """Measure the first three goals, compare outputs, print; return the exit status."""
    missing = sameness.main()
    arguments = ["--quick", *(["--instructions"] * options.instructions), *(["--gate"] * options.gate)]
    return bool(overhead.main(arguments)) or bool(missing)


def everything(options):
    """Measure all of it and write the report; return the exit status."""
    missing = sameness.main()
    instructions = overhead.counting(options.instructions)
    counted, timed = {}, {}
    for group in report.TITLES:
        try:
            found = overhead.measured([group], quick=False, instructions=instructions)
        except RuntimeError as error:  # a framework that is not installed, say
            print(f"{group}: not measured\n{error}")
            continue
        counted.update(found[0])
        timed.update(found[1])
        print(f"\n{report.section(group, counted, timed)}", flush=True)
    ratios = [goals.ratio_of(goal, counted, timed) for goal in goals.GATED]
    print(f"\n{report.goal_table(counted, timed)}")
    same = "nothing that upstream reports is missing" if not missing else f"{missing} DIFFERENCES"
    parts = [
        f"## Goals\n\n{report.goal_table(counted, timed)}",
        f"Same output, in three modes, both protocols: {same}.",
    ]
    parts += [f"Not measured: {report.TITLES[group]}." for group in report.TITLES if group not in timed]
    parts += ["## Tables", *(report.section(group, counted, timed) for group in timed), report.picture(counted, timed)]
    if options.tables:
        parts.append(report.kept())
    for name, title in ({} if options.tables else SECTIONS | RECORDED | PRINTED).items():
        report.write(parts)  # what there is so far: the rest takes its time
        parts.append(section(name, title))
    report.write(parts)
    failures = overhead.exceeded(ratios, instructions=instructions) if options.gate else []
    print(*failures, sep="\n")
    return bool(failures or missing)


def section(name, title):
    """Return the Markdown of one module; nothing when it is not there."""
    if find_spec(f"benchmarks.{name}") is None:
        return ""
    module = import_module(f"benchmarks.{name}")
    try:
        body = module.report() if name in SECTIONS | RECORDED else printed(module.main)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - one part that fails is said, and costs no other
        body = f"Not measured: {type(error).__name__}: {error}"
    print(f"\n{title}\n\n{body}", flush=True)
    return f"## {title}\n\n{body}"


def printed(function):
    """Return what *function* prints, as Markdown; it sees no argument of ours."""
    output, arguments = io.StringIO(), sys.argv
    sys.argv = arguments[:1]
    try:
        with contextlib.redirect_stdout(output):
            function()
    finally:
        sys.argv = arguments
    text = output.getvalue().strip("\n")
    return text if "\n|" in text else f"```text\n{text}\n```"


def main(argv=None):
    """Run what the arguments say."""
    argv = sys.argv[1:] if argv is None else argv
    if argv and argv[0] in RECORDED:
        return import_module(f"benchmarks.{argv[0]}").main(argv[1:])
    parser = overhead.arguments(__doc__.splitlines()[0])
    parser.add_argument(
        "--tables", action="store_true", help="the goals and their tables alone; the report keeps what else it has"
    )
    options = parser.parse_args(argv)
    return quick(options) if options.quick else everything(options)


if __name__ == "__main__":
    sys.exit(main())
