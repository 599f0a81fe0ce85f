"""What servers know of a client and tell no application: read from the insides of uvicorn, hypercorn and Daphne."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from otel_middleware._guard import guarded

if TYPE_CHECKING:
    from otel_middleware.asgi._types import Receive, Send

__all__ = ["has_left"]


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
