"""A layer that stands by itself: which server span it acts on, and what the outermost one does for all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.context import attach, get_current

from otel_middleware._by_hand import opened, shared
from otel_middleware.wsgi._answer import lines, status_code
from otel_middleware.wsgi._given import Silence, watched_body
from otel_middleware.wsgi._shadow import EnvironRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from otel_middleware._by_hand import CurrentSpan
    from otel_middleware.wsgi._types import App, Environ, StartResponse, Write

__all__ = ["by_hand"]


def by_hand(
    layer: Callable[[CurrentSpan, Environ, StartResponse], Iterable[bytes]],
    app: App,
    environ: Environ,
    start_response: StartResponse,
) -> Iterable[bytes]:
    """Serve one request that has no exchange: by *layer* where a server span is recording, else by *app* itself.

    The outermost layer puts what all share into the context, there while the body is iterated too, and notes how the response
    starts and whether it fails.
    """
    current = shared()
    if current is not None:
        return layer(current, environ, start_response)
    previous = get_current()
    current = opened(lambda: EnvironRequest(environ))
    if current is None:
        try:
            return app(environ, start_response)
        finally:
            attach(previous)
    watch = _Watch(current, start_response)
    try:
        body = layer(current, environ, watch.start_response)
        context = get_current()
    except Exception as error:
        watch.failed(error)
        raise
    finally:
        attach(previous)
    # No code of the application runs in the steps of a list.
    return body if type(body) in (list, tuple) else watched_body(watch, environ, body, context)  # type: ignore[arg-type]


class _Watch(Silence):
    """The ``start_response`` of one request, and what its body tells.

    Args:
        current: Where it is noted.
        start_response: Upstream's.
    """

    def __init__(self, current: CurrentSpan, start_response: StartResponse) -> None:
        self.bytes_sent: int = 0
        self._current = current
        self._start_response = start_response

    def start_response(self, status: str, headers: list[tuple[str, str]], *exc_info: Any, **named: Any) -> Write:
        """Begin the response; an exception that is given is one that the application answers itself."""
        told = exc_info[0] if exc_info else named.get("exc_info")
        write = self._start_response(status, headers, *exc_info, **named)
        if isinstance(told, tuple) and len(told) > 1:
            self._current.recorded = told[1]
        self._current.answered(status_code(status), lambda: lines(headers))

        def writing(data: bytes) -> Any:
            result = write(data)
            self.bytes_sent += bool(data)  # whether headers have gone is all that counts here
            return result

        return write if write is None else writing

    def failed(self, error: BaseException) -> None:
        """Note that the application raised *error*, in its call or in a step of its body."""
        if isinstance(error, Exception):
            self._current.failed(error, sent=self.bytes_sent > 0)
