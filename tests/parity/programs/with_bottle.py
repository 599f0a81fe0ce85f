"""Bottle, requests."""

import os

import bottle
import requests
from opentelemetry import trace
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from serving import serve

from otel_middleware.sdk import init_telemetry
from otel_middleware.wsgi import instrument

init_telemetry(service_name="checkout-api", service_version="1.2.3", environment="test")

RequestsInstrumentor().instrument()
tracer = trace.get_tracer("checkout")
app = bottle.Bottle()


@app.get("/orders/<order_id>/total")
def total(order_id):
    with tracer.start_as_current_span("compute_total"):
        return requests.get(os.environ["PRICING"]).json()


serve(instrument(app, excluded_urls="healthz"), "wsgi")
