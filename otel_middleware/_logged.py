"""Exceptions that are logged inside a request: shown on its span when the response turns out to be an error.

Heard through the factory of log records, never through a handler: a handler on the root logger would disarm an
application's ``logging.basicConfig``. Source: ``logging.setLogRecordFactory`` and its advice to chain factories.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from opentelemetry.context import get_value

from otel_middleware._context_keys import BY_HAND_KEY, EXCHANGE_KEY
from otel_middleware._fork import ForkLock
from otel_middleware._guard import guarded

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_middleware._by_hand import CurrentSpan
    from otel_middleware._exchange import Exchange

__all__ = ["listen", "stop_listening"]

_OUR_OWN = ("opentelemetry", "otel_middleware")
"""Loggers whose exceptions say nothing of a request."""

_lock = ForkLock()


class _Factory:
    """Makes records as the factory did that it stands before, and looks at their exceptions.

    Args:
        previous: The factory that makes the records.
    """

    def __init__(self, previous: Callable[..., logging.LogRecord]) -> None:
        self.previous = previous

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        record = self.previous(*args, **kwargs)
        if getattr(record, "exc_info", None):
            guarded("noting a logged exception", _note, record)
        return record


def listen() -> None:
    """Stand before the factory of log records, unless it is ours already. One for the process, whatever asks for it."""
    with _lock:
        factory = logging.getLogRecordFactory()
        if not isinstance(factory, _Factory):
            logging.setLogRecordFactory(_Factory(factory))


def stop_listening() -> None:
    """Put the factory back that was there, unless somebody stands before ours now, who then goes on calling it."""
    with _lock:
        factory = logging.getLogRecordFactory()
        if isinstance(factory, _Factory):
            logging.setLogRecordFactory(factory.previous)


def _note(record: logging.LogRecord) -> None:
    """Of several exceptions the most severe one is kept, of equals the last: frameworks log what they answer at the end."""
    exchange: Exchange | CurrentSpan | None = get_value(EXCHANGE_KEY) or get_value(BY_HAND_KEY)  # type: ignore[assignment]  # only we write there
    if exchange is None or exchange.over or not getattr(exchange.judge, "from_logs", False):
        return
    error = record.exc_info[1] if isinstance(record.exc_info, tuple) and len(record.exc_info) > 1 else record.exc_info
    if not isinstance(error, BaseException) or record.name.partition(".")[0] in _OUR_OWN:
        return
    level = record.levelno if isinstance(record.levelno, int) else 0
    if exchange.logged is None or level >= exchange.logged[0]:
        exchange.logged = (level, error)
