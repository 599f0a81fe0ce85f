"""A lock that is free in a forked child, whoever held it in the parent: that thread does not exist there to release it."""

from __future__ import annotations

import os
from threading import Lock
from typing import TYPE_CHECKING
from weakref import WeakSet

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["ForkLock"]

_all: WeakSet[ForkLock] = WeakSet()


class ForkLock:
    """A lock for ``with``; not re-entrant. For what is seldom locked: two calls in Python are dearer than the lock itself."""

    __slots__ = ("__weakref__", "_lock")

    def __init__(self) -> None:
        self.renew()
        _all.add(self)

    def renew(self) -> None:
        """Begin with a lock that nobody holds."""
        self._lock = Lock()

    def __enter__(self) -> Self:
        self._lock.acquire()
        return self

    def __exit__(self, *_raised: object) -> None:
        self._lock.release()


def _forked() -> None:
    for lock in _all:
        lock.renew()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_forked)
