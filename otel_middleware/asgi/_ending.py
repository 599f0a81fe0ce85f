"""How a connection ends: the application raises, or returns."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from otel_middleware._child_spans import background_failed
from otel_middleware._guard import guarded
from otel_middleware._outcome import is_cancellation, tells_of_client

if TYPE_CHECKING:
    from otel_middleware._exchange import Exchange
    from otel_middleware.asgi._types import Receive, Scope, Send
    from otel_middleware.asgi._watch import Watch

__all__ = ["failed", "has_left", "returned"]


def failed(exchange: Exchange, scope: Scope, watch: Watch, error: BaseException) -> None:
    """Note that the application raised *error*: after a complete response it is background work that failed."""
    gone = _tells_of_disconnect(exchange, watch, error)
    if exchange.over:
        if not gone and not is_cancellation(error):
            guarded("background", background_failed, exchange, error)
        return
    if is_cancellation(error):
        exchange.cancelled = not exchange.client_left
    elif gone:
        exchange.client_left = True
        if exchange.accepted and exchange.closed_by is None:
            exchange.closed_by = "client"
    else:
        exchange.error = error
    exchange.plan.routes.told(exchange, scope)
    exchange.finish()


def returned(exchange: Exchange, scope: Scope, watch: Watch) -> None:
    """Note that the application has returned."""
    if not exchange.over:
        watch.look_for_client()
        exchange.plan.routes.told(exchange, scope)
        exchange.finish()


def _tells_of_disconnect(exchange: Exchange, watch: Watch, error: BaseException) -> bool:
    """Whether *error* only says that the client has left.

    It is the server's own, told by identity and not by type: a database's ``ConnectionError`` is the application's. Or a
    framework says so, as Starlette's ``ClientDisconnect`` does, of a client that was seen leaving.
    """
    if watch.caused(error):
        return exchange.client_left or tells_of_client(watch.server_error)
    return exchange.client_left and "Disconnect" in type(error).__name__


def has_left(receive: Receive, send: Send, *, streamed: bool) -> bool:
    """Whether the objects that *receive* and *send* belong to know that the client has left.

    uvicorn, hypercorn and Daphne drop silently what is sent to such a client. uvicorn notes it when its event loop runs again:
    while an application streams without letting it run, the transport knows, which a failed write has closed.
    """
    receiver, sender = getattr(receive, "__self__", None), getattr(send, "__self__", None)
    if getattr(receiver, "disconnected", False) is True or getattr(sender, "closed", False) is True:
        return True
    if sender is None:
        return isinstance(send, partial) and bool(guarded("looking for a client", _has_left_daphne, send))
    transport = getattr(receiver, "transport", None) if streamed else None
    return transport is not None and guarded("looking for a client", transport.is_closing) is True


def _has_left_daphne(send: partial[Any]) -> bool:
    """Daphne's ``send`` is a ``partial`` of a method of its server, with the connection."""
    connections = getattr(getattr(send.func, "__self__", None), "connections", None)
    if not isinstance(connections, dict):
        return False
    connection = connections.get(send.args[0])
    return connection is None or "disconnected" in connection
