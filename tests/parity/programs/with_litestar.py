"""Litestar, httpx."""

import os

import httpx
from litestar import Litestar, get
from opentelemetry import trace
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from serving import serve

from otel_middleware.asgi import instrument
from otel_middleware.sdk import init_telemetry

init_telemetry(service_name="checkout-api", service_version="1.2.3", environment="test")

HTTPXClientInstrumentor().instrument()
tracer = trace.get_tracer("checkout")


@get("/orders/{order_id:int}/total")
async def total(order_id: int) -> dict:
    with tracer.start_as_current_span("compute_total"):
        async with httpx.AsyncClient() as client:
            return (await client.get(os.environ["PRICING"])).json()


serve(instrument(Litestar([total]), excluded_urls="healthz"), "asgi")
