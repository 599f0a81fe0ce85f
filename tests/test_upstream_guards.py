"""Every detail of upstream that is relied on (``otel_middleware._upstream``) is checked here: a new release fails loudly."""

from __future__ import annotations

import asyncio
import inspect
import os
import subprocess
import sys

import pytest
from harness import Described
from opentelemetry.instrumentation import asgi as upstream_asgi
from opentelemetry.instrumentation import wsgi as upstream_wsgi
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, TracerProvider, use_span

from otel_middleware import _upstream
from otel_middleware._seams import MeterSeam

UPSTREAM = {"asgi": upstream_asgi.OpenTelemetryMiddleware, "wsgi": upstream_wsgi.OpenTelemetryMiddleware}


class RecordingTracers(TracerProvider):
    """Notes each start_span, and gives a span on which nothing may be written."""

    def __init__(self):
        self.started = []

    def get_tracer(self, *args, **kwargs):
        return self

    def start_span(self, *args, **kwargs):
        self.started.append((args, kwargs))
        return NonRecordingSpan(SpanContext(7, 9, is_remote=False))


def run_upstream(protocol, tracers, meters, described=None):
    app = UPSTREAM[protocol.name](
        protocol.build(described or Described()), tracer_provider=tracers, meter_provider=meters
    )
    with use_span(NonRecordingSpan(SpanContext(1, 1, is_remote=False))):
        return protocol.get(app, "/orders/7", headers=[("content-length", "3")])


def test_constructors_take_providers(protocol):
    """``tracer_provider`` and ``meter_provider`` are constructor arguments."""
    parameters = inspect.signature(UPSTREAM[protocol.name]).parameters
    assert {"tracer_provider", "meter_provider"} <= set(parameters)


def test_one_start_span_by_keyword_before_the_application(protocol):
    """One ``start_span(name=..., attributes=...)`` a request, by keyword, before the application, INTERNAL under a span."""
    tracers = RecordingTracers()
    before = []
    if protocol.name == "asgi":
        app = upstream_asgi.OpenTelemetryMiddleware(
            protocol.build(Described(inside=lambda _: before.append(len(tracers.started)))),
            tracer_provider=tracers,
            exclude_spans=["receive", "send"],
        )
    else:
        app = upstream_wsgi.OpenTelemetryMiddleware(
            protocol.build(Described(inside=lambda _: before.append(len(tracers.started)))), tracer_provider=tracers
        )
    with use_span(NonRecordingSpan(SpanContext(1, 1, is_remote=False))):
        protocol.get(app, "/orders/7")

    ((args, kwargs),) = tracers.started
    assert before == [1]
    assert args == ()
    assert {"name", "context", "kind", "attributes"} <= set(kwargs)
    assert kwargs["kind"] is SpanKind.INTERNAL
    assert type(kwargs["attributes"]) is dict


def test_application_is_called_within_upstreams_call(protocol):
    """Upstream's middleware runs to its end without waiting when its application does not wait."""
    called = []
    if protocol.name == "asgi":

        async def app(scope, receive, send):
            called.append(scope)

        middleware = upstream_asgi.OpenTelemetryMiddleware(app, meter_provider=NoOpMeterProvider())
        with pytest.raises(StopIteration):
            middleware(protocol.request(), asyncio.sleep, asyncio.sleep).send(None)
    else:

        def app(environ, start_response):
            called.append(environ)
            return ()

        upstream_wsgi.OpenTelemetryMiddleware(app, meter_provider=NoOpMeterProvider())(protocol.request(), print)
    assert len(called) == 1


def test_instruments_and_attributes(protocol, telemetry):
    """Names and units of the instruments, and one fresh ``dict`` of attributes a record."""
    seam = MeterSeam(telemetry.meter_provider)
    run_upstream(protocol, RecordingTracers(), seam)

    durations = {_upstream.DURATION_NEW}
    sizes = {_upstream.REQUEST_SIZES[_upstream.DURATION_NEW], _upstream.RESPONSE_SIZES[_upstream.DURATION_NEW]}
    assert set(seam.histograms) == (durations | sizes if protocol.name == "asgi" else durations)
    assert telemetry.points(_upstream.ACTIVE_REQUESTS)


def test_application_is_assignable(protocol):
    """For ``SanitizationMiddleware`` alone: ``.app`` or ``.wsgi`` holds the application, and what is put there is called."""
    name = {"asgi": "app", "wsgi": "wsgi"}[protocol.name]
    middleware = UPSTREAM[protocol.name](protocol.build(Described(status=200)))
    setattr(middleware, name, protocol.build(Described(status=418)))

    assert protocol.get(middleware, "/").status == 418


CHOICES = {
    # environment, construct upstream before us: the metric that is there
    "unset": (None, False, "http.server.request.duration"),
    "http": ("http", False, "http.server.request.duration"),
    "default": ("default", False, "http.server.duration"),
    "late": (None, True, "http.server.duration"),
}


@pytest.mark.parametrize("case", CHOICES)
def test_stable_conventions_are_chosen_once(case):
    """Unset means stable, what the user sets is obeyed, and coming too late is said once."""
    opt_in, late, metric = CHOICES[case]
    environment = {key: value for key, value in os.environ.items() if key != "OTEL_SEMCONV_STABILITY_OPT_IN"}
    if opt_in:
        environment["OTEL_SEMCONV_STABILITY_OPT_IN"] = opt_in
    code = f"""
import logging; logging.basicConfig()
from opentelemetry.instrumentation.wsgi import OpenTelemetryMiddleware
if {late}: OpenTelemetryMiddleware(None)
from otel_middleware.wsgi import instrument
from otel_middleware.testing import Telemetry
telemetry = Telemetry()
def app(environ, start_response):
    start_response("200 OK", [])
    return []
for _ in range(2):
    instrumented = instrument(app, **telemetry.providers)
instrumented({{"REQUEST_METHOD": "GET", "PATH_INFO": "/"}}, lambda *a: None).close()
print([name for name in ("http.server.duration", "http.server.request.duration") if telemetry.points(name)])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == str([metric])
    assert done.stderr.count("initialised before otel_middleware") == (1 if late else 0)
