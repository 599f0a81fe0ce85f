"""Eight threads on one stack: nothing of one request is found on another, and nothing is lost."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections import Counter

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from otlp_stub import DEADLINE
from uncovered import UNCOVERED

from otel_middleware import InferredRoutes, TenantFromHeader, Tenants, set_route

THREADS, REQUESTS = 8, 150
STATUSES = (200, 404, 500)


@pytest.fixture
def often_switching():
    """Threads take turns as often as the interpreter can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def applications(protocol):
    """An application that answers by its path; ``/named/...`` names itself."""

    def status_of(path):
        if path.startswith("/named/"):
            set_route(f"/named/{path.split('/')[2]}/{{number}}")
        if path.startswith("/raises/"):
            raise LookupError(path)
        return STATUSES[int(path.rpartition("/")[2]) % 3]

    async def asgi_app(scope, receive, send):
        status = status_of(scope["path"])
        await asyncio.sleep(0)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": scope["path"].encode()})

    def wsgi_app(environ, start_response):
        start_response(f"{status_of(environ['PATH_INFO'])} Status", [])
        return iter([environ["PATH_INFO"].encode()])

    return asgi_app if protocol.name == "asgi" else wsgi_app


@pytest.mark.usefixtures("often_switching")
def test_threads_do_not_mix_requests(protocol):
    """Each span has its own path, tenant, name, status and error; as many as were asked; metrics count the same."""
    spans, reader = InMemorySpanExporter(), InMemoryMetricReader()
    tracer_provider = TracerProvider(shutdown_on_exit=False)
    tracer_provider.add_span_processor(SimpleSpanProcessor(spans))
    app = protocol.module.instrument(
        applications(protocol),
        routes=InferredRoutes(),
        tenant=Tenants(TenantFromHeader("x-tenant-id"), on_metrics=True),
        tracer_provider=tracer_provider,
        meter_provider=MeterProvider([reader], shutdown_on_exit=False),
    )
    answers = Counter()
    start = threading.Barrier(THREADS)

    def ask(thread):
        mine = Counter()
        start.wait(DEADLINE)
        for number in range(REQUESTS):
            kind = ("named", "orders", "raises")[number % 3]
            path = f"/{kind}/{thread}/{number}"
            answer = protocol.get(app, path, headers=[("x-tenant-id", f"tenant-{thread}")])
            own = (kind == "raises" and isinstance(answer.error, LookupError)) or answer.body == path.encode()
            mine[own] += 1
        answers.update(mine)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)

    assert answers == {True: THREADS * REQUESTS}
    finished = spans.get_finished_spans()
    assert len({span.attributes["url.path"] for span in finished}) == len(finished) == THREADS * REQUESTS
    for span in finished:
        _, kind, thread, number = span.attributes["url.path"].split("/")
        assert span.attributes["tenant.id"] == f"tenant-{thread}"
        assert span.parent is None
        if kind == "named":
            assert span.name == f"GET /named/{thread}/{{number}}"
        raises = kind == "raises"
        assert span.attributes["http.response.status_code"] == (500 if raises else STATUSES[int(number) % 3])
        assert (span.attributes.get("error.type") == "LookupError") is raises
    points = {point.attributes["tenant.id"]: 0 for point in durations(reader)}
    for point in durations(reader):
        points[point.attributes["tenant.id"]] += point.count
    assert points == {f"tenant-{thread}": REQUESTS for thread in range(THREADS)}


def durations(reader):
    """Points of the duration metric."""
    return [
        point
        for resource in reader.get_metrics_data().resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
        if metric.name == "http.server.request.duration"
        for point in metric.data.data_points
    ]


FORKING = """
import itertools, os, sys, threading, warnings
warnings.simplefilter("ignore")
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.metrics import NoOpMeterProvider
from otel_middleware import InferredRoutes, TenantFromHeader, Tenants
from otel_middleware.wsgi import instrument

def bare(environ, start_response):
    start_response("200 OK", [])
    return [b"ok"]

app = instrument(
    bare, routes=InferredRoutes(), tenant=Tenants(TenantFromHeader("x-tenant-id"), on_metrics=True),
    tracer_provider=TracerProvider(shutdown_on_exit=False), meter_provider=NoOpMeterProvider(),
)
numbers, over = itertools.count(), threading.Event()

def ask():
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": f"/orders/{next(numbers)}/lines", "wsgi.url_scheme": "http",
               "HTTP_X_TENANT_ID": f"t{next(numbers)}"}
    body = app(environ, lambda *_: None)
    assert b"".join(body) == b"ok"
    body.close() if hasattr(body, "close") else None

def keep_asking():
    while not over.is_set():
        ask()

sys.setswitchinterval(1e-5)
threads = [threading.Thread(target=keep_asking) for _ in range(4)]
[thread.start() for thread in threads]
children = []
for _ in range(25):
    child = os.fork()
    if child == 0:
        for _ in range(5):
            ask()
        os._exit(0)
    children.append(child)
statuses = [os.waitpid(child, 0)[1] for child in children]
over.set()
[thread.join() for thread in threads]
print(statuses.count(0), "of", len(statuses))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork_in_the_midst_of_requests_serves():
    """Children that are forked while other threads are inside our layers serve: no lock of ours stays held in them."""
    done = subprocess.run(
        [sys.executable, "-c", FORKING],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
        env=UNCOVERED,
    )

    assert (done.stdout.strip(), done.stderr) == ("25 of 25", "")
