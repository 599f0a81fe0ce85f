"""The outermost layer: asks upstream about the request, then serves the application under the server span."""

from __future__ import annotations

from asyncio import CancelledError
from typing import TYPE_CHECKING

from opentelemetry.context import attach, get_current
from opentelemetry.instrumentation.utils import is_http_instrumentation_enabled

from otel_middleware._by_hand import exchange_in
from otel_middleware._exchange import EXCHANGE_KEY
from otel_middleware._guard import guarded, say_once
from otel_middleware._silence import silenced
from otel_middleware.asgi._message_spans import MessageSpans
from otel_middleware.asgi._shadow import ScopeRequest, below, bound_to, peer_of, shadow
from otel_middleware.asgi._watch import Watch

if TYPE_CHECKING:
    from otel_middleware._exchange import Exchange
    from otel_middleware._plan import Plan
    from otel_middleware.asgi._types import App, Receive, Scope, Send

__all__ = ["Serve"]

_SERVED = frozenset({"http", "websocket"})

_NATIVE_KEYS = {"fastapi.telemetry": None, "starlette.opentelemetry": True}
"""Private keys by which FastAPI and Starlette are told that somebody else instruments (option ``native_telemetry``)."""


class Serve:
    """What ``instrument`` returns for an ASGI application.

    Args:
        app: The inner layers around the application.
        plan: What the stack was built with.
    """

    def __init__(self, app: App, plan: Plan) -> None:
        self.app = app
        self.plan = plan

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] not in _SERVED or exchange_in(scope) is not None:
            await self.app(scope, receive, send)
        elif self._excludes(scope):
            await self._serve_silenced(scope, receive, send)
        else:
            exchange = self._opened(scope)
            if exchange is None:
                await self.app(scope, receive, send)
            else:
                await self._serve(exchange, scope, receive, send)

    def _excludes(self, scope: Scope) -> bool:
        exclusion = self.plan.options.exclusion
        if exclusion is None:
            return False
        path = scope.get("path")
        if isinstance(path, str) and exclusion.path(path):
            return True
        return exclusion.needs_request and exclusion.request(ScopeRequest(scope))

    async def _serve_silenced(self, scope: Scope, receive: Receive, send: Send) -> None:
        previous = get_current()
        attach(silenced(previous))
        try:
            await self.app(scope, receive, send)
        finally:
            attach(previous)

    def _opened(self, scope: Scope) -> Exchange | None:
        """A new exchange that upstream was asked about; ``None`` when the application is to be served without telemetry."""
        if get_current() and not is_http_instrumentation_enabled():
            return None
        try:
            exchange = self._asked(scope)
        except Exception as error:  # noqa: BLE001 - before the application is entered nothing may break it
            say_once(("open", type(error)), "preparing a request", error, "it is served without telemetry")
            return None
        return exchange if exchange.span is not None else None

    def _asked(self, scope: Scope) -> Exchange:
        plan = self.plan
        request = ScopeRequest(scope)
        exchange = plan.exchange(request, scope["type"], *below(scope, request.path))
        connection = plan.connected(exchange, request.scheme, peer_of(scope), bound_to(scope))
        plan.routes.before(exchange, scope)
        if plan.options.default_span_details is not None:
            exchange.name_by(plan.options.default_span_details, scope)
        plan.ask(exchange, shadow(exchange, connection, scope))
        if plan.options.capture_request is not None:
            exchange.capture(plan.options.capture_request.attributes(request.header_lines()))
        return exchange

    async def _serve(self, exchange: Exchange, scope: Scope, receive: Receive, send: Send) -> None:
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
            await self.app(scope, received, sent)
        except BaseException as error:
            _raised(exchange, scope, watch, error)
            raise
        else:
            _returned(exchange, scope)
        finally:
            attach(previous)

    def _prepared(self, exchange: Exchange, scope: Scope) -> Scope:
        router = self.plan.routes.router
        if router is not None and router.records:
            if self.plan.options.suppresses_native:
                scope.update(_NATIVE_KEYS)
            scope = router.prepared(scope)
        scope[EXCHANGE_KEY] = exchange
        return scope


def _raised(exchange: Exchange, scope: Scope, watch: Watch, error: BaseException) -> None:
    if exchange.over:
        if isinstance(error, Exception) and not _is(error, watch.send_error):
            guarded("background", exchange.background_failed, error)
        return
    if isinstance(error, GeneratorExit):
        exchange.cancelled = True
    elif isinstance(error, CancelledError):
        exchange.cancelled = not exchange.client_left
    elif (isinstance(watch.send_error, OSError) and _is(error, watch.send_error)) or _tells_of_disconnect(
        exchange, error
    ):
        exchange.client_left = True
    else:
        exchange.error = error
    exchange.plan.routes.told(exchange, scope)
    exchange.finish()


def _returned(exchange: Exchange, scope: Scope) -> None:
    if not exchange.over:
        exchange.plan.routes.told(exchange, scope)
        exchange.finish()


def _is(error: BaseException, sent: BaseException | None) -> bool:
    """Whether *error* is the very error that ``send`` raised, or was raised from it."""
    return sent is not None and (error is sent or error.__cause__ is sent or error.__context__ is sent)


def _tells_of_disconnect(exchange: Exchange, error: BaseException) -> bool:
    """Whether a framework only says with *error* that the client has left, as Starlette's ``ClientDisconnect`` does."""
    return exchange.client_left and "Disconnect" in type(error).__name__
