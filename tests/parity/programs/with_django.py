"""Django, requests."""

import os

import requests
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import path
from opentelemetry import trace
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from serving import serve

from otel_middleware.sdk import init_telemetry
from otel_middleware.wsgi import instrument

init_telemetry(service_name="checkout-api", service_version="1.2.3", environment="test")

RequestsInstrumentor().instrument()
tracer = trace.get_tracer("checkout")


def total(request, order_id):
    with tracer.start_as_current_span("compute_total"):
        return JsonResponse(requests.get(os.environ["PRICING"]).json())


urlpatterns = [path("orders/<int:order_id>/total", total)]
settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="x")
serve(instrument(get_wsgi_application(), excluded_urls="healthz"), "wsgi")
