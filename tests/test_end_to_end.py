"""The two examples of what users of instrumented frameworks are promised, over real sockets."""

from __future__ import annotations

import socket

import fastapi
import flask
import httpx
import pytest
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.trace import SpanKind
from servers import uvicorn_serving, waitress_serving

from otel_middleware import asgi, wsgi


async def pricing(scope, receive, send):
    """A service that is not instrumented."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": b'{"price": 12}'})


@pytest.fixture
def names_resolve(monkeypatch):
    """``pricing-svc`` is this machine."""
    resolve = socket.getaddrinfo
    known = {"pricing-svc": "127.0.0.1", b"pricing-svc": "127.0.0.1"}
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *rest, **more: resolve(known.get(host, host), *rest, **more)
    )


def checkout(telemetry, pricing_port, routes):
    """The FastAPI service: a manual span, an outbound call, JSON."""
    app = fastapi.FastAPI()
    client = httpx.AsyncClient()
    HTTPXClientInstrumentor().instrument_client(client, tracer_provider=telemetry.tracer_provider)
    tracer = telemetry.tracer_provider.get_tracer("checkout")

    @app.get("/orders/{order_id}/total")
    async def total(order_id: int):
        with tracer.start_as_current_span("compute_total") as span:
            span.set_attribute("order.id", order_id)
            answer = await client.get(f"http://pricing-svc:{pricing_port}/price/{order_id}")
            return {"total": answer.json()["price"]}

    @app.get("/healthz")
    async def healthz():
        return {}

    return asgi.instrument(app, routes=routes, excluded_urls="healthz", **telemetry.providers)


@pytest.mark.usefixtures("names_resolve")
@pytest.mark.parametrize("routes", [None, ["/orders/{order_id}/total"]], ids=["asked", "declared"])
def test_fastapi_service_with_a_manual_span_and_an_outbound_call(telemetry, routes):
    """SERVER, INTERNAL and CLIENT spans stand in one trace, each the child of the one before; ``/healthz`` gives none."""
    with uvicorn_serving(pricing) as url:
        app = checkout(telemetry, url.rpartition(":")[2], routes)
        with uvicorn_serving(app) as base:
            assert httpx.get(f"{base}/healthz").status_code == 200
            assert httpx.get(f"{base}/orders/7/total").json() == {"total": 12}

    client, internal, server = telemetry.spans
    assert [(span.name, span.kind) for span in (server, internal, client)] == [
        ("GET /orders/{order_id}/total", SpanKind.SERVER),
        ("compute_total", SpanKind.INTERNAL),
        ("GET", SpanKind.CLIENT),
    ]
    assert len({span.context.trace_id for span in telemetry.spans}) == 1
    assert server.parent is None
    assert (internal.parent.span_id, client.parent.span_id) == (server.context.span_id, internal.context.span_id)
    expected = {
        "http.request.method": "GET",
        "http.route": "/orders/{order_id}/total",
        "http.response.status_code": 200,
    }
    assert expected == {key: server.attributes.get(key) for key in expected}
    assert internal.attributes["order.id"] == 7
    assert client.attributes["http.request.method"] == "GET"
    assert client.attributes["server.address"] == "pricing-svc"


@pytest.mark.parametrize("routes", [None, ["/orders/<order_id>"]], ids=["asked", "declared"])
def test_flask_service_with_header_capture_and_exclusions(telemetry, routes):
    """A captured header stands in upstream's spelling, secrets are redacted, excluded paths give no span."""
    app = flask.Flask("shop")
    app.add_url_rule("/orders/<order_id>", view_func=lambda order_id: f"order {order_id}", endpoint="order")
    app.add_url_rule("/healthz", view_func=lambda: "ok", endpoint="healthz")
    app.add_url_rule("/metrics", view_func=lambda: "ok", endpoint="metrics")
    app.wsgi_app = wsgi.instrument(
        app.wsgi_app,
        routes=routes,
        excluded_urls="healthz,metrics",
        http_capture_headers_server_request=["x-tenant-id", "authorization", "cookie"],
        http_capture_headers_sanitize_fields=["authorization", "cookie"],
        **telemetry.providers,
    )
    headers = {"x-tenant-id": "acme", "authorization": "Bearer s3cr3t", "cookie": "sid=s3cr3t"}
    with waitress_serving(app) as base:
        for path in ("/healthz", "/metrics", "/orders/7"):
            assert httpx.get(base + path, headers=headers).status_code == 200

    (span,) = telemetry.spans
    assert (span.name, span.kind) == ("GET /orders/<order_id>", SpanKind.SERVER)
    expected = {
        "http.request.method": "GET",
        "http.route": "/orders/<order_id>",
        "http.response.status_code": 200,
        "http.request.header.x_tenant_id": ("acme",),
        "http.request.header.authorization": ("[REDACTED]",),
        "http.request.header.cookie": ("[REDACTED]",),
    }
    assert expected == {key: span.attributes.get(key) for key in expected}
