"""Tells in a few passes in C that a value holds nothing to look at closely; most values of most requests are such."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["KeyScreen", "looks_plain", "only_of"]

_ALPHANUMERIC = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

_RUNS = bytes(ord("x") if byte in _ALPHANUMERIC + b"._-" else ord(" ") for byte in range(256))
_DIGITS = bytes(ord("0") if byte in b"0123456789" else ord(" ") for byte in range(256))
_RUN = b"x" * 16
_NUMBER = b"0" * 13
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


def looks_plain(raw: bytes, text: str) -> bool:
    """Whether no *distinct* value pattern can match *text*, of which *raw* are the bytes."""
    runs = raw.translate(_RUNS)
    if _SHORT_RUN in runs and (_RUN in runs or _NUMBER in raw.translate(_DIGITS)):
        return False
    spaced = b"+" in raw or b" " in raw or b"%" in raw or b"\t" in raw
    return not spaced or _SPACED.search(text) is None


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
            and "%" not in text
            and self._in_prose.search(_folded(text.encode())) is None
        )


def _folded(raw: bytes) -> bytes:
    return raw.translate(_FOLDED, _FOLDED_AWAY)[::-1]
