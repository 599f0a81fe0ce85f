"""What is left of a value without its words: the characters between them, by kind.

A shape is short and says all about the structure: ``a=1&next=/x?b=2`` has the shape ``=&=/?=``. In it an odd character that
stands directly before ``=`` belongs to the key in front of that sign, or ends in front of it.
"""

from __future__ import annotations

__all__ = ["INNER", "MILD", "ODD", "OUTER", "RICH", "WORDS"]

WORDS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"
_PAIRS = b"&="
_KEYS = b"[]$"
_HARMLESS = b"+, ()!*~{}<>|^`"
_URLS = b":/?@\"'"

MILD = b"&=mk"
"""What an inner shape has that can be no URL, userinfo, JSON or ``key: value``: ``m`` is harmless, ``k`` belongs to keys."""

RICH = b'&=m:/?@"'
"""What it has when it may be one of these, but has no other separator than ``&`` and no brackets."""


def _inner(byte: int) -> int:
    if byte in _HARMLESS:
        return ord("m")
    if byte in _KEYS or byte > max(WORDS):
        return ord("k")
    return ord('"') if byte == ord("'") else byte


OUTER = bytes(byte if byte in _PAIRS else ord("o") for byte in range(256))
"""``raw.translate(OUTER, WORDS)`` is a shape made of ``&``, ``=`` and ``o`` for whatever else is no word."""

ODD = b"o="
"""In an outer shape: a key that has more than words."""

INNER = bytes(map(_inner, range(256)))
"""``raw.translate(INNER, WORDS)`` is a shape by kinds of characters."""
