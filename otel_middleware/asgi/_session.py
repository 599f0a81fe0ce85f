"""What is said in a websocket's session, noted on the exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from otel_middleware._exchange import Exchange
    from otel_middleware.asgi._types import Message, Scope

__all__ = ["received_in_session", "sent_in_session"]

_NORMAL_CLOSURE = 1000  # ASGI: the default code of websocket.close


def received_in_session(exchange: Exchange, kind: str, message: Message) -> None:
    """Note what the client sent, or that it has left."""
    if kind == "websocket.receive":
        exchange.count_message(0)
        exchange.bytes_received += _size(message)
    elif kind == "websocket.disconnect":
        exchange.client_left = not exchange.complete
        if exchange.closed_by is None:
            exchange.closed_by, exchange.close_code = "client", message.get("code")


def sent_in_session(exchange: Exchange, scope: Scope, kind: Any, message: Message) -> None:
    """Note what the application sent; *scope* is where its framework leaves the route."""
    if kind == "websocket.send":
        exchange.count_message(1)
        if exchange.bytes_sent is not None:
            exchange.bytes_sent += _size(message)
        return
    exchange.plan.routes.told(exchange, scope)
    if kind == "websocket.accept":
        exchange.accepted, exchange.messages = True, [0, 0]
    elif kind == "websocket.close" and exchange.closed_by is None:
        exchange.closed_by, exchange.close_code = "application", message.get("code") or _NORMAL_CLOSURE


def _size(message: Message) -> int:
    data = message.get("bytes")
    if data is not None:
        return len(data)
    text = message.get("text") or ""
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
