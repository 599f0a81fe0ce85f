"""The request's body, counted as the application reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otel_middleware._exchange import Exchange
    from otel_middleware.wsgi._types import Environ

__all__ = ["count_input"]


def count_input(exchange: Exchange, environ: Environ) -> None:
    """Put a counting input in the place of the server's, where a request has a body and somebody measures it."""
    if environ.get("CONTENT_LENGTH") in _NOTHING and "HTTP_TRANSFER_ENCODING" not in environ:
        return
    body = environ.get("wsgi.input")
    if exchange.proposals and callable(getattr(body, "read", None)):
        environ["wsgi.input"] = Input(exchange, body)


_NOTHING = (None, "", "0")
"""Lengths of a request without a body."""

_ALL, _NONE = ((), (None,), (-1,)), (0,)
"""Sizes that ask for all that there is, and for nothing."""


class Input:
    """The server's ``wsgi.input``; what PEP 3333 names is counted, everything else of it is passed on as it is.

    Args:
        exchange: Where bytes are counted.
        body: The server's.
    """

    __slots__ = ("_body", "_exchange")

    def __init__(self, exchange: Exchange, body: Any) -> None:
        self._exchange = exchange
        self._body = body

    def read(self, *size: Any, **named: Any) -> Any:
        """Read so many bytes, or all."""
        data = self._body.read(*size, **named)
        return self._counted(data, ended=not named and (size in _ALL or (not data and size != _NONE)))

    def readline(self, *size: Any, **named: Any) -> Any:
        """Read a line, or so many bytes of one."""
        data = self._body.readline(*size, **named)
        return self._counted(data, ended=not data and not size)

    def readlines(self, *hint: Any) -> Any:
        """Read all lines, or about so many bytes of them."""
        lines = self._body.readlines(*hint)
        for line in lines:
            self._counted(line, ended=not hint)
        return lines

    def __iter__(self) -> Iterator[Any]:
        for line in self._body:
            yield self._counted(line, ended=False)
        self._counted(b"", ended=True)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._body, name)

    def _counted(self, data: Any, *, ended: bool) -> Any:
        exchange = self._exchange
        if isinstance(data, bytes):
            exchange.bytes_received += len(data)
            exchange.request_complete = exchange.request_complete or ended
        return data
