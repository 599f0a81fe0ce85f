"""The service of the real chain, run by gunicorn (``wsgi_app``) and uvicorn (``asgi_app``) in processes of their own."""

from __future__ import annotations

import os

import httpx
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor

from otel_middleware import Tenants, TrustPolicy, asgi, set_tenant, wsgi
from otel_middleware.sdk import init_telemetry

ROLE = os.environ["CHAIN_ROLE"]
INNER = os.environ["CHAIN_INNER"]

init_telemetry(service_name=ROLE)
HTTPXClientInstrumentor().instrument()


def from_baggage(request):
    """The tenant that a service of ours has put into baggage."""
    pairs = (pair.partition("=") for pair in (request.header("baggage") or "").split(","))
    return next((value for name, _, value in pairs if name.strip() == "tenant.id"), None)


def options():
    """The public edge believes nobody, the service behind it everybody; both stand behind nginx."""
    return {
        "trust": TrustPolicy(proxies=["127.0.0.1", "unix"], trace_context=ROLE != "edge"),
        "tenant": Tenants(from_baggage, in_baggage=True),
        "routes": ["/edge/{item}", "/inner/{item}"],
    }


def wsgi_application(environ, start_response):
    body = b"12"
    if ROLE == "edge":
        set_tenant("acme")
        body = httpx.get(f"{INNER}/inner/7").content
    start_response("200 OK", [("content-length", str(len(body)))])
    return [body]


async def asgi_application(scope, receive, send):
    body = b"12"
    if ROLE == "edge":
        set_tenant("acme")
        async with httpx.AsyncClient() as client:
            body = (await client.get(f"{INNER}/inner/7")).content
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


wsgi_app = wsgi.instrument(wsgi_application, **options())
asgi_app = asgi.instrument(asgi_application, **options())
