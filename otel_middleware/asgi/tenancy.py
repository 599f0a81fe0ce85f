"""Whose request is it: the ASGI layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_middleware._by_hand import exchange_in
from otel_middleware._layers import tenants_of
from otel_middleware.asgi._by_hand import by_hand

if TYPE_CHECKING:
    from otel_middleware._by_hand import CurrentSpan
    from otel_middleware.asgi._types import AnyReceive, AnySend, App, Receive, Scope, Send
    from otel_middleware.tenancy import TenantPolicy, Tenants

__all__ = ["TenantMiddleware"]


class TenantMiddleware:
    """Put the tenant on the server span.

    Stands inside ``OpenTelemetryMiddleware``, in any order with its siblings; acts before the application is called. Where no
    server span is recording it does nothing.

    Args:
        app: The ASGI application.
        tenant: A ``Tenants``, or any callable ``Request -> str | None``.

    Raises:
        ConfigurationError: When *app* or *tenant* is neither.
    """

    def __init__(self, app: App, tenant: Tenants | TenantPolicy) -> None:
        self.app = app
        self.tenants = tenants_of(app, tenant)

    async def __call__(self, scope: Any, receive: AnyReceive, send: AnySend) -> Any:
        """Serve one connection."""
        exchange = exchange_in(scope)
        if exchange is None:
            return await by_hand(self._tagged, self.app, scope, receive, send)
        exchange.set_tenant(self.tenants.of(exchange.request, exchange.tenant_believed), self.tenants)
        return await self.app(scope, receive, send)

    async def _tagged(self, current: CurrentSpan, scope: Scope, receive: Receive, send: Send) -> Any:
        current.set_tenant(self.tenants.of(current.request), self.tenants)
        return await self.app(scope, receive, send)
