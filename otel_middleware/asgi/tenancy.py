"""Whose request is it: the ASGI layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.context import attach, get_current

from otel_middleware._by_hand import CurrentSpan, exchange_in
from otel_middleware._layers import tenants_of
from otel_middleware.asgi._shadow import ScopeRequest

if TYPE_CHECKING:
    from opentelemetry.context import Context

    from otel_middleware.asgi._types import App, Receive, Scope, Send
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

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> Any:
        """Serve one connection."""
        exchange = exchange_in(scope)
        if exchange is not None:
            exchange.set_tenant(self.tenants.of(exchange.request, exchange.tenant_believed), self.tenants)
        elif scope.get("type") in ("http", "websocket"):
            span = CurrentSpan.of(lambda: ScopeRequest(scope), scope["type"])
            if span is not None:
                return await self._tagged(span.set_tenant(self.tenants), scope, receive, send)
        return await self.app(scope, receive, send)

    async def _tagged(self, context: Context, scope: Scope, receive: Receive, send: Send) -> Any:
        previous = get_current()
        attach(context)
        try:
            return await self.app(scope, receive, send)
        finally:
            attach(previous)
