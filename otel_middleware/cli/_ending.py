"""Ctrl-C and SIGTERM end a command in order."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from threading import Event

__all__ = ["ending"]


@contextmanager
def ending(ended: Event) -> Iterator[None]:
    """Set *ended* on either signal, as long as the block lasts."""
    before = {number: signal.signal(number, lambda *_: ended.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
