"""Which route a request took: the WSGI layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_middleware._by_hand import exchange_in
from otel_middleware._by_hand_route import ask, declare, infer
from otel_middleware._layers import routes_of
from otel_middleware.frameworks import wsgi_router
from otel_middleware.wsgi._answer import status_code
from otel_middleware.wsgi._by_hand import by_hand
from otel_middleware.wsgi._shadow import below

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from otel_middleware._by_hand import CurrentSpan
    from otel_middleware.routing.inference import InferredRoutes
    from otel_middleware.routing.table import RouteTable
    from otel_middleware.wsgi._types import App, Environ, StartResponse, Write

__all__ = ["RouteTemplateMiddleware"]


class RouteTemplateMiddleware:
    """Name the server span by the template of the route.

    Stands inside ``OpenTelemetryMiddleware``, in any order with its siblings; declared templates act before the application
    is called, a framework's when the response starts or the application has returned, inferred ones then, too. Where no
    server span is recording it does nothing.

    Args:
        app: The WSGI application.
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
        self.routes = routes_of(app, routes, wsgi_router)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        exchange = exchange_in(environ)
        if exchange is None:
            return by_hand(self._named, self.app, environ, start_response)
        self.routes.declare_inside(exchange, *below(environ), environ)
        return self.app(environ, start_response)

    def _named(self, current: CurrentSpan, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        routes = self.routes
        root, path = below(environ)
        if declare(current, routes, path, environ):
            return self.app(environ, start_response)
        code: int | None = None
        told = returned = False

        def watched(status: str, headers: list[tuple[str, str]], *exc_info: Any, **named: Any) -> Write:
            nonlocal code, told
            first, code = code is None, status_code(status)
            told = ask(current, routes, root, path, environ)
            if returned and first and not told:  # a generator starts its response in its first step
                infer(current, routes, path, code)
            return start_response(status, headers, *exc_info, **named)

        try:
            body = self.app(environ, watched)
        except BaseException:
            if not told and not ask(current, routes, root, path, environ):
                infer(current, routes, path, None)
            raise
        returned = True
        if not told and not ask(current, routes, root, path, environ, body):
            infer(current, routes, path, code)
        return body
