"""A bare WSGI callable, declared routes, requests."""

import os

import requests
from opentelemetry import trace
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from serving import serve

from otel_middleware.sdk import init_telemetry
from otel_middleware.wsgi import instrument

init_telemetry(service_name="checkout-api", service_version="1.2.3", environment="test")

RequestsInstrumentor().instrument()
tracer = trace.get_tracer("checkout")


def app(environ, start_response):
    with tracer.start_as_current_span("compute_total"):
        body = requests.get(os.environ["PRICING"]).content
    start_response("200 OK", [("content-type", "application/json")])
    return [body]


serve(instrument(app, routes=["/orders/{order_id}/total"], excluded_urls="healthz"), "wsgi")
