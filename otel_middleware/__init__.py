"""Framework-grade OpenTelemetry spans and metrics for any ASGI or WSGI callable.

    from otel_middleware.asgi import instrument      # WSGI: otel_middleware.wsgi
    app = instrument(app)

This module holds the protocol-neutral vocabulary; :mod:`otel_middleware.asgi` and :mod:`otel_middleware.wsgi` hold the
middleware.
"""

from otel_middleware._application import bound, record_error, server_span, set_route, set_tenant
from otel_middleware._instrument import instrument
from otel_middleware._version import __version__
from otel_middleware.errors import ConfigurationError
from otel_middleware.request import Request, Response
from otel_middleware.routing.inference import InferredRoutes
from otel_middleware.routing.table import RouteTable
from otel_middleware.sanitization import Sanitizer
from otel_middleware.status import ErrorStatuses
from otel_middleware.tenancy import TenantFromClaim, TenantFromHeader, TenantFromHost, TenantFromPath, Tenants, first_of
from otel_middleware.trust import TrustPolicy

__all__ = [
    "ConfigurationError",
    "ErrorStatuses",
    "InferredRoutes",
    "Request",
    "Response",
    "RouteTable",
    "Sanitizer",
    "TenantFromClaim",
    "TenantFromHeader",
    "TenantFromHost",
    "TenantFromPath",
    "Tenants",
    "TrustPolicy",
    "__version__",
    "bound",
    "first_of",
    "instrument",
    "record_error",
    "server_span",
    "set_route",
    "set_tenant",
]
