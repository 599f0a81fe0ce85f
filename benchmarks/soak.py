"""``python -m benchmarks soak``: a million mixed requests through uvicorn and gunicorn; nothing may stay behind."""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from benchmarks import servers, soak_backends, soak_traffic, tables

ROOT = Path(__file__).resolve().parents[1]
RESULT = Path(__file__).with_name("results") / "soak.json"
QUIET = ["--log-level", "critical"]
SERVERS = {
    "uvicorn": ["uvicorn", *QUIET, "--no-access-log", "--timeout-keep-alive", "1", "benchmarks.soak_apps:asgi_app"],
    "gunicorn": ["gunicorn", *QUIET, "--threads", "8", "benchmarks.soak_apps:wsgi_app"],
}
STAGES = 10
WARM_UP = 3
"""Stages after which memory must be flat."""

SETTLED = ("exchanges", "tasks", "threads", "descriptors")
"""What must be, when it is idle again, as it was after the warm-up."""

GROWTH = 0.05
"""How much resident memory may grow after the warm-up: what a heap that nothing leaks from drifts."""


@contextmanager
def served(server, **environment):
    """Run one of the servers, with one worker and more *environment*; gives its port."""
    port = servers.free_port()
    where = ["--port", str(port)] if server == "uvicorn" else ["--bind", f"127.0.0.1:{port}", "--no-control-socket"]
    command = [sys.executable, "-m", *SERVERS[server], *where]
    path = os.pathsep.join([str(ROOT), *sys.path])
    environment = {**os.environ, "OTEL_SEMCONV_STABILITY_OPT_IN": "http", "PYTHONPATH": path, **environment}
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        servers.wait_for(port)
        yield port
    finally:
        process.kill() if "SOAK_COLLECTOR" in environment else process.terminate()
        process.wait(30)


def facts(port):
    """What the process tells of itself."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("GET", "/_facts", headers={"connection": "close"})
    told = json.loads(connection.getresponse().read())
    connection.close()
    return told


def idle(port, before):
    """What the process tells when what clients left is over; at most ten seconds are waited for that.

    uvicorn's timer of a kept connection, even a cancelled one, holds the context that it was made in until its second is over.
    """
    until = time.monotonic() + 10
    while True:
        told = facts(port)
        settled = not told["exchanges"] and all(told[name] <= before.get(name, told[name]) for name in SETTLED)
        if settled or time.monotonic() > until:
            return told
        time.sleep(0.2)


def soak(server, count, stages=STAGES):
    """Send *count* requests in stages; return what was answered and what the process told after each stage."""
    answered, told, began = {}, [], time.monotonic()
    with served(server) as port:
        told.append(facts(port))
        for stage in range(stages):
            seen = asyncio.run(soak_traffic.drive(port, count // stages, stage))
            answered = {kind: answered.get(kind, 0) + seen[kind] for kind in {*answered, *seen}}
            told.append(idle(port, told[-1] if stage else {}))
    return {
        "server": server,
        "requests": count,
        "seconds": round(time.monotonic() - began),
        "answered": answered,
        "told": told,
    }


def faults(result, warm_up=WARM_UP, growth=GROWTH):
    """What stayed behind or was answered otherwise than it must be; a line each."""
    warm, last = result["told"][warm_up], result["told"][-1]
    wrong = {kind: count for kind, count in result["answered"].items() if kind not in soak_traffic.KINDS}
    lines = [f"{count} requests: {kind}" for kind, count in wrong.items()]
    lines += [f"{name}: {warm[name]}, then {last[name]}" for name in SETTLED if last[name] > warm[name]]
    lines += [f"exchanges: {last['exchanges']} are alive"] if last["exchanges"] else []
    lines += [f"{last['log lines']} log lines, first of all {last['said']}"] if last["log lines"] else []
    key = "resident MB"
    if last[key] > warm[key] * (1 + growth):
        lines.append(f"{key}: {warm[key]}, then {last[key]}")
    return lines


def table(results):
    """Return the Markdown of *results*, with the verdict on each."""
    parts = []
    for result in results:
        head = [
            "after requests",
            "resident MB",
            "objects",
            "exchanges",
            "tasks",
            "threads",
            "descriptors",
            "log lines",
            "propagator's",
            "spans",
        ]
        step = result["requests"] // (len(result["told"]) - 1)
        rows = [[f"{at * step:,}", *(f"{told[name]:,}" for name in head[1:])] for at, told in enumerate(result["told"])]
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(result["answered"].items()))
        verdict = "; ".join(faults(result)) or "flat, nothing stayed behind"
        rate = result["requests"] / max(result["seconds"], 1)
        parts.append(f"### {result['server']}: {result['requests']:,} requests\n\n{tables.table(head, rows)}")
        parts.append(f"{kinds}. {rate:,.0f} a second, clients on the same machine. Verdict: {verdict}.")
    return "\n\n".join(parts)


def report(*, quick=False):  # noqa: ARG001 - as every report
    """Return the Markdown of the last soak; none is made for a report."""
    if not RESULT.exists():
        return "Not run: `python -m benchmarks soak`."
    kept = json.loads(RESULT.read_text(encoding="utf-8"))
    logged = "The propagator's lines are upstream's, one for each baggage header with too many members, as without us."
    said = ", ".join(f"{share} % {kind}" for kind, share in soak_traffic.KINDS.items())
    return f"By `python -m benchmarks soak`, {kept['date']}, commit {kept['commit']}; {said}. {logged}\n\n{table(kept['results'])}\n\n{beside(kept)}"


def beside(kept):
    """Return the Markdown of the latencies beside failing collectors, where they were measured."""
    if "backends" not in kept:
        return ""
    return f"### Collectors that fail: uvicorn, one client\n\n{soak_backends.table(kept['backends'])}"


def keep(found):
    """Keep what was found for the report."""
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def main(argv=None):
    """Soak both servers, print the tables, keep the result; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks soak", description=__doc__)
    parser.add_argument("--requests", type=int, default=1_000_000, help="of both servers together")
    parser.add_argument("--server", choices=SERVERS, action="append", help="this one only")
    options = parser.parse_args(argv)
    from benchmarks import report as reporting  # noqa: PLC0415 - it draws, which this does not need

    chosen = options.server or list(SERVERS)
    results = []
    for server in chosen:
        results.append(soak(server, options.requests // len(chosen)))
        print(table(results[-1:]), flush=True)
    kept = {"date": reporting.today(), "commit": reporting.commit(), "results": results}
    keep(kept)
    keep(kept | {"backends": soak_backends.measured(served, max(100, min(1_000, options.requests // 200)))})
    print(beside(json.loads(RESULT.read_text(encoding="utf-8"))), flush=True)
    return int(any(faults(result) for result in results))


if __name__ == "__main__":
    sys.exit(main())
