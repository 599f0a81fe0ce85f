"""Framework-grade OpenTelemetry spans and metrics for any ASGI or WSGI callable.

    from otel_middleware.asgi import instrument      # WSGI: otel_middleware.wsgi
    app = instrument(app)

This module holds the protocol-neutral vocabulary; :mod:`otel_middleware.asgi` and :mod:`otel_middleware.wsgi` hold the
middleware.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from otel_middleware._application import bound, record_error, server_span, set_route, set_tenant
    from otel_middleware._instrument import instrument
    from otel_middleware._version import __version__
    from otel_middleware.errors import ConfigurationError
    from otel_middleware.request import Request, Response
    from otel_middleware.routing.inference import InferredRoutes
    from otel_middleware.routing.table import RouteTable
    from otel_middleware.sanitization import Sanitizer
    from otel_middleware.status import ErrorStatuses
    from otel_middleware.tenancy import (
        TenantFromClaim,
        TenantFromHeader,
        TenantFromHost,
        TenantFromPath,
        Tenants,
        first_of,
    )
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

_HOMES = {
    "_application": ("bound", "record_error", "server_span", "set_route", "set_tenant"),
    "_instrument": ("instrument",),
    "_version": ("__version__",),
    "errors": ("ConfigurationError",),
    "request": ("Request", "Response"),
    "routing.inference": ("InferredRoutes",),
    "routing.table": ("RouteTable",),
    "sanitization": ("Sanitizer",),
    "status": ("ErrorStatuses",),
    "tenancy": ("TenantFromClaim", "TenantFromHeader", "TenantFromHost", "TenantFromPath", "Tenants", "first_of"),
    "trust": ("TrustPolicy",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

if not TYPE_CHECKING:  # a type checker would take any name for an attribute

    def __getattr__(name: str) -> object:
        """Import what a public name stands for when it is first asked for (PEP 562): a service pays for what it uses."""
        home = _HOME_OF.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(f"{__name__}.{home}"), name)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
