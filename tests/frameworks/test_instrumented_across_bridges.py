"""An instrumented application of one protocol in an instrumented one of the other: one request, one SERVER span."""

from __future__ import annotations

import asyncio

import pytest
from harness import Asgi, Described, Wsgi
from opentelemetry.propagate import inject

from otel_middleware import asgi, set_route, wsgi

a2wsgi = pytest.importorskip("a2wsgi")
bridges = pytest.importorskip("asgiref.wsgi")
starlette = pytest.importorskip("starlette.middleware.wsgi")
routing = pytest.importorskip("starlette.routing")

ASGI, WSGI = Asgi(), Wsgi()

TO_WSGI = {
    "a2wsgi": a2wsgi.WSGIMiddleware,
    "asgiref": bridges.WsgiToAsgi,
    "starlette": starlette.WSGIMiddleware,
}
pytestmark = pytest.mark.filterwarnings("ignore")  # the bridges' own


def child_made_by(telemetry, app):
    """*app*, which makes a span of its own first."""

    def outer(environ, start_response):
        with telemetry.tracer_provider.get_tracer("shop").start_as_current_span("child"):
            return app(environ, start_response)

    return outer


@pytest.mark.parametrize("bridge", TO_WSGI)
@pytest.mark.parametrize("mount", ["", "/w"])
def test_wsgi_inside_asgi(telemetry, bridge, mount):
    """The inner table names the span, the inner application's spans are its children, and it is measured once."""
    inner = wsgi.instrument(
        child_made_by(telemetry, WSGI.build(Described())), routes=["/x/{id}"], **telemetry.providers
    )
    bridged = TO_WSGI[bridge](inner)
    outer = routing.Router([routing.Mount(mount, bridged)]) if mount else bridged
    answer = ASGI.get(asgi.instrument(outer, **telemetry.providers), f"{mount}/x/7")

    assert (answer.status, answer.body) == (200, b"ok")
    span = telemetry.request(route=f"{mount}/x/{{id}}")
    assert span.name == f"GET {mount}/x/{{id}}"
    (child,) = [span for span in telemetry.spans if span.name == "child"]
    assert child.parent.span_id == span.context.span_id
    assert [point.count for point in telemetry.points("http.server.request.duration")] == [1]


def test_asgi_inside_wsgi(telemetry):
    """The same the other way round, although the bridge serves in a thread of its own, without the context."""

    async def app(scope, receive, send):
        with telemetry.tracer_provider.get_tracer("shop").start_as_current_span("child"):
            set_route("/mine/{id}")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})

    inner = asgi.instrument(app, **telemetry.providers)
    answer = WSGI.get(wsgi.instrument(a2wsgi.ASGIMiddleware(inner), **telemetry.providers), "/x/7")

    assert (answer.status, answer.body) == (200, b"ok")
    span = telemetry.request(route="/mine/{id}")
    (child,) = [span for span in telemetry.spans if span.name == "child"]
    assert child.parent.span_id == span.context.span_id
    assert [point.count for point in telemetry.points("http.server.request.duration")] == [1]


def test_a_request_to_a_service_in_the_same_process_is_one_of_its_own(telemetry):
    """Of the same method and path, and of the other protocol: who calls it says so in its headers."""
    service = wsgi.instrument(WSGI.build(Described()), **telemetry.providers)

    async def gateway(scope, receive, send):
        with telemetry.tracer_provider.get_tracer("client").start_as_current_span("call"):
            headers = {}
            inject(headers)
            await asyncio.to_thread(WSGI.get, service, scope["path"], headers=list(headers.items()))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})

    ASGI.get(asgi.instrument(gateway, **telemetry.providers), "/orders/7")

    inner, outer = telemetry.requests
    (call,) = [span for span in telemetry.spans if span.name == "call"]
    assert inner.parent.span_id == call.context.span_id
    assert call.parent.span_id == outer.context.span_id
