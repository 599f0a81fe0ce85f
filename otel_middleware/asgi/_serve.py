"""The outermost layer: asks upstream about the request, then serves the application under the server span."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import ref

from opentelemetry.context import attach, get_current, get_value
from opentelemetry.instrumentation.utils import is_http_instrumentation_enabled

from otel_middleware._bridged import same_request
from otel_middleware._by_hand import exchange_in
from otel_middleware._context_keys import EXCHANGE_KEY
from otel_middleware._guard import guarded, say_once
from otel_middleware._silence import silenced
from otel_middleware._wire import version_in
from otel_middleware.asgi._ending import failed, returned
from otel_middleware.asgi._message_spans import MessageSpans
from otel_middleware.asgi._shadow import SPELLING, ScopeRequest, below, bound_to, peer_of, shadow
from otel_middleware.asgi._watch import Watch

if TYPE_CHECKING:
    from otel_middleware._exchange import Exchange
    from otel_middleware._plan import Plan
    from otel_middleware.asgi._types import App, Receive, Scope, Send
    from otel_middleware.exclusion import Exclusion

__all__ = ["Serve"]

_SERVED = ("http", "websocket")

_ENVIRON = "wsgi_environ"
"""Where a2wsgi leaves the environ of the WSGI request that it makes a scope of."""

_NATIVE_KEYS = {"fastapi.telemetry": None, "starlette.opentelemetry": True}
"""Private keys by which FastAPI and Starlette are told that somebody else instruments (option ``native_telemetry``)."""


class Serve:
    """What ``instrument`` returns for an ASGI application.

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
        router = plan.routes.router
        self._recording = router if router is not None and router.records else None
        self._native = _NATIVE_KEYS if self._recording is not None and plan.options.suppresses_native else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> Any:
        """Serve one connection."""
        if scope.get("type") not in _SERVED:
            return await self.app(scope, receive, send)
        if EXCHANGE_KEY in scope and (outer := exchange_in(scope)) is not None:
            self._declare_inside(outer, scope)
            return await self.app(scope, receive, send)
        if self._exclusion is not None and self._excludes(self._exclusion, scope):
            return await self._serve_silenced(scope, receive, send)
        if _ENVIRON in scope and (outer := exchange_in(scope[_ENVIRON])) is not None:
            return await self._serve_inside(outer, scope, receive, send)
        exchange = self._opened(scope)
        if exchange is None:
            return await self.app(scope, receive, send)
        return await self._serve(exchange, scope, receive, send)

    def _excludes(self, exclusion: Exclusion, scope: Scope) -> bool:
        path = scope.get("path")
        if isinstance(path, str) and exclusion.path(path):
            return True
        return exclusion.needs_request and exclusion.request(ScopeRequest(scope))

    async def _serve_silenced(self, scope: Scope, receive: Receive, send: Send) -> Any:
        if self._native is not None:
            scope.update(self._native)
        previous = get_current()
        silence = silenced(previous)
        attach(silence)
        try:
            return await self._bare(scope, receive, send)
        except GeneratorExit:
            previous = previous if get_current() is silence else get_current()
            raise
        finally:
            attach(previous)

    async def _serve_inside(self, exchange: Exchange, scope: Scope, receive: Receive, send: Send) -> Any:
        """Serve a part of the WSGI request of *exchange*, in a thread of the bridge's: there the context is empty."""
        scope[EXCHANGE_KEY] = ref(exchange)
        self._declare_inside(exchange, scope)
        previous = get_current()
        attach(exchange.context or previous)
        try:
            return await self.app(scope, receive, send)
        finally:
            attach(previous)

    def _declare_inside(self, exchange: Exchange, scope: Scope) -> None:
        """Name a request of an instrumented application outside by what was declared here."""
        routes = self.plan.routes
        if routes.declares and exchange.plan is not self.plan:
            routes.declare_inside(exchange, *below(scope, ScopeRequest(scope).path), scope)

    def _opened(self, scope: Scope) -> Exchange | None:
        """A new exchange that upstream was asked about; ``None`` when the application is to be served without telemetry."""
        current = get_current()
        if current and not is_http_instrumentation_enabled():
            return None
        exchange = None
        try:
            request = ScopeRequest(scope)
            if current and (outer := same_request(current, request)) is not None:
                scope[EXCHANGE_KEY] = ref(outer)
                self._declare_inside(outer, scope)
                return None
            exchange = self.plan.exchange(request, scope["type"], *below(scope, request.path))
            self._ask(exchange, request, scope)
        except Exception as error:  # noqa: BLE001 - before the application is entered nothing may break it
            say_once(("open", type(error)), "preparing a request", error, "it is served without telemetry")
            if exchange is not None:
                exchange.abandon()
            return None
        return exchange if exchange.span is not None else None

    def _ask(self, exchange: Exchange, request: ScopeRequest, scope: Scope) -> None:
        plan = self.plan
        connection = plan.connected(exchange, request.scheme, peer_of(scope), lambda: bound_to(scope))
        plan.routes.before(exchange, scope)
        if plan.options.default_span_details is not None:
            exchange.name_by(plan.options.default_span_details, scope)
        query, version = plan.safe_query(request.query), version_in(scope.get("http_version"))
        plan.begin(
            exchange, connection, query, version, lambda agent: shadow(exchange, connection, query, version, agent)
        )
        if plan.options.capture_request is not None:
            exchange.capture(plan.options.capture_request.attributes(request.raw_lines(), SPELLING))

    async def _serve(self, exchange: Exchange, scope: Scope, receive: Receive, send: Send) -> Any:
        scope = self._prepared(exchange, scope)
        watch = Watch(exchange, scope, receive, send)
        received: Receive = watch.receive
        sent: Send = watch.send
        previous = get_current()
        attach(exchange.context)  # type: ignore[arg-type]  # set when the span was started
        try:
            options = self.plan.options
            if options.server_request_hook is not None:
                guarded("server_request_hook", options.server_request_hook, exchange.span, scope)
            if options.message_spans:
                spans = MessageSpans(exchange, scope, options)
                received, sent = spans.receiving(received), spans.sending(sent)
            result = await self.app(scope, received, sent)
        except BaseException as error:
            if isinstance(error, GeneratorExit) and get_value(EXCHANGE_KEY) is not exchange:
                previous = get_current()  # closed from outside, in a context that is not ours to restore
            failed(exchange, scope, watch, error)
            raise
        else:
            returned(exchange, scope, watch)
            return result
        finally:
            attach(previous)

    def _prepared(self, exchange: Exchange, scope: Scope) -> Scope:
        if self._native is not None:
            scope.update(self._native)
        if self._recording is not None:
            scope = self._recording.prepared(scope)
        scope[EXCHANGE_KEY] = ref(exchange)
        return scope
