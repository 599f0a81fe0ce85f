"""What a server is given for what an application returned."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from otel_middleware.wsgi._body import ListBody, body_like
from otel_middleware.wsgi._ending import closing, closing_failed

if TYPE_CHECKING:
    from opentelemetry.context import Context

    from otel_middleware._exchange import Exchange
    from otel_middleware.wsgi._types import Environ
    from otel_middleware.wsgi._watch import Watch

__all__ = ["Silence", "silent_body", "watched_body"]


def watched_body(watch: Watch, environ: Environ, body: Any, context: Context) -> Any:
    """What the server is given in place of *body*.

    Itself for the server's own file wrapper and for what is no iterable, which a server refuses by its own rules.
    """
    kind = type(body)
    if kind is list:
        return ListBody(watch.exchange, body)
    wrapper = environ.get("wsgi.file_wrapper")
    if isinstance(wrapper, type) and isinstance(body, wrapper):
        return _file(watch.exchange, body)
    if not (hasattr(kind, "__iter__") or hasattr(kind, "__getitem__")):
        watch.exchange.unanswered()
        watch.exchange.finish()
        return body
    return body_like(body, watch, context)


def _file(exchange: Exchange, file: Any) -> Any:
    """The server sends the file itself, unseen: what was announced counts, and its ``close`` ends the span."""
    if exchange.over:
        return file
    exchange.bytes_sent = None
    close = getattr(file, "close", None)

    def closed() -> None:
        with suppress(AttributeError):
            del file.close  # a cycle would keep the file until it is collected
        if not exchange.over:
            closing(exchange, sys.exc_info()[1], begun=True)
        try:
            if close is not None:
                close()
        except BaseException as error:
            closing_failed(exchange, error)
            raise
        finally:
            exchange.finish()

    try:
        file.close = closed
    except (AttributeError, TypeError):  # a wrapper written in C
        exchange.body_ended()
        exchange.finish()
    return file


class Silence:
    """Stands for the exchange, and the watch, of a request that is not reported: over before it began."""

    over = True
    bytes_sent: int | None = None
    first_byte: int | None = None
    span = None

    @property
    def exchange(self) -> Any:
        """Itself; kept, it would be a cycle that waits for the garbage collector."""
        return self

    def finish(self) -> None: ...

    def unanswered(self) -> None: ...

    def failed(self, error: BaseException) -> None: ...


_SILENCE: Any = Silence()


def silent_body(environ: Environ, body: Any, context: Context) -> Any:
    """What the server is given in place of *body* of an excluded request: its steps are silent as well."""
    return watched_body(_SILENCE, environ, body, context)
