"""What it takes beside time: memory while a request runs, what stays behind, and the time of the import."""

from __future__ import annotations

import gc
import os
import statistics
import subprocess
import sys
import tempfile
import tracemalloc
from functools import partial

from benchmarks import tables, traffic
from benchmarks.stacks import LEAN, ours, upstream

REQUESTS = 5_000
_TIMED = "import time\nbegan = time.process_time()\n{code}\nprint(time.process_time() - began)"
_THEIRS = "both of upstream's"
_IMPORTS = {
    _THEIRS: "import opentelemetry.instrumentation.asgi, opentelemetry.instrumentation.wsgi",
    "`otel_middleware`": "import otel_middleware",
    "all names of it": "from otel_middleware import *",
    "`otel_middleware.asgi`": "import otel_middleware.asgi",
    "`otel_middleware.wsgi`": "import otel_middleware.wsgi",
    "both of these": "import otel_middleware.asgi, otel_middleware.wsgi",
    "a stack, ASGI": "from otel_middleware.asgi import instrument\ninstrument(lambda scope, receive, send: None)",
    "a stack, WSGI": "from otel_middleware.wsgi import instrument\ninstrument(lambda environ, start_response: [])",
}


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


def imports(rounds=15):
    """Return a table of import times: medians of *rounds* processes each, taken in turn, compiled beforehand."""
    times = {name: [] for name in _IMPORTS}
    with tempfile.TemporaryDirectory() as compiled:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = compiled
        for turn in range(rounds + 1):
            for name, code in _IMPORTS.items():
                taken = _time_of(code, environment)
                if turn:  # the first compiles
                    times[name].append(taken)
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    theirs = medians[_THEIRS]
    rows = [[name, f"{median:.0f}", f"{median - theirs:+.0f}"] for name, median in medians.items()]
    return tables.table(["import", "ms", "beside upstream's own"], rows)


def _time_of(code, environment):
    command = [sys.executable, "-c", _TIMED.format(code=code)]
    return float(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout) * 1e3


def report(*, quick=False):
    """Return the Markdown of both tables."""
    return f"{memory()}\n\n{imports(2 if quick else 15)}"


def main():
    """Print the report."""
    print(report(quick="--quick" in sys.argv))


if __name__ == "__main__":
    main()
