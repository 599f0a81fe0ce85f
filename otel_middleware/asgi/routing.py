"""Which route a request took: the ASGI layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_middleware._by_hand import exchange_in
from otel_middleware._by_hand_route import ask, declare, infer
from otel_middleware._layers import routes_of
from otel_middleware.asgi._by_hand import by_hand
from otel_middleware.asgi._shadow import ScopeRequest, below
from otel_middleware.frameworks import asgi_router

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from otel_middleware._by_hand import CurrentSpan
    from otel_middleware.asgi._types import AnyReceive, AnySend, App, Message, Receive, Scope, Send
    from otel_middleware.routing.inference import InferredRoutes
    from otel_middleware.routing.table import RouteTable

__all__ = ["RouteTemplateMiddleware"]

_STARTS = ("http.response.start", "websocket.accept", "websocket.close", "websocket.http.response.start")


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
        routes: RouteTable | InferredRoutes | Iterable[str] | Callable[[Any], str | None] | None = None,
    ) -> None:
        self.app = app
        self.routes = routes_of(app, routes, asgi_router)

    async def __call__(self, scope: Any, receive: AnyReceive, send: AnySend) -> Any:
        """Serve one connection."""
        exchange = exchange_in(scope)
        if exchange is None:
            return await by_hand(self._named, self.app, scope, receive, send)
        self.routes.declare_inside(exchange, *below(scope, ScopeRequest(scope).path), scope)
        return await self.app(scope, receive, send)

    async def _named(self, current: CurrentSpan, scope: Scope, receive: Receive, send: Send) -> Any:
        routes = self.routes
        root, path = below(scope, ScopeRequest(scope).path)
        if declare(current, routes, path, scope):
            return await self.app(scope, receive, send)
        given = scope if routes.router is None else routes.router.prepared(scope)
        told = False

        async def watched(message: Message) -> None:
            nonlocal told
            if message["type"] in _STARTS:
                told = ask(current, routes, root, path, given)
                if not told:
                    infer(current, routes, path, message.get("status"))
            await send(message)

        try:
            return await self.app(given, receive, watched)
        except BaseException:
            if not told and not ask(current, routes, root, path, given):
                infer(current, routes, path, None)
            raise
