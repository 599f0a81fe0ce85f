"""Tells in two passes in C that a text has no key that names a secret."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["KeyScreen"]

_UPPER, _LOWER = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"abcdefghijklmnopqrstuvwxyz"
_SIGNS = b"=:\"'\\"


def _folded_byte(byte: int) -> int:
    if byte in _SIGNS:
        return ord("=")
    return byte if byte in _LOWER else ord("&")


_FOLDED = bytes(_folded_byte(byte) for byte in bytes(range(256)).lower())
_FOLDED_AWAY = b"-_.0123456789"


class KeyScreen:
    """Tells that a text has no key that names a secret; it may say that it has one where there is none.

    The text is read backwards, in lower case and without the separators of words: then a key follows its ``=``, so that
    a search stops at these signs only. What else is no letter ends a key.

    Args:
        whole: Keys, in lower case without separators, that only match as a whole.
        endings: Those that also match at the end of a key.
    """

    __slots__ = ("_key",)

    def __init__(self, whole: Iterable[str], endings: Iterable[str]) -> None:
        names: dict[bytes, set[bytes]] = {}
        for words, behind in ((whole, rb"(?![a-z])"), (endings, b"")):
            for word in words:
                name = _folded(word.encode("utf-8"))
                names.setdefault(name[:1], set()).add(name[1:] + behind)
        branches = [last + b"(?:" + b"|".join(sorted(rest)) + b")" for last, rest in sorted(names.items())]
        self._key = re.compile(b"=(?:" + b"|".join(branches) + b")" if branches else rb"(?!)")

    def clears(self, raw: bytes) -> bool:
        """Whether no ``key=value``, ``key:value`` or JSON pair has a secret's key.

        Keys must be written with ASCII letters, digits, ``_``, ``-`` and ``.`` only, and no blank may stand before a sign.
        """
        return self._key.search(_folded(raw)) is None


def _folded(raw: bytes) -> bytes:
    return raw.translate(_FOLDED, _FOLDED_AWAY)[::-1]
