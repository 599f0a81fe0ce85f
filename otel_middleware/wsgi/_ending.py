"""How a response ends: its iteration fails, or its server closes it, early or late."""

from __future__ import annotations

from time import perf_counter_ns
from typing import TYPE_CHECKING

from otel_middleware._child_spans import background_failed
from otel_middleware._guard import guarded
from otel_middleware._outcome import has_no_body, is_cancellation, tells_of_client

if TYPE_CHECKING:
    from otel_middleware._exchange import Exchange
    from otel_middleware.wsgi._watch import Watch

__all__ = ["closing", "closing_failed", "failed"]


def failed(watch: Watch, error: BaseException) -> None:
    """Note that the application raised *error* before its response was complete.

    Before the first byte went no header has gone (PEP 3333), and the server answers 500 whatever was started.
    """
    exchange = watch.exchange
    if exchange.over:
        return
    if isinstance(error, GeneratorExit):
        exchange.client_left = True
    elif is_cancellation(error):
        exchange.cancelled = True
    elif (watch.caused(error) and tells_of_client(watch.server_error)) or guarded("a failure", watch.unread, error):
        exchange.forsaken()
    else:
        _blame(exchange, error)
    exchange.finish()


def closing(exchange: Exchange, raised: BaseException | None, *, begun: bool) -> None:
    """Note that the server closes the response.

    Args:
        exchange: The exchange; not over.
        raised: What the server is just handling: a client that has left, or a chunk that it refuses.
        begun: Whether the application has had its say; a generator's code may not have run.
    """
    exchange.last_byte = exchange.last_byte or perf_counter_ns()
    if exchange.complete or (exchange.status is None and begun):
        return
    if raised is not None and not isinstance(raised, (GeneratorExit, StopIteration)):
        _server_raised(exchange, raised)
    elif exchange.status is not None and _has_all(exchange, exchange.status):
        exchange.body_ended()
    else:
        exchange.client_left = True


def closing_failed(exchange: Exchange, error: BaseException) -> None:
    """Note that the application's ``close`` raised *error*: after a complete response it is background work that failed."""
    if is_cancellation(error):
        return
    if exchange.over:
        guarded("background", background_failed, exchange, error)
    else:
        _blame(exchange, error)


def _server_raised(exchange: Exchange, error: BaseException) -> None:
    if is_cancellation(error):
        exchange.cancelled = True
    elif tells_of_client(error):
        exchange.client_left = True
    else:
        _blame(exchange, error)


def _blame(exchange: Exchange, error: BaseException) -> None:
    exchange.error = error
    if exchange.bytes_sent == 0 and not exchange.complete:
        exchange.unanswered()


def _has_all(exchange: Exchange, status: int) -> bool:
    """A server may stop early when it needs no more: nothing goes out, or all that was announced has."""
    sent, expected = exchange.bytes_sent, exchange.expected_bytes
    return has_no_body(exchange, status) or sent is None or (expected is not None and sent >= expected)
