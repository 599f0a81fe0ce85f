"""What an application starts, writes and yields, noted on the exchange: one wrapper for all concerns."""

from __future__ import annotations

from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from otel_middleware._guard import say_once
from otel_middleware._outcome import tells_of_client
from otel_middleware.wsgi._answer import answered
from otel_middleware.wsgi._ending import failed
from otel_middleware.wsgi._server_internals import came_from

if TYPE_CHECKING:
    from otel_middleware._exchange import Exchange
    from otel_middleware.wsgi._types import Environ, StartResponse, Write

__all__ = ["Watch"]


class Watch:
    """The ``start_response`` of one request, and the ``write`` that it gives.

    Args:
        exchange: Where facts are noted.
        environ: The environ, where frameworks leave their route.
        start_response: The server's.
    """

    __slots__ = ("_environ", "_start_response", "_write", "exchange", "server_error")

    def __init__(self, exchange: Exchange, environ: Environ, start_response: StartResponse) -> None:
        self.exchange = exchange
        self._environ = environ
        self._start_response = start_response
        self._write: Write | None = None
        self.server_error: BaseException | None = None

    def start_response(self, status: str, headers: list[tuple[str, str]], *exc_info: Any, **named: Any) -> Write:
        """Begin the response; may be called again with ``exc_info`` before the headers went."""
        exchange = self.exchange
        if exchange.over:
            return self._start_response(status, headers, *exc_info, **named)
        before, forwarded = exchange.answer, headers
        try:
            told = exc_info[0] if exc_info else named.get("exc_info") if named else None
            if told:
                exchange.recorded = told[1]
            forwarded = answered(exchange, self._environ, status, headers)
            exchange.plan.routes.told(exchange, self._environ)
        except Exception as error:  # noqa: BLE001 - the server says what it thinks of a malformed response
            say_once("start_response", "noting a response", error, "it is not noted")
        try:
            self._write = self._start_response(status, forwarded, *exc_info, **named)
        except BaseException:
            exchange.refused(before)  # malformed, or the headers have gone
            raise
        return self._write if self._write is None else self.write

    def write(self, data: bytes) -> Any:
        """Send *data* at once, the old way."""
        exchange = self.exchange
        try:
            result = self._write(data)  # type: ignore[misc]  # handed out only when there is one
        except Exception as error:
            self.server_error = error
            if tells_of_client(error):
                exchange.client_left = not exchange.complete
            raise
        if isinstance(data, bytes) and data and exchange.bytes_sent is not None:
            if exchange.first_byte is None:
                exchange.first_byte = perf_counter_ns()
            exchange.bytes_sent += len(data)
        return result

    def failed(self, error: BaseException) -> None:
        """Note that a step of the body raised *error*."""
        failed(self, error)

    def caused(self, error: BaseException) -> bool:
        """Whether *error* is the very error that the server's ``write`` raised, or was raised from it."""
        caused = self.server_error
        return caused is not None and (error is caused or error.__cause__ is caused or error.__context__ is caused)

    def unread(self, error: BaseException) -> bool:
        """Whether *error*, or what it was raised from, came out of ``wsgi.input``: the client has left in mid-body."""
        body = self._environ.get("wsgi.input")
        return any(came_from(body, one) for one in (error, error.__cause__, error.__context__))
