"""Every signal of one instrumented application: spans, events, SDK logs, stdlib logs, metrics, and what outgoing calls carry."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from urllib.parse import unquote_plus

import pytest
from opentelemetry import propagate, trace
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs import export as log_export

from otel_middleware import bound
from otel_middleware.sdk import TenantLogFilter, TenantLogProcessor, TenantSpanProcessor

IS_NEW = hasattr(log_export, "InMemoryLogRecordExporter")
"""The SDK's records and their exporter had other places and names before 1.38."""

SERVER_METRICS = (
    "http.server.request.duration",
    "http.server.request.body.size",
    "http.server.response.body.size",
)


def sdk_record(body):
    """A log record of the SDK; older ones do not ask for the current span themselves."""
    if IS_NEW:
        return import_module("opentelemetry._logs").LogRecord(body=body)
    trace_id = trace.get_current_span().get_span_context().trace_id
    return import_module("opentelemetry.sdk._logs").LogRecord(body=body, trace_id=trace_id)


class Records(logging.Handler):
    """A handler of the standard library, with the filter on it."""

    def __init__(self):
        super().__init__()
        self.addFilter(TenantLogFilter())
        self.records = []

    def emit(self, record):
        self.records.append((record.getMessage(), record.tenant_id))


class Signals:
    """Providers with our processors, and an application's doings that leave a mark on each signal."""

    def __init__(self, telemetry):
        self.telemetry = telemetry
        telemetry.tracer_provider.add_span_processor(TenantSpanProcessor())
        self.tracer = telemetry.tracer_provider.get_tracer("app")
        self.exporter = (log_export.InMemoryLogRecordExporter if IS_NEW else log_export.InMemoryLogExporter)()
        self.logs = LoggerProvider(shutdown_on_exit=False)
        self.logs.add_log_record_processor(TenantLogProcessor())
        self.logs.add_log_record_processor(log_export.SimpleLogRecordProcessor(self.exporter))
        self.handler = Records()
        self.logger = logging.Logger("app")  # noqa: LOG001 - of this test alone
        self.logger.addHandler(self.handler)
        self.outgoing = []

    def leave(self, mark):
        """A child span, an SDK log, a stdlib log and an outgoing call, all named *mark*."""
        with self.tracer.start_as_current_span(mark):
            self.logs.get_logger("app").emit(sdk_record(mark))
            self.logger.warning(mark)
            headers = {}
            propagate.inject(headers)
            self.outgoing.append((mark, headers.get("baggage")))

    def tenants(self, mark, attribute="tenant.id"):
        """What *mark* was tagged with, by signal."""
        (span,) = [span for span in self.telemetry.spans if span.name == mark]
        (log,) = [data.log_record for data in self.exporter.get_finished_logs() if data.log_record.body == mark]
        (record,) = [tenant for message, tenant in self.handler.records if message == mark]
        return span.attributes.get(attribute), log.attributes.get(attribute), record

    def carried(self, mark):
        """The baggage of the outgoing call, decoded."""
        (header,) = [header for name, header in self.outgoing if name == mark]
        return {} if header is None else dict(unquote_plus(pair).split("=", 1) for pair in header.split(","))

    def everything(self):
        """All that was reported, as text, for a leak search."""
        points = [point.attributes for name in SERVER_METRICS for point in self.telemetry.points(name)]
        records = [data.log_record for data in self.exporter.get_finished_logs()]
        logs = [f"{record.body} {dict(record.attributes)}" for record in records]
        return "\n".join(
            [span.to_json() for span in self.telemetry.spans]
            + logs
            + [repr(part) for part in (self.handler.records, self.outgoing, [dict(point) for point in points])]
        )


@pytest.fixture
def signals(telemetry):
    """Signals around the fixture ``telemetry``."""
    return Signals(telemetry)


def everywhere(protocol, signals, before=lambda: None):
    """An application that leaves marks ``here``, ``thread`` and ``later``: a task over ASGI, the body's iteration over WSGI."""

    def begun():
        before()
        signals.leave("here")
        with ThreadPoolExecutor(1) as pool:
            pool.submit(bound(signals.leave), "thread").result()

    async def asgi(scope, receive, send):
        begun()

        async def task():
            await asyncio.sleep(0)
            signals.leave("later")

        await asyncio.create_task(task())
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})

    def wsgi(environ, start_response):
        begun()
        start_response("200 OK", [])
        return body()

    def body():
        signals.leave("later")
        yield b"ok"

    return asgi if protocol.name == "asgi" else wsgi
