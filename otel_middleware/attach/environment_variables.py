"""The environment variables of zero-code use; ``opentelemetry-instrument`` makes a command line option of each.

``OTEL_PYTHON_MIDDLEWARE_TENANT_HEADER`` is also ``opentelemetry-instrument --middleware_tenant_header``.
"""

from __future__ import annotations

__all__ = [
    "OTEL_PYTHON_MIDDLEWARE_DISABLED",
    "OTEL_PYTHON_MIDDLEWARE_EXCLUDED_URLS",
    "OTEL_PYTHON_MIDDLEWARE_HOPS",
    "OTEL_PYTHON_MIDDLEWARE_ROUTES",
    "OTEL_PYTHON_MIDDLEWARE_TENANT_HEADER",
    "OTEL_PYTHON_MIDDLEWARE_TRUSTED_PROXIES",
]

OTEL_PYTHON_MIDDLEWARE_DISABLED = "OTEL_PYTHON_MIDDLEWARE_DISABLED"
"""``true`` leaves all servers alone."""

OTEL_PYTHON_MIDDLEWARE_EXCLUDED_URLS = "OTEL_PYTHON_MIDDLEWARE_EXCLUDED_URLS"
"""Comma-separated regular expressions, as ``excluded_urls``; unset, ``instrument`` reads upstream's variables."""

OTEL_PYTHON_MIDDLEWARE_HOPS = "OTEL_PYTHON_MIDDLEWARE_HOPS"
"""How many of the trusted proxies stand one behind the other, 1 or more."""

OTEL_PYTHON_MIDDLEWARE_ROUTES = "OTEL_PYTHON_MIDDLEWARE_ROUTES"
"""A file of declared templates: a reviewed file, or an OpenAPI document (``.json``, ``.yaml``, ``.yml``)."""

OTEL_PYTHON_MIDDLEWARE_TENANT_HEADER = "OTEL_PYTHON_MIDDLEWARE_TENANT_HEADER"
"""The request header that names the tenant."""

OTEL_PYTHON_MIDDLEWARE_TRUSTED_PROXIES = "OTEL_PYTHON_MIDDLEWARE_TRUSTED_PROXIES"
"""Comma-separated networks and addresses whose forwarded headers are believed."""
