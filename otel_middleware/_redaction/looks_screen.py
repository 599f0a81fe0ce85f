"""Tells in a few passes in C that nothing looks like a secret; most values of most requests are such."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from otel_middleware._redaction.pattern import DefaultPattern

if TYPE_CHECKING:
    from collections.abc import Iterable

    from otel_middleware._redaction.pattern import ValuePattern

__all__ = ["LooksScreen"]

_NUMBER = b"#"
"""The clue of a pattern that has 13 digits in a row, or two groups of at least four."""

_IN_RUNS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
_RUNS = bytes(ord("x") if byte in _IN_RUNS else ord(" ") for byte in range(256))
_WORDS = bytes(byte if byte in _IN_RUNS else ord(" ") for byte in range(256)).lower()
_SEPARATORS = b"._-"
_PARTS = bytes.maketrans(_SEPARATORS, b"   ")
_DIGITS = bytes(ord("0") if byte in b"0123456789" else ord(" ") for byte in range(256))
_RUN = b"x" * 16
_DIGIT_RUN = b"0" * 13
_DIGIT_GROUP = b" 0000"
_DIGIT_GROUPS = b"0000 0000"
_SHORT_RUN = b"x" * 13
_PIECES = bytes(ord(" ") if byte in b"+\t%" else byte for byte in bytes(range(256)).lower())
_FEW = 16
"""Pieces between blanks that are looked at one by one: queries have few of them, prose has many."""
_SPACES = re.compile(rb"[ +\t%]")
# Numbers in groups have one in the middle.
_GROUP = re.compile(rb"[ +%](?:20)?[0-9]{4,6}[ +%]")
# Credentials stand behind "bearer" or "basic" and a space, a key behind "BEGIN" and one.
_SPACED = re.compile(rb"(?:earer|basic|begin)[ +\t%]")
_WORDS_BEFORE = (b"earer", b"basic", b"begin")
_SHORTEST_GROUP = 4
_HEX = 2


def _is_identifier(text: bytes) -> bool:
    """Whether *text* is made of letters and digits, with a dash here and there: most identifiers of requests are."""
    return b"--" not in text and text.replace(b"-", b"").isalnum()


def _leads_on(piece: bytes) -> bool:
    """Whether *piece* may be what ``_SPACED`` or ``_GROUP`` match in front of a blank."""
    return piece.endswith(_WORDS_BEFORE) or (piece.isdigit() and len(piece) >= _SHORTEST_GROUP)


class LooksScreen:
    """Tells that a text has nothing that looks like a secret; it may say that it has where there is none.

    Args:
        values: The patterns; those that are not *distinct* are searched in every text.
    """

    __slots__ = (
        "_always",
        "_anywhere",
        "_hints",
        "_numbers",
        "_signed",
        "_signs",
        "_spaced",
        "_starts",
        "reads_as_written",
        "searches_all",
    )

    def __init__(self, values: Iterable[ValuePattern]) -> None:
        values = tuple(values)
        ours = [value for value in values if isinstance(value, DefaultPattern)]
        known = [value for value in ours if value.distinct]
        clues = {clue.encode() for value in known for clue in value.clues} - {_NUMBER}
        self._spaced = tuple(sorted(clue.encode() for value in known if value.spaced for clue in value.clues))
        self._anywhere = tuple(sorted(clue for clue in clues if set(clue) - set(_IN_RUNS) or clue[:1] in _SEPARATORS))
        self._signed = not any(map(_is_identifier, self._anywhere))
        starts = clues.difference(self._spaced, self._anywhere)
        self._starts = tuple(sorted({clue.translate(_PARTS).split()[0] for clue in starts}))
        self._numbers = any(_NUMBER.decode() in value.clues for value in values)
        self._hints = tuple(value.hint for value in values if value.distinct and value not in known and value.hint)
        self._signs = tuple(clue.encode() for value in ours if not value.distinct for clue in value.clues)
        self._always = tuple(value.regex for value in values if not value.distinct and value not in ours)
        self.reads_as_written = bool(self._hints)
        """Whether some pattern of the user's may match what is an escape as written."""
        self.searches_all = bool(self._always)
        """Whether some pattern is searched in every text."""

    def clears(self, text: str) -> bool:
        """Whether no pattern can match *text*."""
        raw = text.encode("utf-8", "replace")
        if not self.clears_runs(raw) or (_SPACES.search(raw) and not self.clears_spaced(raw)):
            return False
        return not self._always or not any(regex.search(text) for regex in self._always)

    def clears_runs(self, raw: bytes) -> bool:
        """Whether no distinct pattern can match the text without ``%``, ``+``, tab or space of which *raw* are the bytes."""
        if self._signs and any(sign in raw for sign in self._signs):
            return False
        if _SHORT_RUN not in (runs := raw.translate(_RUNS)):
            return True
        if _RUN not in runs and _DIGIT_RUN not in raw.translate(_DIGITS):
            return True
        return not self._has_clue(raw)

    def clears_spaced(self, raw: bytes) -> bool:
        """Whether there is no number in groups, and no word that stands before a secret, in a text that has spaces."""
        pieces = raw.translate(_PIECES).split(b" ")
        if len(pieces) <= _FEW and not any(map(_leads_on, pieces)):
            return True
        lowered = raw.lower()
        word = b"earer" in lowered or b"basic" in lowered or b"begin" in lowered
        grouped = _DIGIT_GROUP in raw.translate(_DIGITS) and _GROUP.search(raw)
        if not grouped and not (word and _SPACED.search(lowered)):
            return True
        return not (self._has_clue(raw) or any(clue in lowered for clue in self._spaced))

    def _has_clue(self, raw: bytes) -> bool:
        if raw.isalnum():
            parts = [raw.lower()]
        else:
            long = b" ".join([word for word in raw.translate(_WORDS).split() if len(word) >= len(_SHORT_RUN)])
            parts = long.translate(_PARTS).split()
        for part in parts:
            # Behind an escape stand its two digits.
            if part.startswith(self._starts) or part.startswith(self._starts, _HEX):
                return True
        if self._numbers:
            digits = raw.translate(_DIGITS)
            if _DIGIT_RUN in digits or _DIGIT_GROUPS in digits:
                return True
        return self._has_clue_anywhere(raw)

    def _has_clue_anywhere(self, raw: bytes) -> bool:
        if not (self._signed and _is_identifier(raw)):
            lowered = raw.lower()
            for clue in self._anywhere:
                if clue in lowered:
                    return True
        return bool(self._hints) and self._hinted(raw.decode("utf-8", "replace"))

    def _hinted(self, text: str) -> bool:
        return any(hint.search(text) for hint in self._hints)
