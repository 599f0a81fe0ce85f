"""Starlette, its list of middleware, httpx."""

import os

import httpx
from opentelemetry import trace
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from serving import serve
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.routing import Route

from otel_middleware.asgi import instrument
from otel_middleware.sdk import init_telemetry

init_telemetry(service_name="checkout-api", service_version="1.2.3", environment="test")

HTTPXClientInstrumentor().instrument()
tracer = trace.get_tracer("checkout")


async def total(request):
    with tracer.start_as_current_span("compute_total"):
        async with httpx.AsyncClient() as client:
            return JSONResponse((await client.get(os.environ["PRICING"])).json())


routes = [Route("/orders/{order_id}/total", total)]
serve(Starlette(routes=routes, middleware=[Middleware(instrument, excluded_urls="healthz")]), "asgi")
