"""What an application starts and yields, noted on the exchange: one wrapper for all concerns."""

from __future__ import annotations

from contextlib import suppress
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from opentelemetry.context import attach, get_current

from otel_middleware._guard import say_once
from otel_middleware.wsgi._answer import answered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from otel_middleware._exchange import Exchange
    from otel_middleware.wsgi._types import Environ, StartResponse, Write

__all__ = ["Body", "SizedBody", "Watch", "watched_body"]


class Watch:
    """The ``start_response`` of one request.

    Args:
        exchange: Where facts are noted.
        environ: The environ, where frameworks leave their route.
        start_response: The server's.
    """

    __slots__ = ("_environ", "_exchange", "_start_response")

    def __init__(self, exchange: Exchange, environ: Environ, start_response: StartResponse) -> None:
        self._exchange = exchange
        self._environ = environ
        self._start_response = start_response

    def start_response(self, status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Write:
        """Begin the response; may be called again with ``exc_info`` before the headers went."""
        exchange = self._exchange
        if exchange.over:
            return self._start_response(status, headers, *exc_info)
        forwarded = headers
        try:
            if exc_info and exc_info[0]:
                exchange.recorded = exc_info[0][1]
            forwarded = answered(exchange, self._environ, status, headers)
            exchange.plan.routes.told(exchange, self._environ)
        except Exception as error:  # noqa: BLE001 - the server says what it thinks of a malformed response
            say_once("start_response", "noting a response", error, "it is not noted")
        return self._writing(self._start_response(status, forwarded, *exc_info))

    def _writing(self, write: Write) -> Write:
        exchange = self._exchange

        def written(data: bytes) -> Any:
            result = write(data)
            if exchange.bytes_sent is not None:
                with suppress(TypeError):
                    exchange.bytes_sent += len(data)
            return result

        return written


class Body:
    """The iterable that an application returned, stepped under its span and closed exactly once.

    The span is current during a step only: two responses on one thread, or a body closed in another one, leave nothing behind.
    """

    __slots__ = ("_body", "_close", "_exchange", "_iterator", "_steps")

    def __init__(self, exchange: Exchange, body: Iterable[bytes]) -> None:
        self._exchange = exchange
        self._body = body
        self._iterator: Iterator[bytes] | None = None
        self._close: Callable[[], Any] | None = getattr(body, "close", None)
        self._steps = 0

    def __iter__(self) -> Body:
        return self

    def __next__(self) -> bytes:
        exchange = self._exchange
        previous = get_current()
        attach(exchange.context)  # type: ignore[arg-type]  # set when the span was started
        try:
            if self._iterator is None:
                self._iterator = iter(self._body)
            chunk = next(self._iterator)
        except StopIteration:
            exchange.complete = True
            raise
        except BaseException as error:
            _failed(exchange, error)
            raise
        finally:
            attach(previous)
        self._note(chunk)
        return chunk

    def _note(self, chunk: Any) -> None:
        exchange = self._exchange
        self._steps += 1
        if self._steps == 1:
            exchange.first_byte = perf_counter_ns()
        if exchange.bytes_sent is not None and isinstance(chunk, (bytes, bytearray, memoryview)):
            exchange.bytes_sent += len(chunk)

    def close(self) -> None:
        """Close the application's iterable, then end the span."""
        exchange = self._exchange
        close, self._close = self._close, None
        previous = get_current()
        attach(exchange.context)  # type: ignore[arg-type]  # set when the span was started
        try:
            if close is not None:
                close()
        except BaseException as error:
            _failed(exchange, error)
            raise
        finally:
            attach(previous)
            self._end()

    def _end(self) -> None:
        exchange = self._exchange
        if exchange.over:
            return
        if self._steps <= 1:
            exchange.first_byte = None  # not streamed
        if not exchange.complete:
            _closed_early(exchange)
        exchange.finish()

    def __del__(self) -> None:
        if not self._exchange.over:  # a server that forgot close()
            self._end()


class SizedBody(Body):
    """A body whose length is known: servers send Content-Length for one of a single chunk."""

    __slots__ = ()

    def __len__(self) -> int:
        return len(self._body)  # type: ignore[arg-type]  # it has one


def watched_body(exchange: Exchange, environ: Environ, body: Iterable[bytes]) -> Iterable[bytes]:
    """What the server is given in place of *body*: itself for the server's own file wrapper, else a body that is watched."""
    wrapper = environ.get("wsgi.file_wrapper")
    if isinstance(wrapper, type) and isinstance(body, wrapper):
        return _watched_file(exchange, body)  # type: ignore[no-any-return]
    return SizedBody(exchange, body) if hasattr(body, "__len__") else Body(exchange, body)


def _watched_file(exchange: Exchange, file: Any) -> Any:
    """The server sends the file itself, unseen: what was announced counts, and its ``close`` ends the span."""
    exchange.bytes_sent = None
    exchange.complete = True
    close = getattr(file, "close", None)

    def closed() -> None:
        try:
            if close is not None:
                close()
        finally:
            exchange.finish()

    try:
        file.close = closed
    except (AttributeError, TypeError):  # a wrapper written in C
        exchange.finish()
    return file


def _failed(exchange: Exchange, error: BaseException) -> None:
    if isinstance(error, GeneratorExit):
        exchange.client_left = True
    elif exchange.error is None:
        exchange.error = error


def _closed_early(exchange: Exchange) -> None:
    """A server closes before the end when the client has left, or when it needs no more (HEAD, 304, all bytes sent)."""
    sent, expected = exchange.bytes_sent, exchange.expected_bytes
    if exchange.status is None:
        return
    bodiless = exchange.request.method == "HEAD" or exchange.status in (204, 304)
    enough = expected is not None and sent is not None and sent >= expected
    exchange.complete = bodiless or enough
    exchange.client_left = not exchange.complete and exchange.error is None
