"""What needs the SDK: tenants on every signal, sampling by route, spans made safe."""

from __future__ import annotations

import logging
from importlib import import_module

import pytest
from harness import Described
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs import export as log_export
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanContext, Status, StatusCode

from otel_middleware import ConfigurationError, Sanitizer, TenantFromHeader
from otel_middleware.sdk import (
    RouteSampler,
    SanitizingSpanProcessor,
    TenantLogFilter,
    TenantLogProcessor,
    TenantSpanProcessor,
)

ACME = [("x-tenant-id", "acme")]


def test_tenant_is_on_children(protocol, telemetry):
    """With the processor on the provider every span inside the request carries its tenant; outside none does."""
    telemetry.tracer_provider.add_span_processor(TenantSpanProcessor())
    tracer = telemetry.tracer_provider.get_tracer("app")

    def inside(_carrier):
        with tracer.start_as_current_span("child"):
            tracer.start_span("grandchild").end()

    described = Described(inside=inside)
    app = protocol.module.instrument(
        protocol.build(described), tenant=TenantFromHeader(), routes=["/"], **telemetry.providers
    )
    protocol.get(app, "/", headers=ACME)
    tracer.start_span("outside").end()

    tenants = {span.name: span.attributes.get("tenant.id") for span in telemetry.spans}
    assert tenants == {"grandchild": "acme", "child": "acme", "GET /": "acme", "outside": None}


def sdk_record(body):
    """A log record of the SDK, whose class moved to the API in 1.37."""
    module = "opentelemetry._logs" if hasattr(log_export, "InMemoryLogRecordExporter") else "opentelemetry.sdk._logs"
    return import_module(module).LogRecord(body=body)


def test_tenant_is_on_log_records(protocol, telemetry):
    """SDK log records and the standard library's carry the tenant of their request."""
    memory = getattr(log_export, "InMemoryLogRecordExporter", None) or log_export.InMemoryLogExporter  # before 1.38
    exporter = memory()
    provider = LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(TenantLogProcessor())
    provider.add_log_record_processor(log_export.SimpleLogRecordProcessor(exporter))
    logger = provider.get_logger("app")
    seen = []

    def inside(_carrier):
        logger.emit(sdk_record("sold"))
        record = logging.LogRecord("app", logging.INFO, __file__, 1, "sold", (), None)
        assert TenantLogFilter().filter(record)
        seen.append(record.tenant_id)

    described = Described(inside=inside)
    app = protocol.module.instrument(
        protocol.build(described), tenant=TenantFromHeader(), routes=["/"], **telemetry.providers
    )
    protocol.get(app, "/", headers=ACME)
    inside(None)

    tenants = [data.log_record.attributes.get("tenant.id") for data in exporter.get_finished_logs()]
    assert tenants == ["acme", None]
    assert seen == ["acme", ""]


@pytest.mark.parametrize(
    ("path", "headers", "recorded"),
    [
        ("/healthz", [], False),  # ratio 0
        ("/healthz", [("traceparent", f"00-{7:032x}-{7:016x}-01")], False),  # a listed route outranks the caller's flag
        ("/checkout/7", [], True),  # ratio 1
        ("/checkout/7", [("traceparent", f"00-{7:032x}-{7:016x}-00")], True),  # the same
        ("/other", [], False),  # the default
        ("/other", [("traceparent", f"00-{7:032x}-{7:016x}-01")], True),  # the default is parent-based
    ],
)
def test_sampler_decides_by_route(protocol, path, headers, recorded):
    """Declared templates decide at span start; children follow; unsampled requests are measured all the same."""
    exporter = InMemorySpanExporter()
    sampler = RouteSampler({"/healthz": 0, "/checkout/{id}": 1.0}, default=0.0)
    provider = TracerProvider(sampler=sampler)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    described = Described(inside=lambda _: provider.get_tracer("app").start_span("child").end())
    app = protocol.module.instrument(
        protocol.build(described), routes=["/healthz", "/checkout/{id}", "/other"], tracer_provider=provider
    )
    protocol.get(app, path, headers=headers)

    assert len(exporter.get_finished_spans()) == (2 if recorded else 0)


def test_sampler_matches_its_own_routes(protocol):
    """Where the span names no template the sampler's own table does; a framework's is not known in time."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(sampler=RouteSampler({"/items/{id}": 0}, routes=["/items/{id}"]))
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    app = protocol.module.instrument(protocol.build(Described(status=404)), tracer_provider=provider)
    for path in ("/items/7", "/other"):
        protocol.get(app, path)

    assert [span.attributes["url.path"] for span in exporter.get_finished_spans()] == ["/other"]


@pytest.mark.parametrize("declared", [True, False])
def test_sampler_tells_methods_apart(protocol, declared):
    """An entry with methods, as a table spells it, is of these alone, and comes before the template's own."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(sampler=RouteSampler({"/items/{id}": 1.0, "GET,DELETE /items/{id}": 0}, default=1.0))
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    app = protocol.module.instrument(
        protocol.build(Described()), routes=["/items/{id}"] if declared else None, tracer_provider=provider
    )
    for method in ("GET", "POST", "DELETE"):
        protocol.get(app, "/items/7", method=method)

    assert [span.attributes["http.request.method"] for span in exporter.get_finished_spans()] == ["POST"]


def test_sampler_checks_its_settings():
    """Every malformed template and wrong ratio, a wrong table and a wrong default are said at once."""
    with pytest.raises(ConfigurationError) as caught:
        RouteSampler({"/a": 2, "/b": "x", 3: 1, "orders/{id}": 1, "/c/{": 0}, routes=["/{"], default="all")

    assert len(caught.value.problems) == 7
    assert "ratios: 'orders/{id}': it has no leading slash" in caught.value.problems
    assert "RouteSampler{/a=AlwaysOffSampler" in RouteSampler({"/a": 0}).get_description()


SECRET = "s3cr3t"


def leaking_span(provider):
    tracer = provider.get_tracer("app")
    link = Link(SpanContext(7, 7, is_remote=True), {"token": SECRET})
    span = tracer.start_span(f"GET /x?token={SECRET}", links=[link])
    span.set_attributes(
        {
            "url.full": f"https://user:{SECRET}@x.example/?sig={SECRET}",
            "url.query": f"a=1&token={SECRET}",
            "user.password": SECRET,
            "http.request.header.authorization": [f"Basic {SECRET}"],
            "code.function.name": "checkout",
            "order.id": 7,
            "note": f"password={SECRET}",
        }
    )
    span.add_event("said", {"body": f'{{"token": "{SECRET}"}}'})
    span.set_status(Status(StatusCode.ERROR, f"token={SECRET}"))
    span.end()
    return span


@pytest.mark.parametrize("around", [True, False], ids=["around", "before"])
@pytest.mark.parametrize("kind", [SimpleSpanProcessor, BatchSpanProcessor])
def test_application_spans_are_made_safe(around, kind):
    """No planted secret reaches the exporter, whichever processor exports; the application's span is not changed."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    if around:
        provider.add_span_processor(SanitizingSpanProcessor(kind(exporter)))
    else:
        provider.add_span_processor(SanitizingSpanProcessor())
        provider.add_span_processor(kind(exporter))
    own = leaking_span(provider)
    provider.force_flush()

    (span,) = exporter.get_finished_spans()
    assert SECRET not in span.to_json()
    assert span.attributes["code.function.name"] == "checkout"
    assert span.attributes["order.id"] == 7
    assert span.attributes["url.query"] == "a=1&token=REDACTED"
    assert (span.context, span.start_time, span.end_time) == (own.context, own.start_time, own.end_time)
    assert own.attributes["user.password"] == SECRET
    provider.shutdown()


class Broken(Sanitizer):
    """A sanitizer with a bug."""

    def text(self, text):
        raise RuntimeError("bug")


def test_broken_sanitizer_lets_nothing_out():
    """An error inside keeps the span's identity and drops what it says."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SanitizingSpanProcessor(SimpleSpanProcessor(exporter), Broken()))
    leaking_span(provider)

    (span,) = exporter.get_finished_spans()
    assert (span.name, dict(span.attributes), span.events) == ("REDACTED", {}, ())
    assert span.status.status_code is StatusCode.ERROR


def test_processor_checks_its_settings():
    """A wrong processor and a wrong sanitizer are said at once; a sanitizer alone may come first."""
    with pytest.raises(ConfigurationError) as caught:
        SanitizingSpanProcessor("batch", "all")

    assert len(caught.value.problems) == 2
    assert SanitizingSpanProcessor(Sanitizer()).force_flush()


@pytest.mark.parametrize("routes", [None, ["/other"]])
def test_sampler_matches_the_listed_templates(protocol, routes):
    """A listed route is decided on also where nobody has declared it and nothing is learned yet, from the first request on."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(sampler=RouteSampler({"/healthz": 0, "/orders/{id}": 0}, routes=routes))
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    app = protocol.module.instrument(protocol.build(Described()), tracer_provider=provider)
    for path in ("/healthz", "/orders/4815", "/other", "/orders/4816", "/healthz"):
        protocol.get(app, path)

    assert [span.attributes["url.path"] for span in exporter.get_finished_spans()] == ["/other"]
