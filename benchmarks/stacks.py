"""What stands around the bare applications: upstream alone, official instrumentors, and this package."""

from __future__ import annotations

from importlib import import_module

from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.metrics.view import DropAggregation, View
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON

from otel_middleware import TenantFromHeader
from otel_middleware.routing.table import RouteTable

__all__ = ["LEAN", "Telemetry", "by_hand", "ours", "upstream"]

LEAN = ["receive", "send"]
"""Upstream's ``exclude_spans``: no span for every message."""

TEMPLATES = ["/orders", "/orders/{order_id}", "/orders/{order_id}/items", "/healthz"]


class Telemetry:
    """Providers of one stack: everything sampled, a span processor that does nothing, a metric reader in memory."""

    def __init__(self, sampler=ALWAYS_ON, processor=None, *, metrics=True, views=()):
        self.tracers = TracerProvider(sampler=sampler, shutdown_on_exit=False)
        self.tracers.add_span_processor(processor or SpanProcessor())
        self.reader = InMemoryMetricReader() if metrics else None
        self.meters = NoOpMeterProvider()
        if metrics:
            self.meters = MeterProvider([self.reader], shutdown_on_exit=False, views=views)

    @property
    def providers(self):
        """The two arguments that every instrumentation takes."""
        return {"tracer_provider": self.tracers, "meter_provider": self.meters}


class Dropping(SpanExporter):
    """Takes spans and does nothing with them."""

    def export(self, spans):  # noqa: ARG002 - the interface's
        """Drop *spans*."""
        return SpanExportResult.SUCCESS


def unsampled():
    """Telemetry that samples nothing; metrics are on."""
    return Telemetry(ALWAYS_OFF)


def batching():
    """Telemetry with the processor that production uses, and an exporter that drops."""
    return Telemetry(processor=BatchSpanProcessor(Dropping(), schedule_delay_millis=3_600_000))


def without_response_sizes():
    """Telemetry that drops what upstream's WSGI middleware does not measure, and this package does."""
    return Telemetry(views=[View(instrument_name="http.server.response.body.size", aggregation=DropAggregation())])


def without_metrics():
    """Telemetry without a meter provider."""
    return Telemetry(metrics=False)


def upstream(protocol, app, telemetry=Telemetry, **options):
    """Wrap *app* in upstream's middleware alone, unmodified."""
    middleware = import_module(f"opentelemetry.instrumentation.{protocol}").OpenTelemetryMiddleware
    return middleware(app, **telemetry().providers, **options)


def ours(protocol, app, telemetry=Telemetry, **options):
    """Wrap *app* in the whole stack: declared routes, a tenant, redaction and outcomes, all on unless *options* say otherwise."""
    instrument = import_module(f"otel_middleware.{protocol}").instrument
    given = {"routes": TEMPLATES, "tenant": TenantFromHeader("x-tenant-id"), **options}
    return instrument(app, **telemetry().providers, **given)


def core(protocol, app, **options):
    """Wrap *app* in this package with every concern left out, but for those in *options*."""
    return ours(protocol, app, **{"routes": RouteTable([], infer=False), "tenant": None, "sanitizer": None, **options})


def by_hand(protocol, app, *layers, **options):
    """Wrap *app* in the named classes, innermost first, around an upstream middleware built by hand."""
    classes = import_module(f"otel_middleware.{protocol}")
    inner = {
        "route": lambda app: classes.RouteTemplateMiddleware(app, TEMPLATES),
        "status": classes.ErrorStatusMiddleware,
        "tenant": lambda app: classes.TenantMiddleware(app, TenantFromHeader("x-tenant-id")),
    }
    for layer in layers:
        app = inner[layer](app) if layer in inner else app
    app = upstream(protocol, app, **options)
    return classes.SanitizationMiddleware(app) if "sanitization" in layers else app
