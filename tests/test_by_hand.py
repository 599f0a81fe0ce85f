"""Each class by itself, around or inside an ``OpenTelemetryMiddleware`` that the user built."""

from __future__ import annotations

import gc
import sys
from collections import Counter
from contextvars import copy_context
from types import SimpleNamespace, coroutine
from wsgiref.util import shift_path_info

import pytest
from harness import UPSTREAM, Asgi, Described, Wsgi, by_hand, inside_a_span
from opentelemetry.context import attach, get_current
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import SpanKind, StatusCode, set_span_in_context

from otel_middleware import (
    ErrorStatuses,
    InferredRoutes,
    Sanitizer,
    TenantFromHeader,
    _by_hand,
    asgi,
    record_error,
    set_route,
    set_tenant,
)
from otel_middleware._once import Once
from otel_middleware.testing import Telemetry

LAYERS = [
    ("RouteTemplateMiddleware", ["/orders/{order_id}"]),
    ("TenantMiddleware", TenantFromHeader("x-tenant-id")),
    ("ErrorStatusMiddleware", ErrorStatuses(errors=[404], expected=[503])),
]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_inside_layers_stand_in_any_order(protocol, telemetry, order):
    """Route, tenant and status act on upstream's span in whatever order they are stacked."""
    app = by_hand(protocol, telemetry, Described(status=404), [LAYERS[place] for place in order])
    protocol.get(app, "/orders/7", headers=[("x-tenant-id", "acme")])

    (span,) = telemetry.spans
    assert span.name == "GET /orders/{order_id}"
    assert span.attributes["http.route"] == "/orders/{order_id}"
    assert span.attributes["tenant.id"] == "acme"
    assert span.attributes["error.type"] == "404"
    assert span.status.status_code is StatusCode.ERROR


def test_expected_error_is_none(protocol, telemetry):
    """A status that is expected ends as OK: nothing else takes upstream's ERROR back."""
    protocol.get(by_hand(protocol, telemetry, Described(status=503), [LAYERS[2]]), "/")

    assert telemetry.spans[0].status.status_code is StatusCode.OK


def test_without_a_server_span_layers_do_nothing(protocol):
    """Used where no server span is recording, the layers pass everything through."""
    app = protocol.build(Described())
    for name, *arguments in LAYERS:
        app = getattr(protocol.module, name)(app, *arguments)
    answer = protocol.get(app, "/orders/7")

    assert (answer.status, answer.body, answer.error) == (200, b"ok", None)


def test_sanitization_alone_keeps_secrets_from_upstream(protocol, telemetry):
    """Upstream's span shows no secret of query, host or path; the application gets the real request and all of it."""
    seen = []
    app = by_hand(protocol, telemetry, Described(inside=seen.append), sanitize=True)
    carrier = protocol.request(
        path="/reset/abcdefghijklmnopqrstuv", query="token=s3cr3t&a=1", headers=[("user-agent", "x password=s3cr3t")]
    )
    answer = protocol.call(app, carrier)

    (span,) = telemetry.spans
    assert answer.body == b"ok"
    assert seen == [carrier]
    assert seen[0] is carrier
    assert span.attributes["url.query"] == "token=REDACTED&a=1"
    assert "s3cr3t" not in str(dict(span.attributes)) + span.name
    assert "abcdefghijklmnopqrstuv" not in str(dict(span.attributes)) + span.name


@pytest.mark.parametrize("when", ["raises_before", "raises_after_start"])
def test_sanitization_alone_tunnels_exceptions(protocol, telemetry, when):
    """The server gets the very exception; upstream's span gets one event, without the secret."""
    error = KeyError("token=s3cr3t")
    answer = protocol.get(by_hand(protocol, telemetry, Described(headers=(), **{when: error}), sanitize=True), "/")

    (span,) = telemetry.spans
    assert answer.error is error
    assert [event.name for event in span.events] == ["exception"]
    assert span.status.status_code is StatusCode.ERROR
    assert span.attributes["error.type"] == "KeyError"
    assert "s3cr3t" not in span.to_json()


def test_sanitization_alone_leaves_the_answer(protocol, telemetry):
    """Response headers reach the client as the application gave them, secrets included."""
    described = Described(headers=(("set-cookie", "sid=s3cr3t"), ("location", "/x?token=s3cr3t")), chunks=(b"a", b"b"))
    bare = protocol.get(protocol.build(described), "/")
    answer = protocol.get(by_hand(protocol, telemetry, described, sanitize=True), "/")

    assert (answer.status, answer.headers, answer.chunks) == (bare.status, bare.headers, bare.chunks)


def test_whole_stack_by_hand(protocol, telemetry):
    """The five lines of the contract, with upstream in the middle, give a named, tagged and safe span."""
    app = by_hand(protocol, telemetry, Described(), LAYERS, sanitize=True)
    protocol.get(app, "/orders/7", query="sig=s", headers=[("x-tenant-id", "acme")])

    (span,) = telemetry.spans
    assert span.name == "GET /orders/{order_id}"
    assert span.attributes["tenant.id"] == "acme"
    assert span.attributes["url.query"] == "sig=REDACTED"


def test_layers_inside_instrument_add_to_it(protocol, telemetry):
    """A table deeper inside an instrumented application names the request, behind the prefix that was taken off."""
    inner = protocol.module.RouteTemplateMiddleware(protocol.build(Described()), ["/things/{id}"])
    protocol.get(
        protocol.module.instrument(inner, **telemetry.providers), "/things/7", headers=[("x-tenant-id", "acme")]
    )

    assert telemetry.request(route="/things/{id}").name == "GET /things/{id}"


def failing_app(protocol):
    """A framework whose handler raises, and which lets it through."""
    if protocol.name == "asgi":
        routing = pytest.importorskip("starlette.routing")

        async def fail(request):
            raise LookupError("lost")

        return routing.Router([routing.Route("/orders/{order_id}", fail)])
    flask = pytest.importorskip("flask").Flask(__name__)
    flask.config["PROPAGATE_EXCEPTIONS"] = True

    @flask.route("/orders/<order_id>")
    def fail(order_id):
        raise LookupError("lost")

    return flask


def test_the_route_of_a_handler_that_raises(protocol, telemetry):
    """The framework is asked too where its handler raises before a response has started."""
    app = protocol.module.RouteTemplateMiddleware(failing_app(protocol))
    options = {"exclude_spans": ["receive", "send"]} if protocol.name == "asgi" else {}
    answer = protocol.get(UPSTREAM[protocol.name](app, **telemetry.providers, **options), "/orders/7")

    (span,) = telemetry.spans
    assert isinstance(answer.error, LookupError)
    template = {"asgi": "/orders/{order_id}", "wsgi": "/orders/<order_id>"}[protocol.name]
    assert span.name == f"GET {template}"
    assert span.attributes["http.route"] == template


@pytest.mark.parametrize("kind", [SpanKind.INTERNAL, SpanKind.CLIENT, SpanKind.CONSUMER])
def test_a_span_of_something_else_is_left_alone(protocol, telemetry, kind):
    """A current span that is no server span gets neither a route nor a tenant nor another name."""
    app = protocol.build(Described())
    for name, *arguments in LAYERS:
        app = getattr(protocol.module, name)(app, *arguments)
    with telemetry.tracer_provider.get_tracer("app").start_as_current_span("job", kind=kind):
        answer = protocol.get(app, "/orders/7", headers=[("x-tenant-id", "acme")])

    (span,) = telemetry.spans
    assert (answer.status, span.name, dict(span.attributes)) == (200, "job", {})


def test_upstreams_span_inside_another_is_a_server_span(protocol, telemetry):
    """Where a span is current already upstream makes an internal one, which the layers name all the same."""
    app = by_hand(protocol, telemetry, layers=LAYERS)
    with telemetry.tracer_provider.get_tracer("app").start_as_current_span("around"):
        protocol.get(app, "/orders/7", headers=[("x-tenant-id", "acme")])

    named = [span for span in telemetry.spans if span.name == "GET /orders/{order_id}"]
    assert [(span.kind, span.attributes["tenant.id"]) for span in named] == [(SpanKind.INTERNAL, "acme")]


def test_headers_are_sanitised_as_if_each_request_were_the_first(protocol, telemetry, monkeypatch):
    """What was clean once is clean again, a secret is masked and counted each time, and ``keep`` is asked each time."""
    for direction in ("REQUEST", "RESPONSE"):
        monkeypatch.setenv(f"OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_{direction}", "x-shop,x-shop-token")
    kept = iter([True, False] * 2)
    described = Described(headers=(("x-shop", "berlin"), ("x-shop-token", "hush")))
    masking, asking = Sanitizer(), Sanitizer(keep=lambda *_: next(kept))
    for sanitizer in (masking, asking):
        app = by_hand(protocol, telemetry, described, sanitize=sanitizer)
        for _ in range(2):
            protocol.get(app, headers=[("x-shop", "berlin"), ("x-shop-token", "hush")])

    shown = [
        [tuple(span.attributes[f"http.{direction}.header.x_shop{part}"]) for part in ("", "_token")]
        for span in telemetry.spans
        for direction in ("request", "response")
    ]
    assert all(clean == ("berlin",) for clean, _ in shown)
    assert [token for _, token in shown] == [("[REDACTED]",)] * 4 + [("hush",), ("[REDACTED]",)] * 2
    counts = [sum(sanitizer.redactions().values()) for sanitizer in (masking, asking)]
    assert counts == [4, 2]


def test_layers_that_can_do_nothing_say_so_once(protocol, telemetry, caplog, monkeypatch):
    """Inside of another middleware's span the server's is out of reach: nothing is written, and that is said once."""
    monkeypatch.setattr(_by_hand, "_misplaced", Once())
    app = protocol.build(Described(status=404))
    for name, *arguments in LAYERS:
        app = getattr(protocol.module, name)(app, *arguments)
    app = by_hand(protocol, telemetry, inside_a_span(protocol, telemetry, app))
    for _ in range(2):
        protocol.get(app, "/orders/7", headers=[("x-tenant-id", "acme")])

    (said,) = [record.getMessage() for record in caplog.records if record.name == "otel_middleware"]
    assert "'between'" in said
    assert all("http.route" not in span.attributes for span in telemetry.spans)
    assert {"between": {}}.items() <= {span.name: dict(span.attributes) for span in telemetry.spans}.items()


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_spans_between_layers_do_no_harm(protocol, telemetry, order):
    """The layers inside of a middleware that opens a span find what the outermost one has found: nothing is on that span."""
    app = protocol.build(Described(status=404))
    for place in order:
        name, *arguments = LAYERS[place]
        app = getattr(protocol.module, name)(app, *arguments)
        if place != order[-1]:
            app = inside_a_span(protocol, telemetry, app)
    protocol.get(by_hand(protocol, telemetry, app), "/orders/7", headers=[("x-tenant-id", "acme")])

    span = telemetry.request()
    assert (span.name, span.attributes["tenant.id"]) == ("GET /orders/{order_id}", "acme")
    assert (span.attributes["error.type"], span.status.status_code) == ("404", StatusCode.ERROR)
    assert [dict(span.attributes) for span in telemetry.spans if span.name == "between"] == [{}, {}]


def calling(protocol, inner):
    """An application that calls *inner* in process, for another tenant, before it answers."""
    carrier = protocol.request(path="/orders/7", headers=[("x-tenant-id", "globex")])
    if protocol.name == "wsgi":
        return protocol.build(Described(inside=lambda _: protocol.call(inner, carrier)))

    async def app(scope, receive, send):
        await inner(carrier, receive, lambda _message: receive())
        await protocol.build(Described())(scope, receive, send)

    return app


def test_a_request_inside_of_a_request_has_a_span_of_its_own(protocol, telemetry):
    """Layers of an application that is called in process act on its own span, not on the caller's."""
    inner = by_hand(protocol, telemetry, layers=LAYERS)

    app = calling(protocol, inner)
    outer = by_hand(protocol, telemetry, app, [("RouteTemplateMiddleware", ["/"]), LAYERS[1]])
    protocol.get(outer, "/", headers=[("x-tenant-id", "acme")])

    named = {span.name: span.attributes["tenant.id"] for span in telemetry.spans}
    assert named == {"GET /": "acme", "GET /orders/{order_id}": "globex"}


@pytest.mark.parametrize("layers", [[("RouteTemplateMiddleware", ["/orders/{order_id}"]), LAYERS[1]], []])
def test_an_unsampled_request_inside_of_a_request_is_not_that_one(protocol, telemetry, layers):
    """Neither its layers nor its application's verbs act on the caller's span."""
    silent = SimpleNamespace(providers={"tracer_provider": TracerProvider(sampler=ALWAYS_OFF)})
    described = Described(inside=lambda _: (set_route("/mine"), set_tenant("initech"), record_error("mine")))
    inner = by_hand(protocol, silent, described, layers or [("ErrorStatusMiddleware",)])

    app = calling(protocol, inner)
    outer = by_hand(protocol, telemetry, app, [("RouteTemplateMiddleware", ["/"]), LAYERS[1]])
    protocol.get(outer, "/", headers=[("x-tenant-id", "acme")])

    span = telemetry.request()
    assert (span.name, span.attributes["tenant.id"]) == ("GET /", "acme")
    assert "error.type" not in span.attributes
    assert not span.events


def test_what_somebody_else_says_of_a_routes_source_is_no_rank(protocol, telemetry):
    """A source that is none of ours stands on the span already: the table's template replaces it."""

    def hook(span, *_carrier):
        span.set_attribute("otel_middleware.route.source", "gateway")

    hooked = {"asgi": "server_request_hook", "wsgi": "request_hook"}[protocol.name]
    app = protocol.module.RouteTemplateMiddleware(protocol.build(Described()), ["/orders/{order_id}"])
    answer = protocol.get(UPSTREAM[protocol.name](app, **telemetry.providers, **{hooked: hook}), "/orders/7")

    assert answer.status == 200
    assert telemetry.request(route="/orders/{order_id}").attributes["otel_middleware.route.source"] == "declared"


def test_a_response_that_is_replaced_is_learned_once():
    """A WSGI generator that starts its response again, before the headers went, is one request."""
    routes = InferredRoutes()

    def app(environ, start_response):
        start_response("200 OK", [])

        def body():
            try:
                raise LookupError
            except LookupError:
                start_response("200 OK", [], sys.exc_info())
            yield b"ok"

        return body()

    telemetry = Telemetry()
    Wsgi().get(by_hand(Wsgi(), telemetry, app, [("RouteTemplateMiddleware", routes)]), "/orders/7")

    assert "hits=1," in routes.export()


def test_a_prefix_that_nobody_tells_is_shown_safely():
    """What a middleware took off the path by hand may be a secret: neither name nor route has it."""
    flask = pytest.importorskip("flask").Flask(__name__)
    flask.add_url_rule("/orders/<order_id>", view_func=lambda order_id: "ok")
    secret = "ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"

    def shifting(environ, start_response):
        shift_path_info(environ)
        return flask(environ, start_response)

    telemetry = Telemetry()
    app = by_hand(Wsgi(), telemetry, shifting, [("RouteTemplateMiddleware",)], sanitize=True)
    Wsgi().get(app, f"/{secret}/orders/7")

    span = telemetry.request()
    assert span.name.startswith("GET /REDACTED/orders/")
    assert secret not in span.to_json()


def generating(environ, start_response):
    start_response("200 OK", [])
    yield b"ok"


def test_a_generator_is_inferred_too(telemetry):
    """A WSGI application that answers in its first step is named when its response starts, as one is that returns a list."""
    Wsgi().get(by_hand(Wsgi(), telemetry, generating, [("RouteTemplateMiddleware",)]), "/orders")

    span = telemetry.request()
    assert (span.attributes["url.template"], span.attributes["otel_middleware.route.source"]) == ("/orders", "inferred")


@pytest.mark.parametrize("body", [[b"ok"], (b"ok",)])
def test_a_body_without_code_is_left_as_it_is(telemetry, body):
    """A WSGI list, and a tuple, come back as the very object: between our layers and upstream it can be seen."""
    given = []

    def app(environ, start_response):
        start_response("200 OK", [])
        return body

    layer = Wsgi.module.TenantMiddleware(app, TenantFromHeader())

    def looking(environ, start_response):
        given.append(layer(environ, start_response))
        return given[0]

    Wsgi().get(by_hand(Wsgi(), telemetry, looking), "/")

    assert given[0] is body


def test_a_connection_that_is_no_request_goes_through(telemetry):
    """ASGI's lifespan reaches the application, whatever span is current."""
    kinds = []

    async def app(scope, receive, send):
        kinds.append(scope["type"])

    layer = asgi.ErrorStatusMiddleware(asgi.TenantMiddleware(asgi.RouteTemplateMiddleware(app), TenantFromHeader()))
    with telemetry.tracer_provider.get_tracer("app").start_as_current_span("server", kind=SpanKind.SERVER):
        Asgi().call(layer, {"type": "lifespan"})

    assert kinds == ["lifespan"]
    assert dict(telemetry.spans[0].attributes) == {}


def test_a_request_that_is_closed_elsewhere_leaves_nothing_there(telemetry):
    """An ASGI request whose coroutine is closed in another context does not put its own context there."""

    @coroutine
    def waiting():
        yield

    async def app(scope, receive, send):
        await waiting()

    def begin():
        span = telemetry.tracer_provider.get_tracer("app").start_span("server", kind=SpanKind.SERVER)
        attach(set_span_in_context(span))
        request = asgi.ErrorStatusMiddleware(app)(Asgi().request(), None, None)
        request.send(None)
        return request

    before = get_current()
    copy_context().run(begin).close()

    assert get_current() is before


class Framework:
    """A router that answers as it is told, and counts how often."""

    name = "of a test"

    def __init__(self, answer):
        self.answer = answer
        self.asked = 0

    def prepared(self, scope):
        return scope

    def template(self, *_):
        self.asked += 1
        return self.answer()


def test_a_framework_that_has_told_is_not_asked_again(protocol, telemetry):
    """Where the application raises after its response has started the route is known."""
    if protocol.name == "asgi":

        async def app(scope, receive, send):
            await send({"type": "http.response.start", "status": 200, "headers": []})
            raise LookupError

    else:

        def app(environ, start_response):
            start_response("200 OK", [])
            raise LookupError

    layer = protocol.module.RouteTemplateMiddleware(app)
    layer.routes.router = framework = Framework(lambda: "/told")
    assert isinstance(protocol.get(by_hand(protocol, telemetry, layer), "/orders").error, LookupError)

    assert (telemetry.request().name, framework.asked) == ("GET /told", 1)


def test_a_framework_that_breaks_costs_the_route(protocol, telemetry, caplog):
    """What the inside of a framework raises is said once; the request is answered, and named otherwise."""

    def broken():
        raise LookupError("s3cr3t")

    layer = protocol.module.RouteTemplateMiddleware(protocol.build(Described()))
    layer.routes.router = Framework(broken)
    app = by_hand(protocol, telemetry, layer)
    assert [protocol.get(app, "/orders").status for _ in range(2)] == [200, 200]

    (said,) = [record.getMessage() for record in caplog.records if record.name == "otel_middleware"]
    assert "LookupError" in said
    assert {span.name for span in telemetry.spans} == {"GET /orders"}


@pytest.mark.parametrize("routes", [None, ["/orders/{order_id}"]])
@pytest.mark.parametrize("sanitize", [False, True])
@pytest.mark.parametrize("fails", [None, KeyError()])
def test_without_a_template_the_name_is_the_method(protocol, telemetry, routes, sanitize, fails):
    """Upstream's name has the path, of which a scanner makes any number; what the user has named stays."""
    described = Described(status=404, raises_before=fails)
    app = by_hand(protocol, telemetry, described, [("RouteTemplateMiddleware", routes)], sanitize=sanitize)
    protocol.get(app, "/wp-admin/a7.php", query="token=s3cr3t", root_path="/shop")

    (span,) = telemetry.spans
    assert span.name == "GET"


def test_a_name_of_the_users_own_is_no_path(telemetry):
    """What ``default_span_details`` of upstream's own middleware says stays, where nobody knows a template."""
    app = asgi.RouteTemplateMiddleware(Asgi().build(Described(status=404)), ["/orders/{order_id}"])
    app = UPSTREAM["asgi"](
        app,
        default_span_details=lambda scope: ("GET /mine", {}),
        exclude_spans=["receive", "send"],
        **telemetry.providers,
    )
    Asgi().get(app, "/theirs")

    assert [span.name for span in telemetry.spans] == ["GET /mine"]


@pytest.mark.parametrize("place", range(3))
def test_a_request_leaves_nothing_for_the_collector(protocol, telemetry, place):
    """No cycle of ours waits for the garbage collector after a request."""
    app = by_hand(protocol, telemetry, Described(), [LAYERS[place]])
    protocol.get(app, "/orders/7")
    gc.collect()
    gc.disable()
    try:
        before = _ours()
        for number in range(5):
            protocol.get(app, f"/orders/{number}")
        assert _ours() == before
    finally:
        gc.enable()


def _ours():
    """How many objects of ours are alive, by their class."""
    return Counter(type(each) for each in gc.get_objects() if str(type(each).__module__).startswith("otel_middleware."))
