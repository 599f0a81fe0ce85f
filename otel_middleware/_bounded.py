"""At most so many values: what keeps an attribute of a metric from growing without end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_middleware._fork import ForkLock

if TYPE_CHECKING:
    from collections.abc import Iterable

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
        self._known = set(always)
        self._room = len(self._known) + most
        self._lock = ForkLock()

    def of(self, value: str) -> str:
        """Return *value*, or ``_other`` when it came too late."""
        if value in self._known:
            return value
        if len(self._known) >= self._room:
            return OTHER
        with self._lock:
            # Asked again: other threads may have taken the room since.
            if len(self._known) < self._room:
                self._known.add(value)
        return value if value in self._known else OTHER
