"""Does the cost stay flat: in routes, in tenants, in concurrent requests and in requests served?

Microseconds of processor time a request, the whole stack and everything in it on; the ratio is the last figure over the first.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import resource
import sys
from statistics import median
from time import process_time_ns

from benchmarks import tables, traffic
from benchmarks.stacks import ours

ROUTES = (10, 100, 1_000, 10_000)
TENANTS = (1, 100, 10_000)
CONCURRENT = (1, 10, 100, 1_000)
SERVED = (1_000, 10_000, 100_000, 1_000_000)
REQUESTS = 2_000


def costs(measures, rounds):
    """Return the median of each measure, the measures taking turns."""
    spent = [[] for _ in measures]
    for _ in range(rounds):
        for at, measure in enumerate(measures):
            spent[at].append(measure())
    return [median(one) for one in spent]


def by_routes(protocol, rounds):
    """Microseconds by the number of declared templates, the last one hit."""

    def measure(routes):
        templates = [f"/resource{number}/{{item}}" for number in range(routes)]
        drive = getattr(traffic, f"drive_{protocol}")(path=f"/resource{routes - 1}/4815")
        return _served(drive, ours(protocol, getattr(traffic, f"{protocol}_app"), routes=templates))

    return costs([measure(routes) for routes in ROUTES], rounds)


def by_tenants(protocol, rounds):
    """Microseconds by the number of different tenants, on the metrics too (at most 100 of them there)."""
    from otel_middleware import Tenants  # noqa: PLC0415 - upstream reads its conventions when it is first used

    def measure(count):
        names = itertools.cycle([f"tenant-{number}" for number in range(count)])
        tenants = Tenants(lambda _request: next(names), on_metrics=True)
        app = ours(protocol, getattr(traffic, f"{protocol}_app"), tenant=tenants)
        return _served(getattr(traffic, f"drive_{protocol}")(), app)

    return costs([measure(count) for count in TENANTS], rounds)


def by_concurrency(rounds):
    """Added microseconds by the number of requests that are open at the same time in one event loop."""
    loop, scope = asyncio.new_event_loop(), traffic.scope_for()

    async def waiting(_scope, _receive, send):
        await asyncio.sleep(0)
        await traffic.asgi_app(_scope, _receive, send)
        await asyncio.sleep(0)

    instrumented = ours("asgi", waiting)

    async def together(app, count):
        await asyncio.gather(*(app(scope(), traffic.receive, traffic.send) for _ in range(count)))

    def spent(app, count):
        began = process_time_ns()
        for _ in range(max(REQUESTS // count, 1)):
            loop.run_until_complete(together(app, count))
        return (process_time_ns() - began) / (max(REQUESTS // count, 1) * count) / 1e3

    def measure(count):
        return lambda: spent(instrumented, count) - spent(waiting, count)

    return costs([measure(count) for count in CONCURRENT], rounds)


def by_served(protocol, served, rounds):
    """Return microseconds a request of one stack and of a new one beside it, and megabytes resident, after so many requests.

    Every request has another path and another tenant, none declared, so that whatever keeps something of them shows. The two
    stacks take turns: a machine that is slower than it was an hour ago is so for both.
    """
    number, drive = itertools.count(), _varied(protocol)

    def build():
        bare = getattr(traffic, f"{protocol}_app")
        app = ours(protocol, bare, routes=None, tenant=lambda _request: f"t{next(number)}")
        drive(app, served[0])
        return app

    app, rows, done = build(), [], served[0]
    for goal in served:
        drive(app, goal - done)
        done = goal
        gc.collect()
        new = build()
        spent = costs([lambda: _once(drive, app), lambda new=new: _once(drive, new)], rounds)
        rows.append((*spent, _resident()))
    return rows


def _varied(protocol):
    """Drive requests with ever new paths."""
    paths = (f"/orders/{number}/lines/{number % 977}" for number in itertools.count(1))
    loop, maker = asyncio.new_event_loop(), traffic.scope_for() if protocol == "asgi" else traffic.environ_for()

    async def asgi(app, requests):
        for path in itertools.islice(paths, requests):
            scope = maker()
            scope["path"], scope["raw_path"] = path, path.encode()
            await app(scope, traffic.receive, traffic.send)

    def wsgi(app, requests):
        for path in itertools.islice(paths, requests):
            traffic.served(app, {**maker(), "PATH_INFO": path, "RAW_URI": path})

    return wsgi if protocol == "wsgi" else lambda app, requests: loop.run_until_complete(asgi(app, requests))


def _resident():
    with open("/proc/self/statm", encoding="ascii") as status:  # noqa: PTH123 - a kernel's file
        return int(status.read().split()[1]) * resource.getpagesize() / 1e6


def _served(drive, app):
    drive(app, 200)
    return lambda: _once(drive, app)


def _once(drive, app):
    began = process_time_ns()
    drive(app, REQUESTS)
    return (process_time_ns() - began) / REQUESTS / 1e3


def report(*, quick=False):
    """Return the Markdown of all four."""
    rounds = 3 if quick else 9
    served = SERVED[:2] if quick else SERVED
    parts = [
        _table("declared routes, last hit", ROUTES, {p.upper(): by_routes(p, rounds) for p in ("asgi", "wsgi")}),
        _table("tenants, on metrics", TENANTS, {p.upper(): by_tenants(p, rounds) for p in ("asgi", "wsgi")}),
        _table("concurrent requests (added)", CONCURRENT, {"ASGI": by_concurrency(rounds)}),
    ]
    for protocol in ("asgi", "wsgi"):
        aged, new, resident = zip(*by_served(protocol, served, rounds), strict=True)
        figures = {protocol.upper(): aged, f"{protocol.upper()}, a new stack beside it": new}
        parts.append(_table("requests served, each with a new path and tenant", served, figures))
        share, held = aged[-1] / new[-1], ", ".join(f"{megabytes:.1f} MB" for megabytes in resident)
        parts.append(f"After the last, {share:.2f} of the new stack beside it. Resident: {held}.")
    return "\n\n".join(parts)


def _table(title, counts, figures):
    head = [f"{title}: us", *(f"{count:,}" for count in counts), "ratio"]
    rows = [[name, *(f"{us:.1f}" for us in row), f"{row[-1] / row[0]:.2f}"] for name, row in figures.items()]
    return tables.table(head, rows)


def main():
    """Print the report; ``--quick`` for few rounds."""
    print(report(quick="--quick" in sys.argv))


if __name__ == "__main__":
    main()
