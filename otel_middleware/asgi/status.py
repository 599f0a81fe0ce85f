"""Which responses are errors: the ASGI layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_middleware._by_hand import exchange_in
from otel_middleware._layers import errors_of
from otel_middleware.asgi._by_hand import by_hand
from otel_middleware.status import ErrorStatuses

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_middleware._by_hand import CurrentSpan
    from otel_middleware.asgi._types import AnyReceive, AnySend, App, Receive, Scope, Send
    from otel_middleware.request import Response

__all__ = ["ErrorStatusMiddleware"]


class ErrorStatusMiddleware:
    """Correct which responses count as errors on the server span.

    Stands inside ``OpenTelemetryMiddleware``, in any order with its siblings; acts once upstream has seen the status, and when
    the application raises. Where no server span is recording it does nothing.

    Upstream has written its own before, and ends the span: what a policy calls no error keeps upstream's ``error.type``, with
    the status ``OK``, since attributes cannot be taken back; and of an exception that is raised after the last byte, as
    frameworks do that have answered 500, nothing is shown.

    Args:
        app: The ASGI application.
        errors: An ``ErrorStatuses``, or any callable ``Response -> bool | None`` (error, not an error, no opinion).

    Raises:
        ConfigurationError: When *app* or *errors* is neither.
    """

    def __init__(self, app: App, errors: ErrorStatuses | Callable[[Response], bool | None] = ErrorStatuses()) -> None:  # noqa: B008 - immutable
        self.app = app
        self.errors = errors_of(app, errors)

    async def __call__(self, scope: Any, receive: AnyReceive, send: AnySend) -> Any:
        """Serve one connection."""
        exchange = exchange_in(scope)
        if exchange is None:
            return await by_hand(self._judged, self.app, scope, receive, send)
        exchange.set_verdict(self.errors)
        return await self.app(scope, receive, send)

    async def _judged(self, current: CurrentSpan, scope: Scope, receive: Receive, send: Send) -> Any:
        current.set_verdict(self.errors)
        return await self.app(scope, receive, send)
