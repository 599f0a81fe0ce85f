"""A layer that stands by itself: which server span it acts on, and what the outermost one does for all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.context import attach, get_current, get_value

from otel_middleware._by_hand import opened, shared
from otel_middleware._context_keys import BY_HAND_KEY
from otel_middleware.asgi._answer import lines
from otel_middleware.asgi._shadow import ScopeRequest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from otel_middleware._by_hand import CurrentSpan
    from otel_middleware.asgi._types import App, Message, Receive, Scope, Send

__all__ = ["by_hand"]

_SERVED = ("http", "websocket")
_STARTS = ("http.response.start", "websocket.http.response.start")


async def by_hand(
    layer: Callable[[CurrentSpan, Scope, Receive, Send], Awaitable[Any]],
    app: App,
    scope: Scope,
    receive: Receive,
    send: Send,
) -> Any:
    """Serve one connection that has no exchange: by *layer* where a server span is recording, else by *app* itself.

    The outermost layer puts what all share into the context, and notes how the response starts and whether it fails.
    """
    if scope.get("type") not in _SERVED:
        return await app(scope, receive, send)
    current = shared()
    if current is not None:
        return await layer(current, scope, receive, send)
    previous = get_current()
    current = opened(lambda: ScopeRequest(scope), scope["type"])
    try:
        if current is None:
            return await app(scope, receive, send)
        return await layer(current, scope, receive, _watched(current, send))
    except BaseException as error:
        if isinstance(error, GeneratorExit) and get_value(BY_HAND_KEY) is not current:
            previous = get_current()  # closed from outside, in a context that is not ours to restore
        elif current is not None and isinstance(error, Exception):
            current.failed(error, sent=current.status is not None)
        raise
    finally:
        attach(previous)


def _watched(current: CurrentSpan, send: Send) -> Send:
    async def watched(message: Message) -> None:
        await send(message)
        kind = message["type"]
        if kind in _STARTS:
            current.answered(message.get("status"), lambda: lines(message.get("headers") or ()))
        elif kind == "websocket.accept":
            current.accepted = True

    return watched
