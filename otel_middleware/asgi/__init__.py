"""Middleware for ASGI applications; :mod:`otel_middleware.wsgi` has the same names."""

from otel_middleware.asgi.routing import RouteTemplateMiddleware
from otel_middleware.asgi.sanitization import SanitizationMiddleware
from otel_middleware.asgi.stack import instrument
from otel_middleware.asgi.status import ErrorStatusMiddleware
from otel_middleware.asgi.tenancy import TenantMiddleware

__all__ = [
    "ErrorStatusMiddleware",
    "RouteTemplateMiddleware",
    "SanitizationMiddleware",
    "TenantMiddleware",
    "instrument",
]
