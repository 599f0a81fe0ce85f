"""Two tenants at once never mix, whatever the order of steps."""

from __future__ import annotations

import asyncio
import random
import types
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest
from harness import Asgi, Wsgi
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry import trace
from signals import SERVER_METRICS, Signals

from otel_middleware import TenantFromHeader, Tenants, set_tenant
from otel_middleware.testing import Telemetry

NAMES = ("acme", "globex", "umbrella")
STEPS = 3


def tenant_of(number):
    return NAMES[number % len(NAMES)]


def final_tenant_of(number):
    """Every fifth request is authenticated as somebody else than it claimed."""
    return f"{tenant_of(number)}-real" if number % 5 == 0 else tenant_of(number)


def works(signals, number, step):
    """One step of request *number*; authenticates in its first."""
    if step == 0 and final_tenant_of(number) != tenant_of(number):
        set_tenant(final_tenant_of(number))
    signals.leave(f"{number}/{step}")


def asgi_app(signals, wait):
    async def app(scope, receive, send):
        number = int(scope["path"].rpartition("/")[2])
        for step in range(STEPS):
            await wait()
            works(signals, number, step)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})

    return app


def wsgi_app(signals):
    def app(environ, start_response):
        number = int(environ["PATH_INFO"].rpartition("/")[2])
        start_response("200 OK", [])
        for step in range(STEPS):
            yield b"."
            works(signals, number, step)

    return app


def instrumented(module, app, telemetry):
    tenants = Tenants(TenantFromHeader(), on_metrics=True, in_baggage=True)
    return module.instrument(app, tenant=tenants, routes=["/{number}"], **telemetry.providers)


def request(protocol, number):
    return protocol.request(path=f"/{number}", headers=[("x-tenant-id", tenant_of(number))])


def assert_unmixed(signals, count):
    """Every request's server span, children, logs, calls and metric points have its tenant and its trace."""
    roots = {int(span.attributes["url.path"][1:]): span for span in signals.telemetry.requests}
    assert sorted(roots) == list(range(count))
    spans = {span.name: span for span in signals.telemetry.spans}
    logs = {log.body: log for log in (data.log_record for data in signals.exporter.get_finished_logs())}
    records, outgoing = dict(signals.handler.records), dict(signals.outgoing)
    for number, root in roots.items():
        tenant = final_tenant_of(number)
        assert root.attributes["tenant.id"] == tenant
        for step in range(STEPS):
            mark = f"{number}/{step}"
            assert spans[mark].parent.span_id == root.context.span_id
            assert logs[mark].trace_id == root.context.trace_id
            tags = (spans[mark].attributes["tenant.id"], logs[mark].attributes["tenant.id"], records[mark])
            assert tags == (tenant,) * 3
            assert outgoing[mark] == f"tenant.id={tenant}"
    counted = defaultdict(int)
    for number in range(count):
        counted[final_tenant_of(number)] += 1
    points = signals.telemetry.points(SERVER_METRICS[0])
    assert counted == {point.attributes["tenant.id"]: point.count for point in points}


def test_200_requests_at_once_over_asgi(telemetry):
    """200 requests of three tenants that wait in a random order all keep their own."""
    signals, order = Signals(telemetry), random.Random(6)  # noqa: S311 - the same order every time

    async def wait():
        for _ in range(order.randrange(5)):
            await asyncio.sleep(0)

    app = instrumented(Asgi.module, asgi_app(signals, wait), telemetry)

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        await asyncio.sleep(0)

    async def main():
        await asyncio.gather(*(app(request(Asgi(), number), receive, send) for number in range(200)))

    asyncio.run(main())
    assert_unmixed(signals, 200)


def test_200_requests_in_threads_over_wsgi(telemetry):
    """200 requests of three tenants in 16 threads all keep their own."""
    signals = Signals(telemetry)
    app = instrumented(Wsgi.module, wsgi_app(signals), telemetry)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda number: Wsgi().call(app, request(Wsgi(), number)), range(200)))

    assert not [answer.error for answer in answers if answer.error]
    assert_unmixed(signals, 200)


@types.coroutine
def paused():
    """One step: gives control back to whoever drives the coroutine."""
    yield


class OverAsgi:
    """A request as a coroutine that is driven by hand, in a context of its own as tasks have."""

    def __init__(self, app, number):
        self._context = copy_context()

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(_message):
            await paused()

        self._coroutine = app(request(Asgi(), number), receive, send)

    def step(self):
        try:
            self._context.run(self._coroutine.send, None)
        except StopIteration:
            return False
        return True


class OverWsgi:
    """A request whose body is iterated step by step, on the one thread that all requests share."""

    def __init__(self, app, number):
        self._call = lambda: app(request(Wsgi(), number), lambda *_: None)
        self._body = None

    def step(self):
        if self._body is None:
            self._body = self._call()
            return True
        if next(self._body, None) is None:
            self._body.close()
            return False
        return True


@pytest.mark.parametrize("kind", [OverAsgi, OverWsgi], ids=["asgi", "wsgi"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.lists(st.integers(0, 5), max_size=60))
def test_no_order_of_steps_mixes_tenants(kind, order):
    """Six requests, stepped in any order, all keep their own; nothing stays current between steps."""
    telemetry = Telemetry()
    signals = Signals(telemetry)
    app = asgi_app(signals, paused) if kind is OverAsgi else wsgi_app(signals)
    app = instrumented(Asgi.module if kind is OverAsgi else Wsgi.module, app, telemetry)
    running = {number: kind(app, number) for number in range(6)}
    for number in [*order, *(number for _ in range(STEPS + 4) for number in range(6))]:
        if number in running and not running[number].step():
            del running[number]
        assert trace.get_current_span() is trace.INVALID_SPAN

    assert not running
    assert_unmixed(signals, 6)
