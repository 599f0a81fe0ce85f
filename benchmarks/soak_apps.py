"""What the servers of the soak serve: one application in both protocols, everything on, and what it tells of its process."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import resource
import threading
from importlib import import_module
from pathlib import Path

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricExporter, MetricExportResult, PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from otel_middleware import ErrorStatuses, TenantFromHeader, Tenants, asgi, record_error, wsgi
from otel_middleware._exchange import Exchange

CHUNK, CHUNKS = b"x" * 1_024, 50


class Spans(SpanExporter):
    """Counts what is exported, and drops it."""

    exported = 0

    def export(self, spans):
        Spans.exported += len(spans)
        return SpanExportResult.SUCCESS


class Metrics(MetricExporter):
    """Drops what is exported."""

    def export(self, *_, **__):
        return MetricExportResult.SUCCESS

    def force_flush(self, *_):
        return True

    def shutdown(self, *_, **__):
        """Nothing is held."""


class Lines(logging.Handler):
    """Counts what we or upstream log; the propagator's complaints of a caller's baggage by themselves."""

    said: list = []  # noqa: RUF012 - of the process
    propagators = 0

    def emit(self, record):
        if record.name.startswith("opentelemetry.baggage.propagation"):
            Lines.propagators += 1
        else:
            self.said.append(record.getMessage()[:200])


for _name in ("otel_middleware", "opentelemetry"):
    logging.getLogger(_name).addHandler(Lines())


def exporters():
    """Those that drop, or OTLP's where a collector is named."""
    collector = os.environ.get("SOAK_COLLECTOR")
    if collector is None:
        return Spans(), Metrics()
    folder = "opentelemetry.exporter.otlp.proto.http"
    spans = import_module(f"{folder}.trace_exporter").OTLPSpanExporter(f"{collector}/v1/traces")
    return spans, import_module(f"{folder}.metric_exporter").OTLPMetricExporter(f"{collector}/v1/metrics")


_spans, _metrics = exporters()
tracer_provider = TracerProvider()
tracer_provider.add_span_processor(BatchSpanProcessor(_spans))
meter_provider = MeterProvider([PeriodicExportingMetricReader(_metrics, export_interval_millis=2_000)])


def facts(tasks):
    """What this process holds, as JSON; *tasks* are those of the event loop, but the one that asks."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    told = {
        "resident MB": round(pages * resource.getpagesize() / 1e6, 2),
        "objects": len(gc.get_objects()),
        "exchanges": sum(isinstance(thing, Exchange) for thing in gc.get_objects()),
        "tasks": tasks,
        "threads": threading.active_count(),
        "descriptors": sum(1 for _ in Path("/proc/self/fd").iterdir()),
        "log lines": len(Lines.said),
        "propagator's": Lines.propagators,
        "said": Lines.said[:3],
        "spans": Spans.exported,
    }
    return json.dumps(told).encode()


async def _asgi(scope, receive, send):
    if scope["type"] == "lifespan":
        return
    path = scope["path"]
    if path == "/_facts":
        tracer_provider.force_flush()
        await _answer(send, 200, facts(len(asyncio.all_tasks()) - 1))
    elif path.startswith("/raises/"):
        raise LookupError(path)
    elif path.startswith("/stream/"):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(CHUNKS):
            await send({"type": "http.response.body", "body": CHUNK, "more_body": True})
            await asyncio.sleep(0)
        await send({"type": "http.response.body", "body": b""})
    else:
        if scope["method"] == "POST":
            while (await receive()).get("more_body"):
                pass
        await _answer(send, _status_of(path), b"answered")


async def _answer(send, status, body):
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _wsgi(environ, start_response):
    path = environ["PATH_INFO"]
    if path.startswith("/raises/"):
        raise LookupError(path)
    if path.startswith("/stream/"):
        start_response("200 OK", [])
        return (CHUNK for _ in range(CHUNKS))
    if environ["REQUEST_METHOD"] == "POST":
        environ["wsgi.input"].read()
    if path == "/_facts":
        tracer_provider.force_flush()
    status, body = (200, facts(0)) if path == "/_facts" else (_status_of(path), b"answered")
    start_response(f"{status} Status", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


def _status_of(path):
    if path.startswith("/missing/"):
        return 404
    if path.startswith("/fails/"):
        record_error(ConnectionError("the database is gone"))
        return 503
    return 200


_OPTIONS = {
    "tenant": Tenants(TenantFromHeader("x-tenant-id"), on_metrics=True),
    "errors": ErrorStatuses(from_logs=True),
    "excluded_urls": "^/_facts$",
    "http_capture_headers_server_request": ["user-agent", "x-.*"],
    "tracer_provider": tracer_provider,
    "meter_provider": meter_provider,
}
asgi_app = asgi.instrument(_asgi, **_OPTIONS)
wsgi_app = wsgi.instrument(_wsgi, **_OPTIONS)
