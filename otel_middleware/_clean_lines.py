"""Header lines that are shown as they came, remembered: most are the same for every request of one client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_middleware._sanitization_middleware import PROPAGATED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from otel_middleware.sanitization import Sanitizer

__all__ = ["CleanLines"]

_MOST = 1_000
"""Lines that are remembered; the first come, since anyone can send any number of others. None of them holds a secret."""

_LONGEST = 512
"""Characters of a line that is remembered."""

_PASSING = frozenset({name for text in ("content-length", *PROPAGATED) for name in (text, text.encode())})
"""Headers that few lines of are alike."""


class CleanLines:
    """Name and value of lines that a sanitizer has left as they are.

    Args:
        sanitizer: The sanitizer.
    """

    __slots__ = ("_room", "known")

    def __init__(self, sanitizer: Sanitizer) -> None:
        self._room = _MOST if sanitizer.is_repeatable else 0
        self.known: dict[tuple[Any, Any], tuple[Any, Any]] = {}
        """The lines, two of ``str`` or ``bytes`` each, by themselves."""

    def shown(self, lines: Iterable[Any], show: Callable[[Any], Any]) -> list[Any]:
        """*lines* as *show* shows each, without those of which it makes ``None``.

        It is not asked again about lines that it left alone.
        """
        lines = tuple(lines)
        try:
            known = tuple(map(self.known.get, lines))
        except TypeError:  # what a careless server puts there is not hashable
            return [shown for line in lines if (shown := show(line)) is not None]
        return [
            shown
            for line, like in zip(lines, known, strict=True)
            if (shown := like or self._asked(line, show)) is not None
        ]

    def _asked(self, line: Any, show: Callable[[Any], Any]) -> Any:
        shown = show(line)
        if shown == line:
            self.remember(shown)
        return shown

    def remember(self, line: tuple[Any, Any]) -> None:
        """Note that *line*, two of ``str`` or ``bytes``, is clean."""
        if len(self.known) < self._room and line[0] not in _PASSING and len(line[0]) + len(line[1]) <= _LONGEST:
            self.known[line] = line
