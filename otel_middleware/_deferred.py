"""Requests that end while the garbage collector runs: they are reported with the next request.

A server that drops a response without closing it may leave that to the collector, which runs in the middle of anything: the same
thread may hold a lock of the SDK or of the learner, and would wait for itself for ever.
"""

from __future__ import annotations

import gc
import os
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from otel_middleware._exchange import Exchange

__all__ = ["collector", "settle_deferred", "waiting"]


class _Collector:
    """Whether the garbage collector runs; of all threads, since one of them is enough to wait for the next request."""

    running = False


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
        exchange.settled_now()


def _noticed(phase: str, _info: dict[str, Any]) -> None:
    collector.running = phase == "start"


gc.callbacks.append(_noticed)
if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=waiting.clear)  # what waits is the parent's
