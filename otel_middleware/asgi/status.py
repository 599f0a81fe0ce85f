"""Which responses are errors: the ASGI layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_middleware._by_hand import CurrentSpan, exchange_in
from otel_middleware._layers import errors_of
from otel_middleware.asgi._answer import lines
from otel_middleware.asgi._shadow import ScopeRequest
from otel_middleware.status import ErrorStatuses

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_middleware.asgi._types import App, Message, Receive, Scope, Send
    from otel_middleware.request import Response

__all__ = ["ErrorStatusMiddleware"]


class ErrorStatusMiddleware:
    """Correct which responses count as errors on the server span.

    Stands inside ``OpenTelemetryMiddleware``, in any order with its siblings; acts once upstream has seen the status. Where no
    server span is recording it does nothing.

    Args:
        app: The ASGI application.
        errors: An ``ErrorStatuses``, or any callable ``Response -> bool | None`` (error, not an error, no opinion).

    Raises:
        ConfigurationError: When *app* or *errors* is neither.
    """

    def __init__(self, app: App, errors: ErrorStatuses | Callable[[Response], bool | None] = ErrorStatuses()) -> None:  # noqa: B008 - immutable
        self.app = app
        self.errors = errors_of(app, errors)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> Any:
        """Serve one connection."""
        if scope.get("type") in ("http", "websocket"):
            exchange = exchange_in(scope)
            if exchange is not None:
                exchange.set_verdict(self.errors)
            else:
                span = CurrentSpan.of(lambda: ScopeRequest(scope), scope["type"])
                if span is not None:
                    return await self._correct(span, scope, receive, send)
        return await self.app(scope, receive, send)

    async def _correct(self, span: CurrentSpan, scope: Scope, receive: Receive, send: Send) -> Any:
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            await send(message)
            if message["type"] == "http.response.start":
                started = True
                span.set_verdict(self.errors, message.get("status"), lambda: lines(message.get("headers") or ()))

        try:
            return await self.app(scope, receive, watched)
        except Exception as error:
            span.raised(error, started=started)
            raise
