"""What an application says inside an ``OpenTelemetryMiddleware`` of the user's: its route, its tenant, the span it asks for."""

from __future__ import annotations

from threading import Thread

import pytest
from harness import Asgi, Described, Wsgi, by_hand, inside_a_span
from opentelemetry.trace import INVALID_SPAN, SpanKind, get_current_span

from otel_middleware import TenantFromHeader, Tenants, bound, server_span, set_route, set_tenant

ROUTES = {
    "nothing": (),
    "inferred": [("RouteTemplateMiddleware",)],
    "declared": [("RouteTemplateMiddleware", ["/orders/{order_id}"])],
    "two tables": [
        ("RouteTemplateMiddleware", ["/orders/{order_id}"]),
        ("RouteTemplateMiddleware", ["/orders/{inner}"]),
    ],
    "a tenant": [("TenantMiddleware", TenantFromHeader())],
    "errors": [("ErrorStatusMiddleware",)],
}
MINE = {"http.route": "/mine/{x}", "otel_middleware.route.source": "application"}


def route_of(span):
    keys = ("http.route", "url.template", "otel_middleware.route.source")
    return {key: span.attributes[key] for key in keys if key in span.attributes}


@pytest.mark.parametrize("layers", ROUTES.values(), ids=ROUTES)
def test_what_the_application_says_is_the_route(protocol, telemetry, layers):
    """``set_route`` names the span before any table, framework or guess does, and stands where none is asked."""
    described = Described(inside=lambda _: set_route("/mine/{x}"))
    protocol.get(by_hand(protocol, telemetry, described, layers), "/orders/7")

    span = telemetry.request()
    assert (span.name, route_of(span)) == ("GET /mine/{x}", MINE)


def framework(protocol):
    """An application of a framework, whose handler names the request itself."""
    if protocol.name == "asgi":
        routing = pytest.importorskip("starlette.routing")
        responses = pytest.importorskip("starlette.responses")

        async def order(request):
            set_route("/mine/{x}")
            return responses.PlainTextResponse("ok")

        return routing.Router([routing.Route("/orders/{order_id}", order)])
    flask = pytest.importorskip("flask").Flask(__name__)

    @flask.route("/orders/<order_id>")
    def order(order_id):
        set_route("/mine/{x}")
        return "ok"

    return flask


def test_a_framework_has_not_the_last_word(protocol, telemetry):
    """A framework that tells its route when the response starts, later than the application, does not replace it."""
    protocol.get(by_hand(protocol, telemetry, framework(protocol), [("RouteTemplateMiddleware",)]), "/orders/7")

    span = telemetry.request()
    assert (span.name, route_of(span)) == ("GET /mine/{x}", MINE)


def saying(protocol, app, say):
    """A middleware that says something before it calls *app*."""
    if protocol.name == "asgi":

        async def said(scope, receive, send):
            say()
            await app(scope, receive, send)

    else:

        def said(environ, start_response):
            say()
            return app(environ, start_response)

    return said


def test_a_route_that_was_said_outside_of_the_layers_stays(protocol, telemetry):
    """A table that is asked later, inside of a middleware that has named the request, does not replace that name."""
    inner = protocol.module.RouteTemplateMiddleware(protocol.build(Described()), ["/orders/{order_id}"])
    app = saying(protocol, inner, lambda: set_route("/mine/{x}"))
    protocol.get(by_hand(protocol, telemetry, app), "/orders/7")

    span = telemetry.request()
    assert (span.name, route_of(span)) == ("GET /mine/{x}", MINE)


def test_a_tenant_that_was_said_between_the_layers_stays(protocol, telemetry):
    """A policy that is asked later shows the authenticated tenant its way, and does not replace it by the claim."""
    tenants = Tenants(TenantFromHeader(), hashed_with="key")
    inner = protocol.module.TenantMiddleware(protocol.build(Described()), tenants)
    app = saying(protocol, inner, lambda: set_tenant("globex"))
    app = by_hand(protocol, telemetry, app, [("ErrorStatusMiddleware",)])
    protocol.get(app, "/", headers=[("x-tenant-id", "acme")])

    span = telemetry.request()
    assert span.attributes["tenant.id"] == tenants.validated("globex")
    assert [event.name for event in span.events] == ["otel_middleware.tenant.conflict"]


@pytest.mark.parametrize("layers", [ROUTES["declared"], ROUTES["a tenant"], ROUTES["errors"]])
def test_under_a_child_span_the_servers_is_meant(protocol, telemetry, layers):
    """Route, tenant and span are the server's while another span is current, which nothing is written on."""
    spans = []

    def inside(_carrier):
        spans.append(get_current_span())
        with telemetry.tracer_provider.get_tracer("app").start_as_current_span("child"):
            set_route("/mine/{x}")
            set_tenant("globex")
            spans.append(server_span())

    protocol.get(by_hand(protocol, telemetry, Described(inside=inside), layers), "/orders/7")

    span = telemetry.request()
    assert spans[0] is spans[1]
    assert (span.name, span.attributes["tenant.id"]) == ("GET /mine/{x}", "globex")
    assert [dict(child.attributes) for child in telemetry.spans if child.name == "child"] == [{}]


def test_under_a_child_span_without_layers_nothing_is_said(protocol, telemetry):
    """Where no layer has found the server span a child span is no place to write on."""

    def inside(_carrier):
        with telemetry.tracer_provider.get_tracer("app").start_as_current_span("child"):
            set_route("/mine/{x}")
            set_tenant("globex")
            assert server_span() is INVALID_SPAN

    answer = protocol.get(by_hand(protocol, telemetry, Described(inside=inside)), "/orders/7")

    assert answer.error is None
    assert [dict(child.attributes) for child in telemetry.spans if child.name == "child"] == [{}]
    assert route_of(telemetry.request()) == {}


@pytest.mark.parametrize("layers", [(), ROUTES["declared"]], ids=["nothing", "declared"])
def test_inside_another_span_upstreams_is_the_servers(protocol, telemetry, layers):
    """Where a span stands around upstream, whose own is then an internal one, that is meant all the same."""
    app = by_hand(protocol, telemetry, Described(inside=lambda _: set_route("/mine/{x}")), layers)
    protocol.get(inside_a_span(protocol, telemetry, app, "around"), "/orders/7")

    named = {span.name: (span.kind, route_of(span)) for span in telemetry.spans}
    assert named == {"GET /mine/{x}": (SpanKind.INTERNAL, MINE), "around": (SpanKind.INTERNAL, {})}


def test_a_websocket_inside_another_span_is_named_as_one(telemetry):
    """Upstream's span of a websocket has no method: it is found, and named, by its scheme."""

    async def app(scope, receive, send):
        set_route("/mine/{x}")
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": 1000})

    carrier = Asgi().request() | {"type": "websocket", "scheme": "ws"}
    del carrier["method"]
    for layers in ((), ROUTES["declared"]):
        Asgi().call(inside_a_span(Asgi(), telemetry, by_hand(Asgi(), telemetry, app, layers), "around"), dict(carrier))

    assert [span.name for span in telemetry.spans if span.name != "around"] == ["WS /mine/{x}"] * 2


@pytest.mark.parametrize("kind", [SpanKind.INTERNAL, SpanKind.CLIENT, SpanKind.CONSUMER])
def test_outside_of_a_request_nothing_happens(telemetry, kind):
    """A job's span is no server span: it gets neither a route nor a tenant."""
    with telemetry.tracer_provider.get_tracer("app").start_as_current_span("job", kind=kind):
        set_route("/mine/{x}")
        set_tenant("globex")
        assert server_span() is INVALID_SPAN

    (span,) = telemetry.spans
    assert (span.name, dict(span.attributes)) == ("job", {})


def test_when_the_request_is_over_nothing_happens(protocol, telemetry):
    """Work that outlives its request may still say its route: the span stays, and the SDK has nothing to complain of."""
    late = []
    described = Described(inside=lambda _: late.append(bound(set_route)))
    protocol.get(by_hand(protocol, telemetry, described, ROUTES["declared"]), "/orders/7")
    late[0]("/mine/{x}")

    assert telemetry.request().name == "GET /orders/{order_id}"


def test_a_thread_that_carries_the_context_reaches_the_span(protocol, telemetry):
    """What a thread of the application says is said of its request."""

    def inside(_carrier):
        thread = Thread(target=bound(set_route), args=("/mine/{x}",))
        thread.start()
        thread.join()

    protocol.get(by_hand(protocol, telemetry, Described(inside=inside), ROUTES["declared"]), "/orders/7")

    assert telemetry.request().name == "GET /mine/{x}"


def test_a_body_that_is_iterated_later_finds_the_span(telemetry):
    """In the steps of a WSGI body, under a child span too, route, tenant and span are the server's; nothing stays behind."""
    asked = []

    def app(environ, start_response):
        start_response("200 OK", [])
        yield b"o"
        asked.append(get_current_span())
        with telemetry.tracer_provider.get_tracer("app").start_as_current_span("child"):
            set_route("/mine/{x}")
            set_tenant("globex")
            asked.append(server_span())
        yield b"k"

    answer = Wsgi().get(by_hand(Wsgi(), telemetry, app, [*ROUTES["a tenant"], *ROUTES["declared"]]), "/orders/7")

    span = telemetry.request()
    assert answer.body == b"ok"
    assert asked[0] is asked[1]
    assert (span.name, span.attributes["tenant.id"]) == ("GET /mine/{x}", "globex")
    assert get_current_span() is INVALID_SPAN


def test_nonsense_is_no_route(protocol, telemetry):
    """What is no text names nothing."""
    protocol.get(
        by_hand(protocol, telemetry, Described(inside=lambda _: set_route(7)), ROUTES["declared"]), "/orders/7"
    )

    assert telemetry.request().name == "GET /orders/{order_id}"
