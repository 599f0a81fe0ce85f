"""An upstream release that nobody knows yet breaks no application; one that is known is asked once for each kind of request."""

from __future__ import annotations

import importlib
import logging

import pytest
from harness import Described
from opentelemetry.metrics._internal import _ProxyMeterProvider
from opentelemetry.trace import INVALID_SPAN

from otel_middleware import _guard
from otel_middleware._seams import TracerSeam
from otel_middleware.testing import Telemetry


def stack_of(protocol):
    return importlib.import_module(f"otel_middleware.{protocol.name}.stack")


def renamed(upstream):
    """A release that takes other arguments."""

    class Renamed(upstream):
        def __init__(self, app, *, providers=None):
            super().__init__(app)

    return Renamed


def silent(upstream):
    """A release that starts its span elsewhere."""

    class Silent(upstream):
        def __init__(self, app, *, tracer_provider=None, meter_provider=None, **options):
            super().__init__(app, meter_provider=meter_provider, **options)

    return Silent


def pathless(upstream):
    """A release whose span starts without its attributes."""

    class Pathless(upstream):
        def __init__(self, app, *, tracer_provider=None, **options):
            super().__init__(app, tracer_provider=Bare(tracer_provider), **options)

    return Pathless


class Bare:
    """Starts spans without attributes."""

    def __init__(self, provider):
        self.provider = provider

    def get_tracer(self, *args, **kwargs):
        tracer = self.provider.get_tracer(*args, **kwargs)
        tracer.start_span, start = self.start_span, tracer.start_span
        self.start = start
        return tracer

    def start_span(self, name, *args, attributes=None, **kwargs):
        return self.start(name, *args, **kwargs)


def unmeasured(upstream):
    """A release that records under other names."""

    class Unmeasured(upstream):
        def __init__(self, app, *, meter_provider=None, **options):
            super().__init__(app, **options)

    return Unmeasured


def raising(upstream):
    """A release that fails on its first request."""

    class Raising(upstream):
        def __call__(self, *args):
            raise LookupError("another protocol")

    return Raising


@pytest.mark.parametrize("release", [renamed, silent, pathless, unmeasured, raising])
def test_an_unknown_upstream_serves_alone_and_that_is_said_once(protocol, release, monkeypatch, caplog):
    """Whatever a new release does otherwise, ``instrument`` gives back upstream's own middleware, with one warning."""
    stack = stack_of(protocol)
    unknown = release(stack.OpenTelemetryMiddleware)
    monkeypatch.setattr(stack, "OpenTelemetryMiddleware", unknown)
    monkeypatch.setattr(_guard, "_said", {})
    telemetry = Telemetry()
    with caplog.at_level(logging.WARNING):
        instrumented = [
            stack.instrument(protocol.build(Described(status=204, chunks=())), routes=["/a"], **telemetry.providers)
            for _ in range(2)
        ]

    assert all(type(app) is unknown for app in instrumented)
    assert [record.getMessage() for record in caplog.records if "served by it alone" in record.getMessage()][1:] == []
    assert any("served by it alone" in record.getMessage() for record in caplog.records)
    if release is not raising:
        assert protocol.get(instrumented[0], "/a").status == 204


def test_trying_out_leaves_no_trace(protocol, telemetry):
    """Building a stack starts no span and records nothing."""
    protocol.module.instrument(protocol.build(Described()), **telemetry.providers)

    assert not telemetry.spans
    assert not telemetry.points("http.server.request.duration")


def counted_asks(protocol, monkeypatch):
    """Count how often upstream is called while requests are served."""
    stack, asked = stack_of(protocol), []
    known = stack.OpenTelemetryMiddleware

    class Counted(known):
        def __call__(self, *args):
            asked.append(args[0])
            return super().__call__(*args)

    monkeypatch.setattr(stack, "OpenTelemetryMiddleware", Counted)
    return asked


AGENT = [("user-agent", "curl/8.5")]


def test_upstream_is_asked_once_for_a_kind_of_request(protocol, telemetry, monkeypatch):
    """The same method, scheme and version again: upstream is not asked, and the report is the same but for path and peer."""
    asked = counted_asks(protocol, monkeypatch)
    app = protocol.module.instrument(protocol.build(Described()), routes=["/orders/{id}"], **telemetry.providers)
    asked.clear()
    for path, query in (("/orders/1", ""), ("/orders/2", "a=b"), ("/orders/2", "a=b")):
        protocol.get(app, path, query=query, headers=AGENT)

    first, second, third = (dict(span.attributes) for span in telemetry.spans)
    assert len(asked) == 1
    assert second == third == {**first, "url.path": "/orders/2", "url.query": "a=b"}
    (point,) = telemetry.points("http.server.request.duration")
    assert point.count == 3
    (active,) = telemetry.points("http.server.active_requests")
    assert active.value == 0


def test_another_kind_of_request_is_asked_about(protocol, telemetry, monkeypatch):
    """Another method, version or user agent, and upstream is asked again; about a method that a client made up, every time."""
    asked = counted_asks(protocol, monkeypatch)
    app = protocol.module.instrument(protocol.build(Described()), **telemetry.providers)
    asked.clear()
    version = {"http_version": "2"} if protocol.name == "asgi" else {"SERVER_PROTOCOL": "HTTP/2"}
    for request in (
        {"headers": AGENT},
        {"headers": AGENT, "method": "POST"},
        {"headers": AGENT, **version},
        {"headers": [("user-agent", "Googlebot/2.1")]},
        {"method": "BREW"},
        {"method": "BREW"},
    ):
        protocol.get(app, "/orders", **request)

    spans = [dict(span.attributes) for span in telemetry.spans]
    assert len(asked) == 6
    assert [span["http.request.method"] for span in spans] == ["GET", "POST", "GET", "GET", "_OTHER", "_OTHER"]
    assert [span["network.protocol.version"] for span in spans][1:3] == ["1.1", "2"]
    upstream = importlib.import_module(f"opentelemetry.instrumentation.{protocol.name}")
    bot = "bot" if hasattr(upstream, "detect_synthetic_user_agent") else None  # 0.50b0 does not tell
    assert [span.get("user_agent.synthetic.type") for span in spans][3:] == [bot, None, None]
    assert [span.get("user_agent.original") for span in spans] == ["curl/8.5"] * 3 + ["Googlebot/2.1", None, None]


def test_a_proposal_of_this_request_alone_is_not_remembered(protocol, telemetry, monkeypatch):
    """Where upstream does not report the path that it was shown, it is asked every time."""
    stack, asked = stack_of(protocol), counted_asks(protocol, monkeypatch)
    app = stack.instrument(protocol.build(Described()), **telemetry.providers)
    asked.clear()
    monkeypatch.setattr("otel_middleware._proposals.names.URL_PATH", "url.of.another.name")
    for _ in range(3):
        protocol.get(app, "/orders")

    assert len(asked) == 3


def test_a_meter_provider_that_is_set_later_measures(protocol):
    """Requests before the global provider is set are not measured, those after it are, although upstream was asked before."""
    telemetry, proxy = Telemetry(), _ProxyMeterProvider()
    app = protocol.module.instrument(
        protocol.build(Described()), tracer_provider=telemetry.tracer_provider, meter_provider=proxy
    )
    protocol.get(app, "/orders")
    proxy.on_set_meter_provider(telemetry.meter_provider)
    protocol.get(app, "/orders")

    (point,) = telemetry.points("http.server.request.duration")
    assert point.count == 1


def test_a_span_of_another_instrumentation_stays_upstreams(protocol):
    """What upstream starts while nobody asks it is its own: the seam passes it through."""
    telemetry = Telemetry()
    span = TracerSeam(telemetry.tracer_provider).get_tracer("any").start_span("own")
    assert span is not INVALID_SPAN
    span.end()
    assert [found.name for found in telemetry.spans] == ["own"]
