"""Whose request is it: the WSGI layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.context import attach, get_current

from otel_middleware._by_hand import CurrentSpan, exchange_in
from otel_middleware._layers import tenants_of
from otel_middleware.wsgi._shadow import EnvironRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opentelemetry.context import Context

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
        if exchange is not None:
            exchange.set_tenant(self.tenants.of(exchange.request, exchange.tenant_believed), self.tenants)
        else:
            span = CurrentSpan.of(lambda: EnvironRequest(environ))
            if span is not None:
                return self._tagged(span.set_tenant(self.tenants), environ, start_response)
        return self.app(environ, start_response)

    def _tagged(self, context: Context, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        previous = get_current()
        attach(context)
        try:
            return self.app(environ, start_response)
        finally:
            attach(previous)
