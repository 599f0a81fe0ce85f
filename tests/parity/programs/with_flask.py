"""Flask, requests."""

import os

import flask
import requests
from opentelemetry import trace
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from serving import serve

from otel_middleware.sdk import init_telemetry
from otel_middleware.wsgi import instrument

init_telemetry(service_name="checkout-api", service_version="1.2.3", environment="test")

RequestsInstrumentor().instrument()
tracer = trace.get_tracer("checkout")
app = flask.Flask("checkout")


@app.get("/orders/<order_id>/total")
def total(order_id):
    with tracer.start_as_current_span("compute_total"):
        return requests.get(os.environ["PRICING"]).json()


app.wsgi_app = instrument(app.wsgi_app, excluded_urls="healthz")
serve(app, "wsgi")
