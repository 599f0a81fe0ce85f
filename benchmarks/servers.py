"""Requests per second of real servers under wrk: uvicorn and gunicorn, one worker, bare, upstream alone and the whole stack.

wrk and the server share the machine, and a request costs a server more than the application here: the ratio is of whole requests.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from statistics import median

from benchmarks import tables

ROOT = Path(__file__).resolve().parents[1]
STACKS = ("bare", "lean", "ours")
SERVERS = {
    "uvicorn": (["-m", "uvicorn", "--log-level", "warning", "--no-access-log", "--port"], "asgi"),
    "gunicorn": (["-m", "gunicorn", "--log-level", "warning", "--threads", "4", "--bind"], "wsgi"),
}


def __getattr__(name):
    """Build the application that a server was told to serve: ``benchmarks.servers:asgi_ours`` and the like."""
    protocol, _, stack = name.partition("_")
    if protocol not in ("asgi", "wsgi") or stack not in STACKS:
        raise AttributeError(name)
    from benchmarks import stacks, traffic  # noqa: PLC0415 - in the server's process

    app = getattr(traffic, f"{protocol}_app")
    if stack == "bare":
        return app
    lean = {"exclude_spans": stacks.LEAN} if protocol == "asgi" else {}
    return stacks.ours(protocol, app) if stack == "ours" else stacks.upstream(protocol, app, **lean)


def report(*, quick=False):
    """Return the Markdown, or a line for what is missing."""
    if shutil.which("wrk") is None:
        return "Not measured: wrk is not installed (apt-get install wrk)."
    rounds = 1 if quick else 9
    rows, lines = [], []
    for server, (options, protocol) in SERVERS.items():
        if find_spec(server) is None:
            lines.append(f"Not measured: {server} is not installed.")
            continue
        figures = throughputs([sys.executable, *options], protocol, rounds)
        shown = [f"{figures[stack]:,.0f}" for stack in STACKS]
        rows.append([server, *shown, f"{figures['ours'] / figures['lean']:.2f}"])
    head = ["requests a second", "bare", "upstream", "ours", "ours / upstream"]
    return "\n\n".join(([tables.table(head, rows)] if rows else []) + lines)


def throughputs(command, protocol, rounds):
    """Return requests a second of one server with each stack, the median of *rounds*: the stacks take turns, a second each."""
    with contextlib.ExitStack() as running:
        ports = {stack: running.enter_context(_serving(command, protocol, stack)) for stack in STACKS}
        found = {stack: [] for stack in STACKS}
        for port in ports.values():
            _wrk(port, 1)
        for _ in range(rounds):
            for stack, port in ports.items():
                found[stack].append(_wrk(port, 1))
    return {stack: median(figures) for stack, figures in found.items()}


@contextlib.contextmanager
def _serving(command, protocol, stack):
    """Run the server with one stack; gives its port."""
    port = free_port()
    address = f"127.0.0.1:{port}" if protocol == "wsgi" else str(port)
    environment = {**os.environ, "OTEL_SEMCONV_STABILITY_OPT_IN": "http"}
    server = subprocess.Popen([*command, address, f"benchmarks.servers:{protocol}_{stack}"], cwd=ROOT, env=environment)
    try:
        wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait(10)


def _wrk(port, seconds):
    from benchmarks.traffic import HEADERS, PATH, SECRET_QUERY  # noqa: PLC0415 - the server's process needs none

    given = [
        item for name, value in HEADERS if name not in ("host", "connection") for item in ("-H", f"{name}: {value}")
    ]
    command = ["wrk", "-t1", "-c16", f"-d{seconds}s", *given, f"http://127.0.0.1:{port}{PATH}?{SECRET_QUERY}"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", output)
    if found is None or "Non-2xx" in output:
        raise RuntimeError(f"wrk says:\n{output}")
    return float(found[1])


def free_port():
    """Return a port of loopback that nobody listens on, below those that systems hand out to clients."""
    draw = random.SystemRandom()
    while True:
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", draw.randrange(10_000, 30_000))) as found:
            return found.getsockname()[1]


def wait_for(port, seconds=60):
    """Return when *port* takes connections."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with socket.socket() as trying:
            if trying.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"no server answers on port {port}")


def main():
    """Print the report."""
    print(report(quick="--quick" in sys.argv))


if __name__ == "__main__":
    main()
