"""The outermost layer: asks upstream about the request, then serves the application under the server span."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import ref

from opentelemetry.context import attach, get_current
from opentelemetry.instrumentation.utils import is_http_instrumentation_enabled

from otel_middleware._bridged import same_request
from otel_middleware._by_hand import exchange_in
from otel_middleware._context_keys import EXCHANGE_KEY
from otel_middleware._guard import guarded, say_once
from otel_middleware._silence import silenced
from otel_middleware._wire import version_in
from otel_middleware.wsgi._ending import failed
from otel_middleware.wsgi._given import silent_body, watched_body
from otel_middleware.wsgi._shadow import SPELLING, EnvironRequest, below, bound_to, decoded, peer_of, shadow
from otel_middleware.wsgi._watch import Watch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from otel_middleware._exchange import Exchange
    from otel_middleware._plan import Plan
    from otel_middleware.exclusion import Exclusion
    from otel_middleware.wsgi._types import App, Environ, StartResponse

__all__ = ["Serve"]


class Serve:
    """What ``instrument`` returns for a WSGI application.

    Args:
        app: The inner layers around the application.
        plan: What the stack was built with.
        bare: The application, which serves what is excluded.
    """

    def __init__(self, app: App, plan: Plan, bare: App) -> None:
        self.app = app
        self.plan = plan
        self._bare = bare
        self._exclusion = plan.options.exclusion

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        if EXCHANGE_KEY in environ and (outer := exchange_in(environ)) is not None:
            self._declare_inside(outer, environ)
            return self.app(environ, start_response)
        if self._exclusion is not None and self._excludes(self._exclusion, environ):
            return self._serve_silenced(environ, start_response)
        exchange = self._opened(environ)
        if exchange is None:
            return self.app(environ, start_response)
        return self._serve(exchange, environ, start_response)

    def _excludes(self, exclusion: Exclusion, environ: Environ) -> bool:
        root, path = environ.get("SCRIPT_NAME"), decoded(environ.get("PATH_INFO"))
        if exclusion.path(decoded(root) + path if root else path):
            return True
        return exclusion.needs_request and exclusion.request(EnvironRequest(environ))

    def _serve_silenced(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        previous = get_current()
        silence = silenced(previous)
        attach(silence)
        try:
            body = self._bare(environ, start_response)
        finally:
            attach(previous)
        return body if type(body) in (list, tuple) else silent_body(environ, body, silence)

    def _declare_inside(self, exchange: Exchange, environ: Environ) -> None:
        """Name a request of an instrumented application outside by what was declared here."""
        routes = self.plan.routes
        if routes.declares and exchange.plan is not self.plan:
            routes.declare_inside(exchange, *below(environ), environ)

    def _opened(self, environ: Environ) -> Exchange | None:
        """A new exchange that upstream was asked about; ``None`` when the application is to be served without telemetry."""
        current = get_current()
        if current and not is_http_instrumentation_enabled():
            return None
        exchange = None
        try:
            request = EnvironRequest(environ)
            if current and (outer := same_request(current, request)) is not None:
                environ[EXCHANGE_KEY] = ref(outer)
                self._declare_inside(outer, environ)
                return None
            exchange = self.plan.exchange(request, "http", *request.below)
            self._ask(exchange, environ)
        except Exception as error:  # noqa: BLE001 - before the application is entered nothing may break it
            say_once(("open", type(error)), "preparing a request", error, "it is served without telemetry")
            if exchange is not None:
                exchange.abandon()
            return None
        return exchange if exchange.span is not None else None

    def _ask(self, exchange: Exchange, environ: Environ) -> None:
        plan, request = self.plan, exchange.request
        connection = plan.connected(exchange, request.scheme, peer_of(environ), lambda: bound_to(environ))
        plan.routes.before(exchange, environ)
        query, version = plan.safe_query(request.query), version_in(environ.get("SERVER_PROTOCOL"))
        plan.begin(
            exchange,
            connection,
            query,
            version,
            lambda agent: shadow(exchange, connection, environ, query, version, agent),
        )
        if plan.options.capture_request is not None:
            exchange.capture(plan.options.capture_request.attributes(environ.items(), SPELLING))

    def _serve(self, exchange: Exchange, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        environ[EXCHANGE_KEY] = ref(exchange)
        watch = Watch(exchange, environ, start_response)
        previous = get_current()
        attach(exchange.context)  # type: ignore[arg-type]  # set when the span was started
        try:
            hook = self.plan.options.server_request_hook
            if hook is not None:
                guarded("server_request_hook", hook, exchange.span, environ)
            body = self.app(environ, watch.start_response)
        except BaseException as error:
            exchange.plan.routes.told(exchange, environ)
            failed(watch, error)
            raise
        else:
            exchange.plan.routes.told(exchange, environ, body)
            context = get_current()
        finally:
            attach(previous)
        return watched_body(watch, environ, body, context)  # type: ignore[no-any-return]
