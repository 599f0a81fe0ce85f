"""A collector that is down, slow, hanging or failing is no concern of a request's; when it is back, all is as before."""

from __future__ import annotations

import http.client
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from otlp_stub import DEADLINE, Collector
from servers import uvicorn_serving, waitress_serving

from otel_middleware import asgi, wsgi

spans_by_http = pytest.importorskip("opentelemetry.exporter.otlp.proto.http.trace_exporter")
metrics_by_http = pytest.importorskip("opentelemetry.exporter.otlp.proto.http.metric_exporter")

QUEUE, BATCH = 64, 16
REQUESTS = 200
CLIENTS = 4


async def asgi_app(scope, receive, send):
    if scope["path"].startswith("/raises"):
        raise LookupError
    status = 404 if scope["path"].startswith("/missing") else 200
    await send({"type": "http.response.start", "status": status, "headers": [(b"x-path", scope["path"].encode())]})
    await send({"type": "http.response.body", "body": b"first,", "more_body": True})
    await send({"type": "http.response.body", "body": scope["path"].encode()})


def wsgi_app(environ, start_response):
    path = environ["PATH_INFO"]
    if path.startswith("/raises"):
        raise LookupError
    start_response("404 Not Found" if path.startswith("/missing") else "200 OK", [("x-path", path)])
    return iter([b"first,", path.encode()])


SERVED = {"asgi": (uvicorn_serving, asgi, asgi_app), "wsgi": (waitress_serving, wsgi, wsgi_app)}


@contextmanager
def exporting(port, timeout=1):
    """Providers whose batches go to a collector on *port*: small queues and short delays, as defaults are large ones."""
    endpoint = f"http://127.0.0.1:{port}"
    spans = spans_by_http.OTLPSpanExporter(f"{endpoint}/v1/traces", timeout=timeout)
    metrics = metrics_by_http.OTLPMetricExporter(f"{endpoint}/v1/metrics", timeout=timeout)
    tracer_provider = TracerProvider(shutdown_on_exit=False)
    tracer_provider.add_span_processor(BatchSpanProcessor(spans, QUEUE, 20, BATCH))
    meter_provider = MeterProvider([PeriodicExportingMetricReader(metrics, 50)], shutdown_on_exit=False)
    try:
        yield {"tracer_provider": tracer_provider, "meter_provider": meter_provider}
    finally:
        tracer_provider.shutdown()
        meter_provider.shutdown()


def asked(url, paths):
    """What is answered to *paths*, asked for by several clients at once; a request that waits for an exporter never is."""

    def ask(path):
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=DEADLINE)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.getheader("x-path"), answer.read()
        finally:
            connection.close()

    with ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(ask, paths))


PATHS = [f"/{('orders', 'missing', 'raises', 'orders')[number % 4]}/{number}" for number in range(REQUESTS)]


class Hanging:
    """Accepts and does not answer before it is let go."""

    def __init__(self):
        self.let_go = threading.Event()

    def __call__(self, handler):
        self.let_go.wait(DEADLINE)
        handler.close_connection = True


def unavailable(handler):
    """Answers 503: the exporter tries again, later and later."""
    handler.answer(503)


def cutting(handler):
    """Closes the connection in the place of an answer."""
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


PATIENT = 2 * DEADLINE
"""Seconds that an exporter waits for an answer; a request that waited for it would not be answered in time."""

BEHAVIOURS = {"hanging": Hanging, "503": lambda: unavailable, "cutting": lambda: cutting}


@pytest.mark.parametrize("kind", SERVED)
@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_requests_do_not_wait_for_a_failing_collector(kind, behaviour):
    """While it fails, hundreds of requests are answered as the bare application answers; then new spans and all counts arrive."""
    serving, module, app = SERVED[kind]
    with serving(app) as url:
        bare = asked(url, PATHS)
    with Collector() as collector:
        collector.behave = BEHAVIOURS[behaviour]()
        timeout = PATIENT if behaviour == "hanging" else 1
        with exporting(collector.port, timeout) as providers, serving(module.instrument(app, **providers)) as url:
            assert asked(url, PATHS[:BATCH]) == bare[:BATCH]
            collector.wait_for(lambda told: told.asked)  # an exporter is at it
            assert asked(url, PATHS[BATCH:]) == bare[BATCH:]
            assert collector.spans == []

            failing, collector.behave = collector.behave, None
            if isinstance(failing, Hanging):
                failing.let_go.set()
            recovered(url, collector)

    assert lost_at_most(collector)


@pytest.mark.parametrize("kind", SERVED)
def test_requests_do_not_wait_for_a_collector_that_is_down(kind):
    """Where nothing listens, requests are answered; once somebody does, new spans and all counts arrive there."""
    serving, module, app = SERVED[kind]
    with Collector() as collector:
        port = collector.port
    with exporting(port) as providers, serving(module.instrument(app, **providers)) as url:
        answers = asked(url, PATHS)
        assert [status for status, _, _ in answers[:4]] == [200, 404, 500, 200]
        with Collector(port) as collector:
            recovered(url, collector)

    assert lost_at_most(collector)


@pytest.mark.parametrize("kind", SERVED)
def test_requests_do_not_wait_for_a_slow_collector(kind):
    """Each export is answered only after more requests were: they are no slower for it, and what was answered has arrived."""
    serving, module, app = SERVED[kind]
    more = threading.Semaphore(0)

    def slow(handler):
        more.acquire(timeout=DEADLINE)
        handler.answer(200)

    with Collector() as collector:
        collector.behave = slow
        with exporting(collector.port, PATIENT) as providers, serving(module.instrument(app, **providers)) as url:
            for at in range(0, REQUESTS, 20):
                assert len(asked(url, PATHS[at : at + 20])) == 20
                more.release()
            collector.behave = None
            more.release(REQUESTS)
            recovered(url, collector)


def recovered(url, collector):
    """New requests' spans arrive, all of them, and so do the counts of every request since the start."""
    new = [f"/orders/new-{number}" for number in range(BATCH)]
    asked(url, new)
    collector.wait_for(lambda told: all(told.paths()[path] == 1 for path in new))
    collector.wait_for(lambda told: told.requests_counted() == REQUESTS + len(new))


def lost_at_most(collector):
    """No more was held back than the queue and the batch that was on its way: the rest was dropped, not piled up."""
    old = [path for path in collector.paths() if path in PATHS]
    return len(old) <= QUEUE + 2 * BATCH and set(collector.paths().values()) == {1}
