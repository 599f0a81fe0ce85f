"""Which responses are errors: the WSGI layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_middleware._by_hand import CurrentSpan, exchange_in
from otel_middleware._layers import errors_of
from otel_middleware.status import ErrorStatuses
from otel_middleware.wsgi._answer import lines, status_code
from otel_middleware.wsgi._shadow import EnvironRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from otel_middleware.request import Response
    from otel_middleware.wsgi._types import App, Environ, StartResponse, Write

__all__ = ["ErrorStatusMiddleware"]


class ErrorStatusMiddleware:
    """Correct which responses count as errors on the server span.

    Stands inside ``OpenTelemetryMiddleware``, in any order with its siblings; acts once upstream has seen the status. Where no
    server span is recording it does nothing.

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
        if exchange is not None:
            exchange.set_verdict(self.errors)
        else:
            span = CurrentSpan.of(lambda: EnvironRequest(environ))
            if span is not None:
                return self._correct(span, environ, start_response)
        return self.app(environ, start_response)

    def _correct(self, span: CurrentSpan, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        started = False

        def watched(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Write:
            nonlocal started
            write = start_response(status, headers, *exc_info)
            started = True
            span.set_verdict(self.errors, status_code(status), lambda: lines(headers))
            return write

        try:
            return self.app(environ, watched)
        except Exception as error:
            span.raised(error, started=started)
            raise
