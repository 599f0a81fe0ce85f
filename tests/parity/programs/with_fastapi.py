"""FastAPI, httpx."""

import os

import fastapi
import httpx
from opentelemetry import trace
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from serving import serve

from otel_middleware.asgi import instrument
from otel_middleware.sdk import init_telemetry

init_telemetry(service_name="checkout-api", service_version="1.2.3", environment="test")

HTTPXClientInstrumentor().instrument()
tracer = trace.get_tracer("checkout")
app = fastapi.FastAPI()


@app.get("/orders/{order_id}/total")
async def total(order_id: int):
    with tracer.start_as_current_span("compute_total"):
        async with httpx.AsyncClient() as client:
            return (await client.get(os.environ["PRICING"])).json()


serve(instrument(app, excluded_urls="healthz"), "asgi")
