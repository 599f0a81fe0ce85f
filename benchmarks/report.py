"""``RESULTS.md``: every table, where and of what it was measured, and what was not met."""

from __future__ import annotations

import datetime as dt
import os
import platform
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks import goals, plot, tables

RESULTS = Path(__file__).with_name("RESULTS.md")
ROOT = RESULTS.parents[1]

PACKAGES = (
    "opentelemetry-api",
    "opentelemetry-sdk",
    "opentelemetry-instrumentation-asgi",
    "opentelemetry-instrumentation-wsgi",
    "opentelemetry-instrumentation-fastapi",
    "opentelemetry-instrumentation-flask",
    "fastapi",
    "starlette",
    "flask",
    "uvicorn",
    "gunicorn",
)
REFERENCES = {
    "fastapi": "instrumentor",
    "flask": "instrumentor",
    "wsgi": "default",
    "wsgi old": "default",
    "wsgi dup": "default",
}
"""The row that is 1.00, where it is not ``lean``."""

TITLES = {
    "asgi": "ASGI, bare app, semantic conventions `http`",
    "wsgi": "WSGI, bare app, semantic conventions `http`",
    "fastapi": "FastAPI, 200 routes, last hit",
    "flask": "Flask, 200 routes, last hit",
    "asgi layers": "ASGI: each layer alone",
    "wsgi layers": "WSGI: each layer alone",
    "asgi settings": "ASGI under other settings",
    "wsgi settings": "WSGI under other settings",
    "asgi captured": "ASGI, three captured headers, one of them redacted",
    "wsgi captured": "WSGI, three captured headers, one of them redacted",
    "asgi stream": "ASGI, a stream of 100 chunks",
    "wsgi stream": "WSGI, a stream of 100 chunks",
    "asgi excluded": "ASGI, an excluded request",
    "wsgi excluded": "WSGI, an excluded request",
    "asgi old": "ASGI, old semantic conventions",
    "wsgi old": "WSGI, old semantic conventions",
    "asgi dup": "ASGI, both semantic conventions",
    "wsgi dup": "WSGI, both semantic conventions",
}
"""Every group in the order of the report."""

KEPT = "## Where it sits"
"""What comes behind the tables."""

METHOD = """\
Added cost over the bare application, in process, no network: `GET /orders/4815` with 21 headers (18 as a browser sends them,
`traceparent` with `-01`, `cookie`, `authorization`) and a query with one secret; an answer of 27 bytes. A fresh scope or
environ for each request in every arm, and an `x-request-id` of its own; the other values are the same each time. Everything
sampled, a span processor that does nothing, a metric reader in memory, unless said. *ours* is `instrument(app, routes=[...],
tenant=TenantFromHeader("x-tenant-id"))`: declared routes (a framework's own for FastAPI and Flask), tenant, redaction and
outcomes on, and all of upstream's metrics. *lean* is upstream with `exclude_spans=["send", "receive"]`; WSGI has no such spans.
Time: processor time of the serving thread, blocks paired with a block of the bare application, order rotated, medians; of five
processes the median.
Instructions: callgrind, 60 requests, garbage collector off. *null* is the bare application against itself: the error of the
method."""


def where():
    """Return the machine, the versions, the date and the commit."""
    versions = ", ".join(filter(None, map(_version, PACKAGES)))
    interpreter = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{_processor()}, {os.cpu_count()} cores, {platform.system()}; {interpreter}; {versions}; {today()}; commit {commit()}."


def _version(package):
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return None


def _processor():
    information = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.*)", information.read_text()) if information.exists() else None
    return found[1] if found else platform.processor() or "unknown processor"


def today():
    """Return the date, of Greenwich."""
    return str(dt.datetime.now(dt.timezone.utc).date())


def commit():
    """Return what is measured, as git describes it."""
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


def section(group, counted, timed):
    """Return one group's table under its title."""
    reference = REFERENCES.get(group, "lean")
    figures = timed[group]
    if reference not in figures:
        reference = next((name for name in figures if name.startswith("lean")), "ours")
    return f"### {TITLES[group]}\n\n{tables.costs(counted.get(group), figures, reference)}"


def goal_table(counted, timed):
    """Return the table of all goals, and a line for each that is not met."""
    ratios = [goals.ratio_of(goal, counted, timed) for goal in goals.GOALS]
    lines = [f"Not met: {ratio.goal.title}. {_where_it_sits(ratio)}" for ratio in ratios if not ratio.within()]
    lines += _excluded(timed)
    return "\n\n".join([tables.goals(ratios), *lines])


def _excluded(timed):
    group, variant = goals.EXCLUDED_BESIDE
    if group not in timed:
        return
    theirs = timed[group][variant]
    goal, stretch = (limit / goals.EXCLUDED_UPSTREAM for limit in (goals.EXCLUDED_GOAL, goals.EXCLUDED_STRETCH))
    yield (
        f"An excluded request may take {goals.EXCLUDED_GOAL} us (stretch {goals.EXCLUDED_STRETCH}) where upstream's own exclusion, "
        f"which it has on ASGI, takes {goals.EXCLUDED_UPSTREAM}: {goal:.2f} of it (stretch {stretch:.2f}). "
        f"In this run upstream's took {theirs:.1f} us."
    )
    for name, cost in ((name, timed[group]["ours"]) for group, name in goals.EXCLUDED if group in timed):
        met = "met" if cost <= goal * theirs else "NOT met"
        yield f"An excluded request, {name}: {cost:.2f} us, {cost / theirs:.2f} of upstream's: {met}."


def _where_it_sits(ratio):
    over = ratio.instructions is not None and ratio.instructions > ratio.goal.instructions
    what = "Instructions" if over else "Time only, instructions are within the goal"
    return f'{what}; see "Where it sits", and the tables of the layers.'


def picture(counted, timed):
    """Return the picture of the layers: instructions where they were counted, else microseconds."""
    source, unit, scale = (counted, "thousand instructions", 1e3) if "asgi layers" in counted else (timed, "us", 1)
    figures = {
        protocol.upper(): {name: cost / scale for name, cost in source[f"{protocol} layers"].items()}
        for protocol in ("asgi", "wsgi")
        if f"{protocol} layers" in source
    }
    return plot.draw(figures, unit) if figures else ""


def kept():
    """Return what the last report says behind its tables, and of when and of what that is."""
    text = RESULTS.read_text(encoding="utf-8")
    said = re.search(r"[0-9]{4}-[0-9]{2}-[0-9]{2}; commit \S+(?=\.$)", text, re.MULTILINE)
    return f"From here on: {said[0] if said else 'an earlier run'}.\n\n{text[text.index(KEPT) :].rstrip()}"


def write(parts):
    """Write the report."""
    command = " ".join(["python -m benchmarks", *sys.argv[1:]])
    head = f"# What it costs\n\nWritten by `{command}`. {where()}\n\n{METHOD}"
    RESULTS.write_text("\n\n".join([head, *filter(None, parts)]) + "\n", encoding="utf-8")
