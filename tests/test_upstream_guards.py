"""Every detail of upstream that is relied on (``otel_middleware._upstream``) is checked here: a new release fails loudly."""

from __future__ import annotations

import asyncio
import inspect
import os
import subprocess
import sys

import pytest
from harness import Described
from opentelemetry import baggage, propagate
from opentelemetry.context import Context, attach, detach, set_value
from opentelemetry.instrumentation import asgi as upstream_asgi
from opentelemetry.instrumentation import wsgi as upstream_wsgi
from opentelemetry.instrumentation.instrumentor import BaseInstrumentor
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.propagators.textmap import TextMapPropagator
from opentelemetry.sdk.trace import SpanLimits, SpanProcessor
from opentelemetry.sdk.trace import TracerProvider as SdkTracerProvider
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    StatusCode,
    TracerProvider,
    get_current_span,
    use_span,
)

from otel_middleware import _upstream
from otel_middleware._baggage import TenantBaggage
from otel_middleware._seams import ASKING, MeterSeam

UPSTREAM = {"asgi": upstream_asgi.OpenTelemetryMiddleware, "wsgi": upstream_wsgi.OpenTelemetryMiddleware}


class UnrecordedSpan(NonRecordingSpan):
    """Notes what is written on it."""

    def __init__(self, context):
        super().__init__(context)
        self.written = []

    def set_attributes(self, attributes):
        self.written.append("set_attributes")

    def set_attribute(self, key, value):
        self.written.append("set_attribute")

    def add_event(self, name, attributes=None, timestamp=None):
        self.written.append("add_event")

    def record_exception(self, exception, attributes=None, timestamp=None, escaped=False):
        self.written.append("record_exception")

    def update_name(self, name):
        self.written.append("update_name")

    def set_status(self, status, description=None):
        self.written.append("set_status")


class RecordingTracers(TracerProvider):
    """Notes each start_span, and gives a span on which nothing may be written."""

    def __init__(self):
        self.started = []
        self.span = UnrecordedSpan(SpanContext(7, 9, is_remote=False))

    def get_tracer(self, *args, **kwargs):
        return self

    def start_span(self, *args, **kwargs):
        self.started.append((args, kwargs))
        return self.span


def upstream(protocol, tracers, meters, described=None):
    options = {"exclude_spans": ["receive", "send"]} if protocol.name == "asgi" else {}
    app = protocol.build(described or Described())
    return UPSTREAM[protocol.name](app, tracer_provider=tracers, meter_provider=meters, **options)


def run_upstream(protocol, tracers, meters, described=None):
    app = upstream(protocol, tracers, meters, described)
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
    described = Described(inside=lambda _: before.append(len(tracers.started)))
    app = upstream(protocol, tracers, NoOpMeterProvider(), described)
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


class NotingPropagator(TextMapPropagator):
    """Notes each carrier that it is to extract from."""

    fields = frozenset({"traceparent"})

    def __init__(self):
        self.carriers = []

    def extract(self, carrier, context=None, getter=None):
        self.carriers.append(carrier)
        return Context() if context is None else context

    def inject(self, carrier, context=None, setter=None):
        pass


def test_nothing_is_extracted_under_a_span(protocol):
    """Upstream extracts where no span is current, and under one neither extracts nor leaves that span's context."""
    tracers, noting, usual = RecordingTracers(), NotingPropagator(), propagate.get_global_textmap()
    propagate.set_global_textmap(noting)
    try:
        run_upstream(protocol, tracers, NoOpMeterProvider())
        assert noting.carriers == []
        protocol.get(upstream(protocol, tracers, NoOpMeterProvider()))
        assert len(noting.carriers) == 1
    finally:
        propagate.set_global_textmap(usual)

    (_, inside), _ = tracers.started
    assert get_current_span(inside["context"]).get_span_context().trace_id == 1


@pytest.mark.parametrize(
    ("described", "written"),
    [
        (Described(status=200), []),
        (Described(status=500), []),
        (Described(raises_before=LookupError("tok_secret")), ["set_status"]),
    ],
    ids=["answered", "failed", "raised"],
)
def test_what_is_not_recorded_is_not_written(protocol, described, written):
    """A span that is not recording is asked for nothing and written nothing, but the status of an exception by WSGI's."""
    tracers = RecordingTracers()
    answer = run_upstream(protocol, tracers, NoOpMeterProvider(), described)

    assert answer.error is described.raises_before
    assert len(tracers.started) == 1
    assert tracers.span.written == (written if protocol.name == "wsgi" else [])


def proposed(protocol, telemetry, **request):
    """What upstream proposes for a request to a stack that asks it for the first time: of span, records, active requests."""
    stack = protocol.module.instrument(protocol.build(Described()), **telemetry.providers)
    ask, proposals = stack.plan.upstream, []

    def noting(shadow):
        ask(shadow)
        proposals.append(ASKING.get())

    stack.plan.upstream = noting
    protocol.get(stack, **request)
    (proposal,) = proposals
    records = [(name, dict(attributes)) for name, _histogram, _amount, attributes in proposal.records]
    return dict(proposal.attributes), records, dict(proposal.active[1])


OTHERS = {
    # another peer, server and Host, root path and body
    "asgi": {"client": ("203.0.113.9", 1), "server": ("10.0.0.1", 9), "extensions": {"tls": {}}, "state": {"a": 1}},
    "wsgi": {"REMOTE_ADDR": "203.0.113.9", "SERVER_NAME": "other.example", "SERVER_PORT": "9", "wsgi.run_once": True},
}


@pytest.mark.parametrize("kind", [{}, {"method": "POST"}, {"method": "PROPFIND"}])
def test_stable_proposals_depend_on_the_kind_alone(protocol, telemetry, kind):
    """Requests of one method, scheme and version are proposed alike, but for ``url.path`` and ``user_agent.*``."""
    (attributes, records, active), (others, other_records, other_active) = (
        proposed(protocol, telemetry, path="/a", headers=[("user-agent", "one/1")], **kind),
        proposed(
            protocol,
            telemetry,
            path="/b/c",
            query="page=2",
            root_path="/mounted",
            headers=[("user-agent", "Googlebot"), ("content-length", "3"), ("x-forwarded-for", "198.51.100.1")],
            **OTHERS[protocol.name],
            **kind,
        ),
    )
    own = {name for name in attributes.keys() | others.keys() if name == "url.path" or name.startswith("user_agent.")}

    assert (attributes["url.path"], others["url.path"]) == ("/a", "/mounted/b/c")
    assert {"url.path", "user_agent.original"} <= own
    assert {name: attributes[name] for name in attributes.keys() - own} == {
        name: others[name] for name in others.keys() - own
    }
    assert (records, active) == (other_records, other_active)
    assert {"http.request.method", "url.scheme", "network.protocol.version"} >= set(active).union(
        *(r[1] for r in records)
    )


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


def test_the_apis_meter_provider_keeps_the_real_one():
    """The one that stands in before a provider is set holds nothing, and then the very provider."""
    code = f"""
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
standing_in, real = metrics.get_meter_provider(), MeterProvider(shutdown_on_exit=False)
before = getattr(standing_in, {_upstream.REAL_METER_PROVIDER!r})
metrics.set_meter_provider(real)
print(before, getattr(standing_in, {_upstream.REAL_METER_PROVIDER!r}) is real)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "None True"


def test_baggage_is_any_dictionary_under_one_key():
    """What the API reads and writes is the dictionary that we put in the place of its own, as it is at that moment."""
    ours = TenantBaggage({"given": "1"})
    context = ours.within(baggage.set_baggage("theirs", "0", Context()))
    ours.put("later", "2")

    assert len(context) == 1
    assert dict(baggage.get_all(context)) == {"given": "1", "later": "2"}
    assert baggage.get_baggage("later", context) == "2"
    assert dict(baggage.get_all(baggage.set_baggage("more", "3", context))) == {"given": "1", "later": "2", "more": "3"}
    assert baggage.get_all(baggage.clear(context)) == {}


def test_a_labeler_stands_under_its_key():
    """``get_labeler`` gives the labeler that stands in the context under the key, which tells what it was given."""
    labeler = pytest.importorskip(_upstream.LABELER, reason="this release has no Labeler")
    ours = labeler.Labeler()
    token = attach(set_value(getattr(labeler._internal, _upstream.LABELER_CONTEXT_KEY), ours))
    try:
        labeler.get_labeler().add("plan", "gold")
    finally:
        detach(token)

    assert dict(ours.get_attributes()) == {"plan": "gold"}


INSTRUMENTORS_OF_APPLICATIONS = {
    # what makes an application, the instrumentor
    "fastapi": (lambda fastapi: fastapi.FastAPI(), "FastAPIInstrumentor"),
    "flask": (lambda flask: flask.Flask("shop"), "FlaskInstrumentor"),
    "starlette": (lambda starlette: starlette.applications.Starlette(), "StarletteInstrumentor"),
}


@pytest.mark.parametrize("framework", INSTRUMENTORS_OF_APPLICATIONS)
def test_instrumentors_mark_applications(framework, telemetry):
    """An application that is instrumented says so itself."""
    make, name = INSTRUMENTORS_OF_APPLICATIONS[framework]
    pytest.importorskip("starlette.applications" if framework == "starlette" else framework)
    contrib = pytest.importorskip(f"opentelemetry.instrumentation.{framework}")
    app = make(sys.modules[framework])
    getattr(contrib, name)().instrument_app(app, **telemetry.providers)

    assert vars(app)[_upstream.INSTRUMENTED] is True


@pytest.mark.parametrize("framework", ["Django", "Pyramid"])
def test_instrumentors_of_the_process_mark_their_one_instance(framework):
    """The class keeps the one instance that there is, and this says whether it is on."""
    code = f"""
from opentelemetry.instrumentation.{framework.lower()} import {framework}Instrumentor as Instrumentor
if {framework == "Django"}:
    from django.conf import settings
    settings.configure(MIDDLEWARE=[])
told = [getattr(Instrumentor, {_upstream.ONE_INSTANCE!r})]
instrumentor = Instrumentor()
for switch in (lambda: None, instrumentor.instrument, instrumentor.uninstrument):
    switch()
    told.append(getattr(getattr(Instrumentor, {_upstream.ONE_INSTANCE!r}), {_upstream.INSTRUMENTED!r}))
print(*told)
"""
    pytest.importorskip(framework.lower())
    contrib = pytest.importorskip(f"opentelemetry.instrumentation.{framework.lower()}")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert issubclass(getattr(contrib, f"{framework}Instrumentor"), BaseInstrumentor)
    assert done.stdout.strip() == "None False True False"


class NotingProcessor(SpanProcessor):
    """Keeps what it is given."""

    def __init__(self):
        self.given = []

    def on_end(self, span):
        self.given.append(span)


def test_a_live_span_tells_that_it_has_ended_and_what_it_dropped():
    """``end_time`` is ``None`` until the end, ``dropped_attributes`` 0 until the limit made an attribute go."""
    span = SdkTracerProvider(span_limits=SpanLimits(max_span_attributes=1)).get_tracer("app").start_span("work")
    span.set_attribute("first", 1)
    before = span.end_time, span.dropped_attributes
    span.set_attribute("second", 2)
    dropped = span.dropped_attributes
    span.end()

    assert (before, dropped) == ((None, 0), 1)
    assert span.end_time


def test_processors_are_given_one_snapshot_of_a_span():
    """All are given one object, no object of the application's, and its fields alone make what its properties tell."""
    first, second = NotingProcessor(), NotingProcessor()
    provider = SdkTracerProvider()
    for processor in (first, second):
        provider.add_span_processor(processor)
    tracer = provider.get_tracer("app")
    span, other = tracer.start_span("work"), tracer.start_span("other")
    other.set_attribute("key", "value")
    other.add_event("event")
    other.add_link(span.get_span_context())
    other.set_status(StatusCode.ERROR, "reason")
    for each in (span, other):
        each.end()
    (given, source), told = first.given, ("context", "name", "attributes", "events", "links", "status")

    assert [id(each) for each in first.given] == [id(each) for each in second.given]
    assert given is not span
    assert all(getattr(given, name) != getattr(source, name) for name in told)
    for name in _upstream.SNAPSHOT_FIELDS:
        setattr(given, name, getattr(source, name))
    assert [getattr(given, name) for name in told] == [getattr(source, name) for name in told]
    assert span.name == "work"
