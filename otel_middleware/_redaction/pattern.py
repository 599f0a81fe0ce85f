"""A kind of secret that is known by its looks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from otel_middleware.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DefaultPattern", "ValuePattern"]


@dataclass(frozen=True, slots=True)
class ValuePattern:
    """A kind of secret that is known by its looks.

    Args:
        name: What it is called in counters and in ``keep``.
        regex: Searched in the whole value. Its first group is the secret, the whole match when it has none.
            It must take linear time: let it start where a run of its characters starts.
        confirm: Looks at the secret that was found; ``False`` leaves it alone. ``None``: the regex says enough.
        hint: A quick regex that is found wherever *regex* is; ``None`` when there is none.
        clues: Texts in lower case of which one stands in the lower-cased value wherever *regex* matches, ``#`` for a long number:
            looked for before the *hint*. Empty when there are none.
        distinct: It has 16 or more characters of ``A-Za-z0-9._-`` in a row, or 13 or more digits in groups of at least four,
            or stands behind ``bearer`` or ``basic``: then a value without any of these is never searched.

    Raises:
        ConfigurationError: When it is *distinct* without a *hint*.
    """

    name: str
    regex: re.Pattern[str]
    confirm: Callable[[str], bool] | None = None
    hint: re.Pattern[str] | None = None
    clues: tuple[str, ...] = ()
    distinct: bool = False

    def __post_init__(self) -> None:
        if self.distinct and self.hint is None:
            raise ConfigurationError(f"distinct pattern has no hint: {self.name!r}")


class DefaultPattern(ValuePattern):
    """A pattern that is compiled when it is first looked at: importing it costs next to nothing.

    Where a distinct one matches, one of its clues starts a word in the long run of characters that makes it distinct (behind
    ``.``, ``_``, ``-`` or an escape, or at its start), or, when the clue has other characters or the pattern is *spaced*, it
    stands anywhere. One of the clues of a pattern that is not distinct always stands somewhere.

    Args:
        name: As above.
        clues: As above, separated by spaces.
        hints: Regexes of which one is found wherever *regex* is, separated by spaces.
        regex: As above, to be compiled, a distinct one with ``re.ASCII``.
        confirm: As above.
        spaced: The secret stands behind its clue and a space.
        distinct: As above.
    """

    __slots__ = ("_sources", "spaced")

    _sources: dict[str, str]
    spaced: bool

    def __init__(
        self,
        name: str,
        clues: str,
        hints: str,
        regex: str,
        *,
        confirm: Callable[[str], bool] | None = None,
        spaced: bool = False,
        distinct: bool = True,
    ) -> None:
        sources = {"regex": regex, "hint": "|".join(hints.split())}
        given = {
            "name": name,
            "confirm": confirm,
            "clues": tuple(clues.split()),
            "distinct": distinct,
            "spaced": spaced,
        }
        for field, value in {**given, "_sources": sources}.items():
            object.__setattr__(self, field, value)

    def __getattr__(self, name: str) -> re.Pattern[str]:
        """Compile what was not looked at before."""
        if name not in ("regex", "hint"):
            raise AttributeError(name)
        compiled = re.compile(self._sources[name], re.ASCII if self.distinct else 0)
        object.__setattr__(self, name, compiled)
        return compiled
