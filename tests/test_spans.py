"""One line gives a bare application correct spans and metrics."""

from __future__ import annotations

import pytest
from harness import Described
from opentelemetry import trace
from opentelemetry.propagate import get_global_textmap, set_global_textmap
from opentelemetry.sdk.trace import Span, SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from otel_middleware import InferredRoutes, TenantFromHeader, record_error, server_span, set_route, set_tenant

REQUIRED = {"http.request.method": "GET", "url.path": "/orders/7", "url.scheme": "http"}
CONDITIONALLY_REQUIRED = {
    "http.response.status_code": 200,
    "http.route": "/orders/{order_id}",
    "server.port": 8080,
    "url.query": "expand=items",
}
RECOMMENDED = {
    "client.address": "192.0.2.7",
    "network.peer.address": "192.0.2.7",
    "network.peer.port": 50312,
    "network.protocol.version": "1.1",
    "server.address": "shop.example",
    "user_agent.original": "curl/8",
}
TRACEPARENT = ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")


def instrumented(protocol, telemetry, described=None, **options):
    return protocol.module.instrument(protocol.build(described or Described()), **telemetry.providers, **options)


def test_span_has_every_attribute_of_the_conventions(protocol, telemetry):
    """Name, kind and every required, conditionally required and recommended attribute are there."""
    app = instrumented(protocol, telemetry, routes=["/orders/{order_id}"])
    protocol.get(app, "/orders/7", query="expand=items", headers=[("user-agent", "curl/8")])

    span = telemetry.request(route="/orders/{order_id}")
    expected = REQUIRED | CONDITIONALLY_REQUIRED | RECOMMENDED
    assert expected == {key: span.attributes.get(key) for key in expected}
    assert span.name == "GET /orders/{order_id}"
    assert span.kind is SpanKind.SERVER
    assert span.attributes["otel_middleware.route.source"] == "declared"


@pytest.mark.parametrize("status", [200, 204, 301, 404, 422, 500, 503])
def test_status_decides_what_an_error_is(protocol, telemetry, status):
    """5xx is ERROR without a description and with the status as error.type; nothing else is an error."""
    described = Described(status=status, headers=(), chunks=(b"x",) if status != 204 else ())
    protocol.get(instrumented(protocol, telemetry, described), "/")

    span = telemetry.request(status=status)
    is_error = status >= 500
    assert (span.status.status_code is StatusCode.ERROR) == is_error
    assert span.status.description is None
    assert span.attributes.get("error.type") == (str(status) if is_error else None)
    assert span.attributes.get("otel_middleware.outcome") == ("failed" if is_error else None)


class OutOfStock(Exception):
    """Raised by the application under test."""


@pytest.mark.parametrize(
    ("when", "status", "description"),
    [("raises_before", 500, "OutOfStock: token=REDACTED"), ("raises_after_start", 200, None)],
)
def test_exception_passes_and_is_reported(protocol, telemetry, when, status, description):
    """The very same exception reaches the server; span and metric say what it was, without its secret."""
    error = OutOfStock("token=s3cr3t")
    described = Described(headers=(), **{when: error})
    answer = protocol.get(instrumented(protocol, telemetry, described, routes=["/x"]), "/x")

    span = telemetry.request(route="/x")
    assert answer.error is error
    assert span.attributes["http.response.status_code"] == status
    assert span.attributes["error.type"] == "test_spans.OutOfStock"
    assert span.attributes["otel_middleware.outcome"] == "failed"
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, description)
    (event,) = span.events
    assert event.attributes["exception.type"] == "test_spans.OutOfStock"
    assert event.attributes["exception.message"] == "token=REDACTED"
    assert "s3cr3t" not in event.attributes["exception.stacktrace"]
    point = telemetry.metric("http.server.request.duration", error_type="test_spans.OutOfStock")
    assert (point.attributes["http.response.status_code"], point.attributes["http.route"]) == (status, "/x")


def test_metric_agrees_with_its_span(protocol, telemetry):
    """The duration point has the span's route, status and error.type, and lasts as long to the nanosecond."""
    app = instrumented(protocol, telemetry, Described(status=503), routes=["/orders/{id}"])
    protocol.get(app, "/orders/1")

    span = telemetry.request(route="/orders/{id}")
    point = telemetry.metric("http.server.request.duration")
    agreeing = ("http.route", "http.response.status_code", "error.type", "http.request.method", "url.scheme")
    assert {key: span.attributes[key] for key in agreeing} == {key: point.attributes[key] for key in agreeing}
    assert point.sum == (span.end_time - span.start_time) / 1e9
    assert telemetry.metric("http.server.active_requests").value == 0


def test_request_is_active_while_it_runs(protocol, telemetry):
    """``http.server.active_requests`` counts a request from its start to its end."""
    seen = []
    described = Described(inside=lambda _: seen.append(telemetry.metric("http.server.active_requests").value))
    protocol.get(instrumented(protocol, telemetry, described), "/")

    assert seen == [1]


def test_current_span_is_the_sdks_own(protocol, telemetry):
    """In the application the SERVER span is current and real, its children are children, and nothing stays current."""
    seen = []

    def inside(_carrier):
        seen.append(trace.get_current_span())
        telemetry.tracer_provider.get_tracer("app").start_span("child").end()
        seen.append(server_span())

    protocol.get(instrumented(protocol, telemetry, Described(inside=inside)), "/")

    span = telemetry.request(status=200)
    child = next(span for span in telemetry.spans if span.name == "child")
    assert isinstance(seen[0], Span)
    assert seen[0] is seen[1]
    assert child.parent.span_id == span.context.span_id
    assert trace.get_current_span() is trace.INVALID_SPAN
    assert server_span() is trace.INVALID_SPAN


def test_inbound_trace_context_is_the_parent(protocol, telemetry):
    """The caller's span is the remote parent, in whatever case its header is spelled."""
    protocol.get(instrumented(protocol, telemetry), "/", headers=[TRACEPARENT])

    span = telemetry.request(status=200)
    assert span.parent.is_remote
    assert format(span.context.trace_id, "032x") == TRACEPARENT[1][3:35]
    assert format(span.parent.span_id, "016x") == TRACEPARENT[1][36:52]


def test_application_gets_its_own_request(protocol, telemetry):
    """The very scope or environ that the server made, unchanged but for keys of ours, comes to the application."""
    seen = []
    app = instrumented(protocol, telemetry, Described(inside=lambda carrier: seen.append((carrier, dict(carrier)))))
    carrier = protocol.request(
        path="/a", query="token=s3cr3t&x=%2F", headers=[("authorization", "Bearer s"), TRACEPARENT]
    )
    before = dict(carrier)
    protocol.call(app, carrier)

    ((given, content),) = seen
    assert given is carrier
    assert {key: value for key, value in content.items() if not key.startswith("otel_middleware")} == before


@pytest.mark.parametrize("path", ["/lists/1", "/streams/1"])
def test_answer_is_untouched(protocol, telemetry, path):
    """Status, headers, chunks and their boundaries are the bare application's."""
    chunks = (b"ab", b"", b"c") if path.startswith("/streams") else (b"ok",)
    headers = (("content-type", "text/x"), ("set-cookie", "a=1"), ("set-cookie", "b=2"))
    described = Described(status=201, headers=headers, chunks=chunks)
    bare = protocol.get(protocol.build(described), path)
    answer = protocol.get(instrumented(protocol, telemetry, described), path)

    assert (answer.status, answer.headers, answer.chunks) == (bare.status, bare.headers, bare.chunks)


def test_instrumenting_twice_gives_one_span(protocol, telemetry):
    """An instrumented application in an instrumented application is one SERVER span and one duration point."""
    inner = instrumented(protocol, telemetry)
    protocol.get(protocol.module.instrument(inner, **telemetry.providers), "/")

    assert len(telemetry.spans) == 1
    assert telemetry.metric("http.server.request.duration").count == 1


def test_secrets_in_the_query_stay_here(protocol, telemetry):
    """Listed query values are masked; everything else stays byte for byte, in order."""
    protocol.get(instrumented(protocol, telemetry), "/", query="a=%2F1&access_token=s3&b&sig=x")

    assert telemetry.request().attributes["url.query"] == "a=%2F1&access_token=REDACTED&b&sig=REDACTED"


def test_captured_headers_are_redacted(protocol, telemetry):
    """Captured headers are arrays in upstream's spelling; secret ones are redacted even when nobody asked."""
    app = instrumented(
        protocol,
        telemetry,
        Described(headers=(("set-cookie", "sid=s3cr3t"), ("x-served-by", "a"))),
        http_capture_headers_server_request=[".*"],
        http_capture_headers_server_response=[".*"],
        http_capture_headers_sanitize_fields=["x-mine"],
    )
    protocol.get(app, "/", headers=[("x-tenant-id", "acme"), ("authorization", "Bearer s3cr3t"), ("x-mine", "s3cr3t")])

    attributes = telemetry.request().attributes
    assert attributes["http.request.header.x_tenant_id"] == ("acme",)
    assert attributes["http.request.header.authorization"] == ("[REDACTED]",)
    assert attributes["http.request.header.x_mine"] == ("[REDACTED]",)
    assert attributes["http.response.header.set_cookie"] == ("[REDACTED]",)
    assert attributes["http.response.header.x_served_by"] == ("a",)
    assert "s3cr3t" not in str(dict(attributes))


def test_tenant_is_on_the_span(protocol, telemetry):
    """A tenant policy puts ``tenant.id`` on the span; what does not fit is ``unknown``."""
    app = instrumented(protocol, telemetry, tenant=TenantFromHeader("x-tenant-id"))
    for value in ("acme", "not a tenant"):
        protocol.get(app, "/", headers=[("x-tenant-id", value)])
    protocol.get(app, "/")

    assert [span.attributes["tenant.id"] for span in telemetry.requests] == ["acme", "unknown", "unknown"]


def test_application_has_the_last_word(protocol, telemetry):
    """Route, tenant and error that the application sets inside the request win."""

    def inside(_carrier):
        set_route("/by/{hand}")
        set_tenant("globex")
        record_error(OutOfStock("gone"))

    app = instrumented(
        protocol, telemetry, Described(status=503, inside=inside), routes=["/x"], tenant=TenantFromHeader("x-tenant-id")
    )
    protocol.get(app, "/x", headers=[("x-tenant-id", "acme")])

    span = telemetry.request(route="/by/{hand}")
    assert span.name == "GET /by/{hand}"
    assert span.attributes["otel_middleware.route.source"] == "application"
    assert span.attributes["tenant.id"] == "globex"
    assert span.attributes["error.type"] == "test_spans.OutOfStock"
    assert [event.name for event in span.events] == ["otel_middleware.tenant.conflict", "exception"]


@pytest.mark.parametrize(
    ("method", "name"),
    [("GET", "GET /x"), ("PATCH", "PATCH /x"), ("QUERY", "QUERY /x"), ("BREW", "HTTP /x"), ("get", "GET /x")],
)
def test_unknown_methods_do_not_name_spans(protocol, telemetry, method, name):
    """An unknown method is ``_OTHER``, ``HTTP`` in the name, and kept as the original."""
    protocol.get(instrumented(protocol, telemetry, routes=["/x"]), "/x", method=method)

    span = telemetry.request(route="/x")
    assert span.name == name
    expected = {"BREW": "_OTHER", "get": "GET"}.get(method, method)
    assert span.attributes["http.request.method"] == expected
    assert span.attributes.get("http.request.method_original") == (method if method != expected else None)


def test_excluded_requests_are_silent(protocol, telemetry):
    """An excluded path gives no span, nor do its children under a parent-based sampler, and no metric."""

    def inside(_carrier):
        telemetry.tracer_provider.get_tracer("app").start_span("child").end()

    app = instrumented(protocol, telemetry, Described(inside=inside), excluded_urls="healthz,^/metrics$")
    for path in ("/healthz", "/metrics"):
        protocol.get(app, path)
    protocol.get(app, "/metrics/9")

    assert [span.name for span in telemetry.spans].count("child") == 1
    assert len(telemetry.requests) == 1
    assert trace.get_current_span() is trace.INVALID_SPAN


def test_hooks_get_the_real_thing(protocol, telemetry):
    """Hooks get the SDK's span and the application's own carrier; one that raises breaks nothing."""
    seen = []

    def on_request(span, carrier):
        seen.append((span, carrier))
        span.set_attribute("mine", 1)
        raise RuntimeError("hook")

    def on_response(span, carrier, status, headers):
        seen.append((span, carrier, str(status)[:3], len(headers)))

    app = instrumented(protocol, telemetry, server_request_hook=on_request, server_response_hook=on_response)
    carrier = protocol.request()
    answer = protocol.call(app, carrier)

    assert answer.status == 200
    assert telemetry.request().attributes["mine"] == 1
    (span, first), (same_span, second, status, count) = seen
    assert span is same_span
    assert first is second is carrier
    assert (status, count) == ("200", 2)


LINK = "/verify/{verification_token_of_the_account}"
SECRET = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0." + "c0ffee" * 5


class Unreadable:
    """Cannot be made text."""

    def __str__(self):
        raise LookupError


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (KeyError("x"), "KeyError"),
        (KeyError, "KeyError"),
        (Described, "harness.Described"),
        ("out_of_stock", "out_of_stock"),
        (507, "507"),
        ("", "_OTHER"),
        (Unreadable(), "_OTHER"),
    ],
)
def test_whatever_is_said_of_an_error_is_a_name(protocol, telemetry, said, name):
    """An exception, a class or text; what is none of these costs the request nothing."""
    app = instrumented(protocol, telemetry, Described(status=503, inside=lambda _: record_error(said)))

    assert protocol.get(app).status == 503
    assert telemetry.request().attributes["error.type"] == name


@pytest.mark.parametrize("source", ["set_route", "callable"])
@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("/orders/{order_id}", "/orders/{order_id}"),
        (LINK, LINK),  # a long name is no secret
        ("/orders/<int:order_id>/notes", "/orders/<int:order_id>/notes"),
        ("/a\nb\0", "/a%0Ab%00"),
        (f"/reset/{SECRET}", "/reset/REDACTED"),
        ("/" + "x" * 50_000, "/" + "x" * 1_023),
        ("", None),
        (None, None),
        (5, None),
    ],
)
def test_a_template_that_is_said_of_one_request_is_shown_safely(protocol, telemetry, source, said, shown):
    """On one line, bounded and without secrets, on span and metric; what is no template leaves the request without one."""
    inside, routes = (lambda _: set_route(said), None) if source == "set_route" else (None, lambda _: said)
    app = instrumented(protocol, telemetry, Described(status=404, inside=inside), routes=routes)
    protocol.get(app, "/x")

    (span,) = telemetry.requests
    assert span.name == ("GET" if shown is None else f"GET {shown}")
    assert span.attributes.get("http.route") == shown
    assert [point.attributes.get("http.route") for point in telemetry.points("http.server.request.duration")] == [shown]


class Faulty(InferredRoutes):
    """A learner with a fault."""

    def template_of(self, path):
        raise KeyError(path)

    def learn(self, path, status=200):
        raise KeyError(path, status)


def test_a_fault_of_inference_costs_the_route_alone(protocol, telemetry, caplog):
    """Span and metric are there without a template; it is said once."""
    app = instrumented(protocol, telemetry, routes=Faulty())
    for _ in range(2):
        assert protocol.get(app, "/orders/7").status == 200

    assert [span.name for span in telemetry.requests] == ["GET", "GET"]
    assert caplog.text.count("looking for a route") == 1


@pytest.mark.parametrize("key", ["http.route", "url.template", "otel_middleware.route.source", "tenant.id"])
def test_attributes_of_the_applications_own_are_kept(protocol, telemetry, key):
    """What the application writes on the server span itself is not replaced at the end."""
    app = instrumented(
        protocol,
        telemetry,
        Described(inside=lambda _: server_span().set_attribute(key, "/mine")),
        tenant=TenantFromHeader("x-tenant-id"),
    )
    protocol.get(app, "/things/7", headers=[("x-tenant-id", "acme")])

    (span,) = telemetry.requests
    assert span.attributes[key] == "/mine"


@pytest.mark.parametrize("room", range(4, 14))
def test_the_applications_route_is_kept_in_a_full_span(protocol, room):
    """Also where its attribute has pushed another one out, so that there are as many as before."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(span_limits=SpanLimits(max_span_attributes=room))
    provider.add_span_processor(SimpleSpanProcessor(exporter))

    def inside(_carrier):
        server_span().set_attribute("http.route", "/mine")
        set_route("/theirs")

    app = protocol.module.instrument(protocol.build(Described(inside=inside)), tracer_provider=provider)
    protocol.get(app, "/x")

    (span,) = exporter.get_finished_spans()
    assert span.attributes.get("http.route") in ("/mine", None)


class InjectsOnly(TraceContextTextMapPropagator):
    """Reads nothing, and says so by returning nothing."""

    def extract(self, *_arguments, **_named):
        return None


class GivesBack(TraceContextTextMapPropagator):
    """Reads nothing, and returns what it was given."""

    def extract(self, carrier, context=None, *_arguments, **_named):
        return context


class Raises(TraceContextTextMapPropagator):
    """Has a fault."""

    def extract(self, *_arguments, **_named):
        raise LookupError("extract")


@pytest.mark.parametrize("kind", [InjectsOnly, GivesBack, Raises])
@pytest.mark.parametrize("set_before", [False, True])
def test_a_propagator_that_reads_nothing(protocol, telemetry, kind, set_before):
    """It costs the request neither its span nor its metrics, whether it was there when the stack was built or came later."""
    before = get_global_textmap()
    if set_before:
        set_global_textmap(kind())
    try:
        app = instrumented(protocol, telemetry, routes=["/x"])
        set_global_textmap(kind())
        assert protocol.get(app, "/x").status == 200
    finally:
        set_global_textmap(before)

    assert telemetry.request().name == "GET /x"
    assert len(telemetry.requests) == 1
    assert len(telemetry.points("http.server.request.duration")) == 1
