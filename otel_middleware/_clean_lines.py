"""Header lines that are shown as they came, remembered: most are the same for every request of one client."""

from __future__ import annotations

from typing import Any

__all__ = ["CleanLines"]

_MOST = 1_000
"""Lines that are remembered; the first come, since anyone can send any number of others. None of them holds a secret."""

_LONGEST = 512
"""Characters of a line that is remembered."""


class CleanLines:
    """Name and value of lines that a sanitizer has left as they are."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[tuple[Any, Any], tuple[Any, Any]] = {}

    def like(self, line: tuple[Any, Any]) -> tuple[Any, Any] | None:
        """The line of ``str`` or ``bytes`` that was clean before and is equal to *line*, which may be of others; never raises."""
        try:
            return self._known.get(line)
        except TypeError:  # what a careless server puts there is not hashable
            return None

    def remember(self, line: tuple[Any, Any]) -> None:
        """Note that *line*, two of ``str`` or ``bytes``, is clean."""
        if len(self._known) < _MOST and len(line[0]) + len(line[1]) <= _LONGEST:
            self._known[line] = line
