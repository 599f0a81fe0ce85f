"""Whose request is it: the WSGI layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_middleware._by_hand import exchange_in
from otel_middleware._layers import tenants_of
from otel_middleware.wsgi._by_hand import by_hand

if TYPE_CHECKING:
    from collections.abc import Iterable

    from otel_middleware._by_hand import CurrentSpan
    from otel_middleware.tenancy import TenantPolicy, Tenants
    from otel_middleware.wsgi._types import App, Environ, StartResponse

__all__ = ["TenantMiddleware"]


class TenantMiddleware:
    """Put the tenant on the server span.

    Stands inside ``OpenTelemetryMiddleware``, in any order with its siblings; acts before the application is called. Where no
    server span is recording it does nothing.

    Args:
        app: The WSGI application.
        tenant: A ``Tenants``, or any callable ``Request -> str | None``.

    Raises:
        ConfigurationError: When *app* or *tenant* is neither.
    """

    def __init__(self, app: App, tenant: Tenants | TenantPolicy) -> None:
        self.app = app
        self.tenants = tenants_of(app, tenant)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        exchange = exchange_in(environ)
        if exchange is None:
            return by_hand(self._tagged, self.app, environ, start_response)
        exchange.set_tenant(self.tenants.of(exchange.request, exchange.tenant_believed), self.tenants)
        return self.app(environ, start_response)

    def _tagged(self, current: CurrentSpan, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        current.set_tenant(self.tenants.of(current.request), self.tenants)
        return self.app(environ, start_response)
