"""The corpus put to upstream's own middleware, with ``SanitizationMiddleware`` around it and every header captured."""

from __future__ import annotations

from functools import cache

import pytest
from bench import MODULES, Said
from corpus import THEMES
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware as AsgiUpstream
from opentelemetry.instrumentation.wsgi import OpenTelemetryMiddleware as WsgiUpstream
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import SpanKind
from sides import APPLICATIONS, is_a_request, serve
from valid import problems_of_attributes

UPSTREAM = {"asgi": AsgiUpstream, "wsgi": WsgiUpstream}
CAPTURE = "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST"
TOO_MANY = ("127 headers", "200 headers", "2,000 headers", "500 times")
"""Upstream captures as many headers as there are, and the SDK forgets a span's first attributes for them."""


@cache
def stack(protocol):
    exporter, tracers = InMemorySpanExporter(), TracerProvider(ALWAYS_ON)
    tracers.add_span_processor(SimpleSpanProcessor(exporter))
    upstream = UPSTREAM[protocol](
        APPLICATIONS[protocol]["echoing"], tracer_provider=tracers, meter_provider=MeterProvider()
    )
    return MODULES[protocol].SanitizationMiddleware(upstream), exporter


_OF_BODIES = ("sized", "closed by its server")


def essence(served):
    """What reaches the client: upstream itself takes the length away from WSGI bodies."""
    return [event for event in served.events if not (isinstance(event, tuple) and event[0] in _OF_BODIES)], served.error


def problems_of(entry):
    app, exporter = stack(entry.protocol)
    exporter.clear()
    with Said() as said:
        served = serve(entry.protocol, app, entry.carrier())
    expected = serve(entry.protocol, APPLICATIONS[entry.protocol]["echoing"], entry.carrier())
    spans = [span for span in exporter.get_finished_spans() if span.kind is SpanKind.SERVER]
    if essence(served) != essence(expected):
        said.lines.append(f"answered {served!r} in place of {expected!r}")
    if len(spans) != is_a_request(entry.carrier(), entry.protocol):
        said.lines.append(f"{len(spans)} spans")
    return said.lines + [problem for span in spans for problem in problems_of_attributes(span.attributes)]


@pytest.mark.parametrize("theme", THEMES)
def test_the_hostile_are_served_by_hand(theme, monkeypatch):
    """Answered as without us, one span, and neither a control character nor an odd type on it."""
    monkeypatch.setenv(CAPTURE, ".*")
    entries = [entry for entry in THEMES[theme] if not any(many in entry.name for many in TOO_MANY)]
    found = {f"{entry.protocol}: {entry.name}": problems_of(entry) for entry in entries}

    assert {name: problems for name, problems in found.items() if problems} == {}
