"""Keys as they are pressed, without waiting for Return."""

from __future__ import annotations

import os
import select
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["pressed_keys"]

_LONGEST = 16  # bytes of one key: an escape sequence and a little


@contextmanager
def pressed_keys() -> Iterator[Callable[[float], str]]:
    """Give a function ``(seconds) -> key`` that waits at most so long, and returns ``""`` when nothing was pressed.

    Where the input is no terminal, or the system has no ``termios``, it only waits.
    """
    try:
        import termios  # noqa: PLC0415 - not on Windows
        import tty  # noqa: PLC0415 - the same

        descriptor = sys.stdin.fileno()
        before = termios.tcgetattr(descriptor)
    except (ImportError, OSError, ValueError, termios.error):
        yield _only_waits
        return
    tty.setcbreak(descriptor)
    try:
        yield lambda seconds: _key(descriptor, seconds)
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def _key(descriptor: int, seconds: float) -> str:
    ready, _, _ = select.select([descriptor], [], [], seconds)
    return os.read(descriptor, _LONGEST).decode("ascii", "replace") if ready else ""


def _only_waits(seconds: float) -> str:
    select.select([], [], [], seconds)
    return ""
