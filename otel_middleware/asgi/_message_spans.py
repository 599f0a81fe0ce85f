"""Upstream's spans around single messages, for those who ask for them: ``{name} http send`` and the like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.trace import Status, StatusCode, use_span

from otel_middleware._guard import guarded

if TYPE_CHECKING:
    from otel_middleware._exchange import Exchange
    from otel_middleware._options import Options
    from otel_middleware.asgi._types import Message, Receive, Scope, Send

__all__ = ["MessageSpans"]

_EVENT_TYPE = "asgi.event.type"
_SERVER_ERROR = 500


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
            span = self._exchange.message_span("receive")
            with use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
                message = await receive()
                if hook is not None:
                    guarded("client_request_hook", hook, span, self._scope, message)
                span.set_attribute(_EVENT_TYPE, message["type"])
            return message

        return received

    def sending(self, send: Send) -> Send:
        """*send* with a span before each call."""
        if "send" not in self._options.message_spans:
            return send
        hook = self._options.client_response_hook

        async def sent(message: Message) -> None:
            span = self._exchange.message_span("send")
            if hook is not None:
                guarded("client_response_hook", hook, span, self._scope, message)
            if message["type"] == "http.response.start":
                self._exchange.put_status(span, message["status"])
                if message["status"] >= _SERVER_ERROR:
                    span.set_status(Status(StatusCode.ERROR))
            span.set_attribute(_EVENT_TYPE, message["type"])
            span.end()
            await send(message)

        return sent
