"""At most so many values: what keeps an attribute of a metric from growing without end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_middleware._fork import ForkLock

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

__all__ = ["OTHER", "BoundedValues"]

OTHER = "_other"
"""What stands for every value beyond the bound."""


class BoundedValues:
    """The first distinct values keep their name for the life of the process, all later ones are ``_other``.

    Thread-safe; a value beyond the bound is not remembered, so memory is flat however many are tried.

    Args:
        most: How many values keep their name, 0 or more.
        always: Values that keep their name and do not count.
    """

    __slots__ = ("_known", "_lock", "_room")

    def __init__(self, most: int, always: Iterable[str] = ()) -> None:
        self._known: set[Hashable] = set(always)
        self._room = len(self._known) + most
        self._lock = ForkLock()

    def of(self, value: str) -> str:
        """Return *value*, or ``_other`` when it came too late."""
        return value if value in self._known or self.takes(value) else OTHER

    def takes(self, value: Hashable) -> bool:
        """Whether *value*, of any kind, is one of those that keep their name."""
        if value in self._known:
            return True
        if len(self._known) >= self._room:
            return False
        with self._lock:
            # Asked again: other threads may have taken the room since.
            if len(self._known) < self._room:
                self._known.add(value)
        return value in self._known
