"""Requests that end while the garbage collector runs: they are reported with the next request.

A server that drops a response without closing it may leave that to the collector, which runs in the middle of anything: the same
thread may hold a lock of the SDK or of the learner, and would wait for itself for ever.
"""

from __future__ import annotations

import gc
from collections import deque
from threading import get_ident
from typing import TYPE_CHECKING, Any

from otel_middleware._fork import in_child

if TYPE_CHECKING:
    from otel_middleware._exchange import Exchange

__all__ = ["collected_here", "settle_deferred", "waiting"]


class _Collector:
    """The garbage collector. Other threads go on while it runs: what they end is reported as ever."""

    thread: int | None = None
    """The identity of the thread that it runs on; ``None`` while it does not."""


collector = _Collector()
waiting: deque[Exchange] = deque()
"""Exchanges that are over and not reported yet."""


def settle_deferred() -> None:
    """Report what waits; called where a request begins, when no lock is held."""
    while waiting:
        try:
            exchange = waiting.popleft()
        except IndexError:  # another thread was faster
            return
        exchange.report()


def collected_here() -> bool:
    """Whether this thread is just collecting garbage."""
    return collector.thread is not None and collector.thread == get_ident()


def _noticed(phase: str, _info: dict[str, Any]) -> None:
    collector.thread = get_ident() if phase == "start" else None


gc.callbacks.append(_noticed)
in_child(waiting.clear)  # what waits is the parent's
