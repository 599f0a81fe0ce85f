"""A bare ASGI callable, declared routes, httpx."""

import os

import httpx
from opentelemetry import trace
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from serving import serve

from otel_middleware.asgi import instrument
from otel_middleware.sdk import init_telemetry

init_telemetry(service_name="checkout-api", service_version="1.2.3", environment="test")

HTTPXClientInstrumentor().instrument()
tracer = trace.get_tracer("checkout")


async def app(scope, receive, send):
    assert scope["type"] == "http"
    with tracer.start_as_current_span("compute_total"):
        async with httpx.AsyncClient() as client:
            body = (await client.get(os.environ["PRICING"])).content
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


serve(instrument(app, routes=["/orders/{order_id}/total"], excluded_urls="healthz"), "asgi")
