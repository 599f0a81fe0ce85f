"""What a forked child begins anew with: a thread of the parent that held a lock does not exist there to release it."""

from __future__ import annotations

import os
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

__all__ = ["ForkLock", "in_child", "renewed_in_child"]


T = TypeVar("T")

_renewed: WeakKeyDictionary[Any, Callable[[Any], None]] = WeakKeyDictionary()


def in_child(do: Callable[[], object]) -> None:
    """Have *do* called in every child that is forked from here on, for the life of the process."""
    if hasattr(os, "register_at_fork"):  # not on Windows
        os.register_at_fork(after_in_child=do)


def renewed_in_child(owner: T, renew: Callable[[T], None]) -> None:
    """Have *renew* called with *owner* in every forked child, for as long as *owner* lives."""
    _renewed[owner] = renew


class ForkLock:
    """A lock for ``with``; not re-entrant. For what is seldom locked: two calls in Python are dearer than the lock itself."""

    __slots__ = ("__weakref__", "_lock")

    def __init__(self) -> None:
        self._renew()
        renewed_in_child(self, ForkLock._renew)

    def _renew(self) -> None:
        self._lock = Lock()

    def __enter__(self) -> Self:
        self._lock.acquire()
        return self

    def __exit__(self, *_raised: object) -> None:
        self._lock.release()


def _renew_all() -> None:
    for owner, renew in list(_renewed.items()):
        renew(owner)


in_child(_renew_all)
