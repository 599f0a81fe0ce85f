"""Middleware for WSGI applications; :mod:`otel_middleware.asgi` has the same names."""

from otel_middleware.wsgi.routing import RouteTemplateMiddleware
from otel_middleware.wsgi.sanitization import SanitizationMiddleware
from otel_middleware.wsgi.stack import instrument
from otel_middleware.wsgi.status import ErrorStatusMiddleware
from otel_middleware.wsgi.tenancy import TenantMiddleware

__all__ = [
    "ErrorStatusMiddleware",
    "RouteTemplateMiddleware",
    "SanitizationMiddleware",
    "TenantMiddleware",
    "instrument",
]
