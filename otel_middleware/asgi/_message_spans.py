"""Upstream's spans around single messages, for those who ask for them: ``{name} http send`` and the like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.context import attach, get_current
from opentelemetry.trace import set_span_in_context

from otel_middleware._child_spans import message_span, put_status
from otel_middleware._guard import guarded

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.trace import Span

    from otel_middleware._exchange import Exchange
    from otel_middleware._options import Options
    from otel_middleware.asgi._types import Message, Receive, Scope, Send

__all__ = ["MessageSpans"]

_EVENT_TYPE = "asgi.event.type"

_STARTS = frozenset({"http.response.start", "websocket.accept", "websocket.http.response.start"})
"""With these the route is known: their span has it in its name."""

_STATUS_OF_FRAMES = {"websocket.receive": 200, "websocket.send": 200}
"""The status that upstream gives to the span of a websocket message."""


class MessageSpans:
    """Spans around ``receive`` and ``send`` calls, children of the server span, as upstream's class makes them.

    Args:
        exchange: The request.
        scope: What hooks are given.
        options: Which spans are wanted, and the client hooks.
    """

    def __init__(self, exchange: Exchange, scope: Scope, options: Options) -> None:
        self._exchange = exchange
        self._scope = scope
        self._options = options

    def receiving(self, receive: Receive) -> Receive:
        """*receive* with a span around each call."""
        if "receive" not in self._options.message_spans:
            return receive
        hook = self._options.client_request_hook

        async def received() -> Message:
            span = message_span(self._exchange, "receive")
            previous = get_current()
            inner = set_span_in_context(span, previous)
            attach(inner)
            try:
                message = await receive()
                self._note("client_request_hook", hook, span, message)
                return message
            finally:
                if get_current() is inner:  # else closed from outside, in a context that is not ours to restore
                    attach(previous)
                span.end()

        return received

    def sending(self, send: Send) -> Send:
        """*send* with a span before each call."""
        if "send" not in self._options.message_spans:
            return send
        hook = self._options.client_response_hook

        async def sent(message: Message) -> None:
            guarded("a message span", self._ask_for_route, message)
            span = message_span(self._exchange, "send")
            previous = get_current()
            attach(set_span_in_context(span, previous))
            try:
                self._note("client_response_hook", hook, span, message)
            finally:
                attach(previous)
                span.end()
            await send(message)

        return sent

    def _ask_for_route(self, message: Message) -> None:
        if message["type"] in _STARTS:
            self._exchange.plan.routes.told(self._exchange, self._scope)

    def _note(self, name: str, hook: Callable[..., Any] | None, span: Span, message: Message) -> None:
        if hook is not None:
            guarded(name, hook, span, self._scope, message)
        guarded("a message span", self._describe, span, message)

    def _describe(self, span: Span, message: Message) -> None:
        kind = message["type"]
        span.set_attribute(_EVENT_TYPE, kind)
        status = message["status"] if kind == "http.response.start" else _STATUS_OF_FRAMES.get(kind)
        if isinstance(status, int):
            put_status(self._exchange, span, status)
