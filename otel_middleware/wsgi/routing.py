"""Which route a request took: the WSGI layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_middleware._by_hand import CurrentSpan, exchange_in
from otel_middleware._layers import routes_of
from otel_middleware.frameworks import wsgi_router
from otel_middleware.wsgi._answer import status_code
from otel_middleware.wsgi._shadow import EnvironRequest, below

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from otel_middleware.routing.inference import InferredRoutes
    from otel_middleware.routing.resolution import Routes
    from otel_middleware.routing.table import RouteTable
    from otel_middleware.wsgi._types import App, Environ, StartResponse, Write

__all__ = ["RouteTemplateMiddleware"]


class RouteTemplateMiddleware:
    """Name the server span by the template of the route.

    Stands inside ``OpenTelemetryMiddleware``, in any order with its siblings; declared templates act before the application
    is called, a framework's when the response starts or the application has returned, inferred ones then. Where no server
    span is recording it does nothing.

    Args:
        app: The WSGI application.
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
        self.routes = routes_of(app, routes, wsgi_router)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        exchange = exchange_in(environ)
        if exchange is None:
            span = CurrentSpan.of(lambda: EnvironRequest(environ))
            if span is not None:
                return self._name(span, environ, start_response)
        elif exchange.plan.routes is not self.routes:
            self.routes.declare_inside(exchange, *below(environ), environ)
        return self.app(environ, start_response)

    def _name(self, span: CurrentSpan, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        root, path = below(environ)
        if span.declare(self.routes, path, environ):
            return self.app(environ, start_response)
        code: int | None = None
        told = False

        def watched(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Write:
            nonlocal code, told
            code = status_code(status)
            told = span.ask(self.routes, root, path, environ)
            return start_response(status, headers, *exc_info)

        try:
            body = self.app(environ, watched)
        except BaseException:
            if not told:
                span.ask(self.routes, root, path, environ)
            raise
        if not told and not span.ask(self.routes, root, path, environ, body):
            span.infer(self.routes, code)
        return body
