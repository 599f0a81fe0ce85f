"""What it takes beside time: memory while a request runs, what stays behind, and the time of the import."""

from __future__ import annotations

import gc
import statistics
import subprocess
import sys
import tracemalloc
from functools import partial

from benchmarks import tables, traffic
from benchmarks.stacks import LEAN, ours, upstream

REQUESTS = 5_000
_IMPORT = "import time, {before}; began = time.process_time(); import {module}; print(time.process_time() - began)"


def in_flight(protocol, wrap):
    """Bytes that are held for one request while the application runs."""
    held = []

    def noted(app):
        held.append(tracemalloc.get_traced_memory()[0])
        return app

    async def asgi(scope, receive, send):
        await noted(traffic.asgi_app)(scope, receive, send)

    def wsgi(environ, start_response):
        return noted(traffic.wsgi_app)(environ, start_response)

    drive, app = getattr(traffic, f"drive_{protocol}")(), wrap(asgi if protocol == "asgi" else wsgi)
    drive(app, 300)
    tracemalloc.start()
    differences = [_held_by(drive, app, held) for _ in range(50)]
    tracemalloc.stop()
    return statistics.median(differences)


def _held_by(drive, app, held):
    before = tracemalloc.get_traced_memory()[0]
    drive(app, 1)
    return held[-1] - before


def cyclic_garbage(protocol, wrap):
    """Objects of each request that only the cycle collector frees."""
    drive, app = getattr(traffic, f"drive_{protocol}")(), wrap(getattr(traffic, f"{protocol}_app"))
    drive(app, 300)
    gc.collect()
    gc.disable()
    drive(app, 100)
    found = gc.collect()
    gc.enable()
    return found / 100


def left_behind(protocol, wrap):
    """Bytes that stay allocated for each of many requests."""
    drive, app = getattr(traffic, f"drive_{protocol}")(), wrap(getattr(traffic, f"{protocol}_app"))
    drive(app, 500)
    gc.collect()
    tracemalloc.start()
    drive(app, 100)
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    drive(app, REQUESTS)
    gc.collect()
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return (after - before) / REQUESTS


def memory():
    """Return a table; what is in flight is over the bare application's."""
    rows = []
    for protocol in ("asgi", "wsgi"):
        lean = {"exclude_spans": LEAN} if protocol == "asgi" else {}
        stacks = {"upstream": partial(upstream, protocol, **lean), "ours": partial(ours, protocol)}
        bare = in_flight(protocol, lambda app: app)
        for name, wrap in stacks.items():
            flying, left = in_flight(protocol, wrap) - bare, left_behind(protocol, wrap)
            garbage = cyclic_garbage(protocol, wrap)
            rows.append([f"{protocol.upper()}, {name}", f"{flying:,.0f}", f"{left:.2f}", f"{garbage:.0f}"])
    return tables.table(["memory a request", "bytes in flight", "bytes left behind", "objects in cycles"], rows)


def imports(rounds=5):
    """Return a table of import times in milliseconds of processor time."""
    rows = []
    for protocol in ("asgi", "wsgi"):
        theirs = f"opentelemetry.instrumentation.{protocol}"
        rows.append([theirs, f"{_import_time('sys', theirs, rounds):.0f}"])
        rows.append(
            [
                f"otel_middleware.{protocol}, after it",
                f"{_import_time(theirs, f'otel_middleware.{protocol}', rounds):.0f}",
            ]
        )
    return tables.table(["import", "ms"], rows)


def _import_time(before, module, rounds):
    command = [sys.executable, "-c", _IMPORT.format(before=before, module=module)]
    times = [float(subprocess.run(command, capture_output=True, text=True, check=True).stdout) for _ in range(rounds)]
    return statistics.median(times) * 1e3


def report(*, quick=False):
    """Return the Markdown of both tables."""
    return f"{memory()}\n\n{imports(2 if quick else 7)}"


def main():
    """Print the report."""
    print(report(quick="--quick" in sys.argv))


if __name__ == "__main__":
    main()
