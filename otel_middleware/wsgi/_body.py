"""The iterable that an application returned, watched.

It behaves as the application's own does: as often iterable, as long, a list where that is one, its own iterator where
that is one, closed exactly once. The span is current during a step only, so that two responses on one thread, or a body
closed in another one, leave nothing behind.
"""

from __future__ import annotations

import sys
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from opentelemetry.context import attach, get_current

from otel_middleware.wsgi._ending import closing, closing_failed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from opentelemetry.context import Context

    from otel_middleware._exchange import Exchange
    from otel_middleware.wsgi._watch import Watch

__all__ = ["ListBody", "body_like"]

_BYTES = (bytes, bytearray, memoryview)


class Body:
    """The iterable that an application returned.

    Args:
        watch: The watch of this response.
        body: The application's.
        context: In which the application returned it; its steps run there.
    """

    __slots__ = ("_begun", "_body", "_close", "_context", "_exchange", "_first", "_watch")

    _runs_at_once = True

    def __init__(self, watch: Watch, body: Iterable[bytes], context: Context) -> None:
        self._watch = watch
        self._exchange: Exchange = watch.exchange
        self._body = body
        self._context = context
        self._close: Callable[[], Any] | None = getattr(body, "close", None)
        self._first: int | None = None  # when the first chunk came; 0 when that is noted
        self._begun = self._runs_at_once  # whether the application has had its say

    def __iter__(self) -> Iterator[bytes]:
        if type(self._body) is tuple:
            return _chunks(self, self._body)
        previous = get_current()
        attach(self._context)
        try:
            return Steps(self, iter(self._body))
        except BaseException as error:
            self._watch.failed(error)
            raise
        finally:
            attach(previous)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._body, name)

    def step(self, iterator: Iterator[bytes] | None = None) -> bytes:
        """The next chunk of *iterator* or of the body itself, made in the context that the application left behind before."""
        previous = get_current()
        attach(self._context)
        try:
            chunk = next(self._body if iterator is None else iterator)  # type: ignore[call-overload]  # it is one
        except StopIteration:
            self.ended()
            raise
        except BaseException as error:
            self._watch.failed(error)
            raise
        finally:
            self._context = get_current()
            attach(previous)
        self._begun = True
        if self._first != 0 or type(chunk) is not bytes:
            self.note(chunk)
        elif self._exchange.bytes_sent is not None:
            self._exchange.bytes_sent += len(chunk)
        return chunk  # type: ignore[no-any-return]

    def note(self, chunk: Any) -> None:
        """Note what goes to the server. A body of several chunks is streamed: then the first one's time counts."""
        if not isinstance(chunk, _BYTES) or not chunk:
            return
        exchange, first = self._exchange, self._first
        if first is None:
            self._first = perf_counter_ns()
        elif first:
            exchange.first_byte, self._first = exchange.first_byte or first, 0
        if exchange.bytes_sent is not None:
            exchange.bytes_sent += len(chunk)

    def ended(self) -> None:
        """Note that there are no more chunks."""
        if not self._exchange.over and not self._exchange.complete:
            self._exchange.body_ended()

    def close(self) -> None:
        """Close the application's iterable; the response is over before that, unless it fails."""
        exchange = self._exchange
        if not exchange.over:
            closing(exchange, sys.exc_info()[1], begun=self._begun)
        close, self._close = self._close, None
        try:
            if close is not None:
                self._closed_by(close)
        finally:
            exchange.finish()

    def _closed_by(self, close: Callable[[], Any]) -> None:
        previous = get_current()
        attach(self._context)
        try:
            close()
        except BaseException as error:
            closing_failed(self._exchange, error)
            raise
        finally:
            attach(previous)

    def __del__(self) -> None:
        if not self._exchange.over:  # a server that forgot close()
            closing(self._exchange, None, begun=self._begun)
            self._exchange.finish()


class SizedBody(Body):
    """A body whose length is known: servers send Content-Length for one of a single chunk."""

    __slots__ = ()

    def __len__(self) -> int:
        return len(self._body)  # type: ignore[arg-type]  # it has one


class IteratorBody(Body):
    """A body that is its own iterator, such as a generator."""

    __slots__ = ()

    _runs_at_once = False  # an application that is a generator itself runs at the first step

    def __iter__(self) -> Iterator[bytes]:
        return self

    __next__ = Body.step


class SizedIteratorBody(SizedBody, IteratorBody):
    """Both."""

    __slots__ = ()


class ListBody(list[bytes]):
    """A list, whose chunks are measured as they are taken.

    Some servers ask for one by type: Granian joins it and sends it whole, with a Content-Length, and never closes it.
    """

    __slots__ = ("_exchange",)

    def __init__(self, exchange: Exchange, body: list[bytes]) -> None:
        list.__init__(self, body)
        self._exchange = exchange

    def __iter__(self) -> Iterator[bytes]:
        exchange, first = self._exchange, None if len(self) > 1 else 0
        for chunk in list.__iter__(self):
            if isinstance(chunk, _BYTES) and chunk:
                if first is None:
                    first = perf_counter_ns()
                elif first:
                    exchange.first_byte, first = exchange.first_byte or first, 0
                if exchange.bytes_sent is not None:
                    exchange.bytes_sent += len(chunk)
            yield chunk
        if not exchange.over and not exchange.complete:
            exchange.body_ended()

    def close(self) -> None:
        """Note that the response is over; a list has nothing to close."""
        if not self._exchange.over:
            closing(self._exchange, sys.exc_info()[1], begun=True)
            self._exchange.finish()

    def __del__(self) -> None:
        if not self._exchange.over:  # a server that forgot close()
            closing(self._exchange, None, begun=True)
            self._exchange.finish()


class Steps:
    """One iteration over a body; holds it, since a server may keep nothing else."""

    __slots__ = ("_body", "_iterator")

    def __init__(self, body: Body, iterator: Iterator[bytes]) -> None:
        self._body = body
        self._iterator = iterator

    def __iter__(self) -> Steps:
        return self

    def __next__(self) -> bytes:
        return self._body.step(self._iterator)


def _chunks(body: Body, chunks: tuple[bytes, ...]) -> Iterator[bytes]:
    """One iteration over a tuple: no code of the application runs in its steps."""
    for chunk in chunks:
        body.note(chunk)
        yield chunk
    body.ended()


_KINDS = {
    (False, False): Body,
    (True, False): SizedBody,
    (False, True): IteratorBody,
    (True, True): SizedIteratorBody,
}


def body_like(body: Iterable[bytes], watch: Watch, context: Context) -> Iterable[bytes]:
    """A body with a length and a next step where *body* has them."""
    kind = type(body)
    return _KINDS[hasattr(kind, "__len__"), hasattr(kind, "__next__")](watch, body, context)
