"""How a connection ends: the application raises, or returns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_middleware._child_spans import background_failed
from otel_middleware._guard import guarded
from otel_middleware._outcome import is_cancellation, tells_of_client

if TYPE_CHECKING:
    from otel_middleware._exchange import Exchange
    from otel_middleware.asgi._types import Scope
    from otel_middleware.asgi._watch import Watch

__all__ = ["failed", "returned"]


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
        exchange.forsaken()
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
