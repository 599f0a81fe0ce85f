"""Which route a request took: the ASGI layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_middleware._by_hand import CurrentSpan, exchange_in
from otel_middleware._layers import routes_of
from otel_middleware.asgi._shadow import ScopeRequest, below
from otel_middleware.frameworks import asgi_router

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from otel_middleware.asgi._types import App, Message, Receive, Scope, Send
    from otel_middleware.routing.inference import InferredRoutes
    from otel_middleware.routing.resolution import Routes
    from otel_middleware.routing.table import RouteTable

__all__ = ["RouteTemplateMiddleware"]

_STARTS = frozenset({"http.response.start", "websocket.accept", "websocket.close", "websocket.http.response.start"})


class RouteTemplateMiddleware:
    """Name the server span by the template of the route.

    Stands inside ``OpenTelemetryMiddleware``, in any order with its siblings; declared templates act before the application is
    called, a framework's and inferred ones when the response starts. Where no server span is recording it does nothing.

    Args:
        app: The ASGI application.
        routes: As the option ``routes`` of ``instrument``.

    Raises:
        ConfigurationError: When *app* is no application or *routes* no source of templates.
    """

    def __init__(
        self,
        app: App,
        routes: RouteTable | InferredRoutes | Iterable[str] | Callable[[Any], str | None] | Routes | None = None,
    ) -> None:
        self.app = app
        self.routes = routes_of(app, routes, asgi_router)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> Any:
        """Serve one connection."""
        exchange = exchange_in(scope)
        if exchange is not None:
            if exchange.plan.routes is not self.routes:
                self.routes.declare_inside(exchange, *below(scope, ScopeRequest(scope).path), scope)
        elif scope.get("type") in ("http", "websocket"):
            span = CurrentSpan.of(lambda: ScopeRequest(scope), scope["type"])
            if span is not None:
                return await self._name(span, scope, receive, send)
        return await self.app(scope, receive, send)

    async def _name(self, span: CurrentSpan, scope: Scope, receive: Receive, send: Send) -> Any:
        router = self.routes.router
        root, path = below(scope, span.request.path)
        if span.declare(self.routes, path, scope):
            return await self.app(scope, receive, send)
        given = scope if router is None else router.prepared(scope)
        told = False

        async def watched(message: Message) -> None:
            nonlocal told
            if message["type"] in _STARTS:
                told = span.ask(self.routes, root, path, given)
                if not told:
                    span.infer(self.routes, message.get("status"))
            await send(message)

        try:
            return await self.app(given, receive, watched)
        except BaseException:
            if not told:
                span.ask(self.routes, root, path, given)
            raise
