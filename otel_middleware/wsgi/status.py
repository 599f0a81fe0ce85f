"""Which responses are errors: the WSGI layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_middleware._by_hand import exchange_in
from otel_middleware._layers import errors_of
from otel_middleware.status import ErrorStatuses
from otel_middleware.wsgi._by_hand import by_hand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from otel_middleware._by_hand import CurrentSpan
    from otel_middleware.request import Response
    from otel_middleware.wsgi._types import App, Environ, StartResponse

__all__ = ["ErrorStatusMiddleware"]


class ErrorStatusMiddleware:
    """Correct which responses count as errors on the server span.

    Stands inside ``OpenTelemetryMiddleware``, in any order with its siblings; acts once upstream has seen the status, and when
    the application raises. Where no server span is recording it does nothing.

    Upstream has written its own before, and ends the span: what a policy calls no error keeps upstream's ``error.type``, with
    the status ``OK``, since attributes cannot be taken back; and where the application raises in its call, not in its
    body, upstream's ``error.type`` under stable conventions has no module. ``SanitizationMiddleware`` around upstream leaves
    it the qualified name.

    Args:
        app: The WSGI application.
        errors: An ``ErrorStatuses``, or any callable ``Response -> bool | None`` (error, not an error, no opinion).

    Raises:
        ConfigurationError: When *app* or *errors* is neither.
    """

    def __init__(self, app: App, errors: ErrorStatuses | Callable[[Response], bool | None] = ErrorStatuses()) -> None:  # noqa: B008 - immutable
        self.app = app
        self.errors = errors_of(app, errors)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        exchange = exchange_in(environ)
        if exchange is None:
            return by_hand(self._judged, self.app, environ, start_response)
        exchange.set_verdict(self.errors)
        return self.app(environ, start_response)

    def _judged(self, current: CurrentSpan, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        current.set_verdict(self.errors)
        return self.app(environ, start_response)
