"""Tells in a few passes in C that a value holds nothing to look at closely; most values of most requests are such."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from otel_middleware._redaction.patterns import ValuePattern

__all__ = ["KeyScreen", "LooksScreen", "only_of"]

NUMBER = "#"
"""The clue of a pattern that has 13 digits in a row, or two groups of at least four."""

_ALPHANUMERIC = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

_RUNS = bytes(ord("x") if byte in _ALPHANUMERIC + b"._-" else ord(" ") for byte in range(256))
_DIGITS = bytes(ord("0") if byte in b"0123456789" else ord(" ") for byte in range(256))
_RUN = b"x" * 16
_DIGIT_RUN = b"0" * 13
_DIGIT_GROUP = b" 0000"
_DIGIT_GROUPS = b"0000 0000"
_SHORT_RUN = b"x" * 13
# Credentials behind "bearer" or "basic", a key behind "BEGIN" and numbers written in groups have a space in them.
_SPACED = re.compile(
    r"[ +\t%](?:(?<=[rRcCN].)(?:(?<=(?i:earer).)|(?<=(?i:basic).)|(?<=BEGIN.))|(?=(?:20)?[0-9]{4,6}(?:[ +]|%20)))",
    re.DOTALL,
)

_FOLDED = bytes.maketrans(_ALPHANUMERIC.upper(), _ALPHANUMERIC.lower())
_FOLDED_AWAY = b"-_.+%0123456789"


def only_of(more: bytes) -> bytes:
    """ASCII letters, digits and *more*.

    ``raw.translate(None, only_of(more))`` is then empty when *raw* has nothing else.
    """
    return _ALPHANUMERIC + more


class LooksScreen:
    """Tells that a text has nothing that looks like a secret; it may say that it has where there is none.

    Args:
        values: The patterns; those that are not *distinct* are searched in every text.
    """

    __slots__ = ("_always", "_clues", "_hints", "_numbers", "_snake_clues", "searches_all")

    def __init__(self, values: Iterable[ValuePattern]) -> None:
        values = tuple(values)
        distinct = [value for value in values if value.distinct]
        clues = {clue for value in distinct for clue in value.clues}
        self._always = tuple(value.regex for value in values if not value.distinct)
        self.searches_all = bool(self._always)
        """Whether some pattern is searched in every text."""
        self._hints = tuple(value.hint for value in distinct if value.hint is not None and not value.clues)
        self._numbers = NUMBER in clues
        self._snake_clues = tuple(sorted(clue for clue in clues if "_" in clue))
        self._clues = tuple(sorted(clues - {NUMBER} - set(self._snake_clues)))

    def clears(self, raw: bytes, text: str) -> bool:
        """Whether no pattern can match *text*, of which *raw* are the bytes."""
        if self._suspicious(raw, text) and self._has_clue(raw, text):
            return False
        return not self._always or not any(regex.search(text) for regex in self._always)

    @staticmethod
    def _suspicious(raw: bytes, text: str) -> bool:
        """Whether *text* has what every distinct pattern has: a long run or number, or a word that stands before a secret."""
        runs = raw.translate(_RUNS)
        if _SHORT_RUN in runs and (_RUN in runs or _DIGIT_RUN in raw.translate(_DIGITS)):
            return True
        if not (b"+" in raw or b" " in raw or b"%" in raw or b"\t" in raw):
            return False
        lowered = raw.lower()
        if b"earer" in lowered or b"basic" in lowered or b"begin" in lowered or _DIGIT_GROUP in raw.translate(_DIGITS):
            return _SPACED.search(text) is not None
        return False

    def _has_clue(self, raw: bytes, text: str) -> bool:
        lowered = text.lower()
        for clue in self._clues:
            if clue in lowered:
                return True
        if "_" in text and any(clue in lowered for clue in self._snake_clues):
            return True
        if self._numbers:
            digits = raw.translate(_DIGITS)
            if _DIGIT_RUN in digits or _DIGIT_GROUPS in digits:
                return True
        return any(hint.search(text) for hint in self._hints)


class KeyScreen:
    """Tells that a text has no key that names a secret; it may say that it has one where there is none.

    The text is read backwards, in lower case and without the separators of words: then a key follows its ``=``, so that
    a search stops at these signs only.

    Args:
        whole: Keys, in lower case without separators, that only match as a whole.
        endings: Those that also match at the end of a key.
    """

    __slots__ = ("_in_prose", "_in_query")

    def __init__(self, whole: Iterable[str], endings: Iterable[str]) -> None:
        names: dict[bytes, set[bytes]] = {}
        for words, behind in ((whole, rb"(?![a-z])"), (endings, b"")):
            for word in words:
                name = _folded(word.encode("utf-8"))
                names.setdefault(name[:1], set()).add(re.escape(name[1:]) + behind)
        branches = [re.escape(last) + b"(?:" + b"|".join(sorted(rest)) + b")" for last, rest in sorted(names.items())]
        key = b"(?:" + b"|".join(branches) + b")" if branches else rb"(?!)"
        self._in_query = re.compile(b"=" + key)
        # Between key and sign stand a bracket, a quote with three backslashes at most, and eight spaces at most.
        self._in_prose = re.compile(rb"""[=:>,][=>"'\\\]\s]{0,16}""" + key)

    def clears_query(self, raw: bytes) -> bool:
        """Whether no pair of a query of ASCII letters, digits and ``&=-_.~+%,*!'()$`` has a secret's key."""
        return self._in_query.search(_folded(raw)) is None

    def clears_prose(self, text: str) -> bool:
        """Whether no ``key=value``, ``key: value`` or JSON pair in *text* has a secret's key."""
        return (
            text.isascii()
            and "[" not in text
            and "]" not in text
            and "%" not in text
            and self._in_prose.search(_folded(text.encode())) is None
        )


def _folded(raw: bytes) -> bytes:
    return raw.translate(_FOLDED, _FOLDED_AWAY)[::-1]
