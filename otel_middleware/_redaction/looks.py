"""Masks what is known for a secret by its looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable

    from otel_middleware._redaction.looks_screen import LooksScreen
    from otel_middleware._redaction.marks import Marks
    from otel_middleware._redaction.pattern import ValuePattern

__all__ = ["Looks"]


class Looks:
    """Searches for each pattern, in their order.

    Args:
        values: The patterns.
        screen: Tells quickly that none of them can match.
        marks: Writes what stands in a secret's place.
    """

    __slots__ = ("_marks", "_screen", "_values", "searches_all")

    def __init__(self, values: Iterable[ValuePattern], screen: LooksScreen, marks: Marks) -> None:
        self._values = tuple(values)
        self._screen = screen
        self._marks = marks
        self.searches_all = screen.searches_all
        """Whether some pattern may match a text of any kind."""

    def masked(self, text: str, place: str, name: str) -> str:
        """Mask what looks like a secret in *text*, the value of *name*."""
        if self._screen.clears(text):
            return text
        for value in self._values:
            if value.hint is None or value.hint.search(text):
                text = self.replaced(value.regex, text, place, value.name, name, value.confirm)
        return text

    def replaced(
        self,
        regex: re.Pattern[str],
        text: str,
        place: str,
        rule: str,
        name: str,
        confirm: Callable[[str], bool] | None = None,
    ) -> str:
        """Mask the secrets that *regex* finds and *confirm* does not deny."""
        parts, at = [], 0
        for match in regex.finditer(text):
            for start, end in _secrets(match):
                secret = text[start:end]
                if start >= at and (confirm is None or confirm(secret)):
                    parts += [text[at:start], self._marks.mark(place, rule, name, secret)]
                    at = end
        return text if not parts else "".join(parts) + text[at:]


def _secrets(match: re.Match[str]) -> list[tuple[int, int]]:
    """Where the secrets of *match* stand, in order: its groups, or all of it when the regex has none."""
    groups = range(1, match.re.groups + 1) if match.re.groups else (0,)
    spans = (span for span in map(match.span, groups) if 0 <= span[0] < span[1])
    return sorted(spans, key=lambda span: (span[0], -span[1]))
