"""The type of a value, told from its form alone: ``int``, ``uuid``, ``date``, ``token`` ..."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from otel_middleware.routing.identifiers import is_identifier

if TYPE_CHECKING:
    from otel_middleware.routing.lexicon import Lexicon

__all__ = ["label_of", "widened"]

HEADLINE_WORDS, MIN_HEADLINE = 6, 20  # so many words in so many characters are a title

_TYPES = re.compile(
    r"""
      (?P<int>[+-]?\d+)
    | (?P<uuid>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}
              |[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12})
    | (?P<float>[+-]?\d+\.\d+)
    | (?P<date>\d{4}-[01]\d(?:-[0-3]\d(?:[T ][0-2]\d(?::?[0-5]\d[0-9:.]*)?(?:Z|[+-]\d\d:?\d\d)?)?)?)
    | (?P<ip>\d{1,3}(?:\.\d{1,3}){3} | [0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7})
    | (?P<version>v?\d+(?:\.\d+){2,4}(?:[-+.][0-9A-Za-z.+-]*)?)
    | (?P<email>[^@\s]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,})
    | (?P<hex>(?=[0-9]*[a-fA-F])(?=[a-fA-F]*[0-9])[0-9a-fA-F]{7,} | [0-9a-fA-F]{32,})
    | (?P<token>eyJ[\w-]+\.[\w-]+\.[\w-]*            # JWT
              | [A-Z]{2}[0-9a-f]{32}                 # Twilio's
              | [0-7][0-9A-HJKMNP-TV-Z]{25})         # ULID
    """,
    re.VERBOSE,
)
_EMAIL = re.compile(r"[^@\s]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}")
_DIGIT = re.compile(r"\d")
_NO_TYPE = frozenset("ghijklmnopqrstuwxyz")  # no type but an address begins with these
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
# Characters that no static segment has, and that would be read as syntax in a template or in an exported file.
_UNSAFE = re.compile(r"[\s{}<>#*\\%\x00-\x1f\x7f]|(?:^|[-.]):|^\?")


def label_of(text: str, words: Lexicon) -> str | None:
    """The type of the whole of *text*, ``None`` for what may be a word of a route."""
    label = _type_of(text) if text[0] not in _NO_TYPE or "@" in text else None
    if label:
        return label
    if is_identifier(text, words):
        return "token"
    return "slug" if _UNSAFE.search(text) or _is_headline(text, words) else None


def _type_of(text: str) -> str | None:
    if _DIGIT.search(text):
        match = _TYPES.fullmatch(text)
        return match.lastgroup if match else None
    return "email" if "@" in text and _EMAIL.fullmatch(text) else None


def _is_headline(text: str, words: Lexicon) -> bool:
    if len(text) < MIN_HEADLINE:
        return False
    return len(_WORD.findall(text)) >= HEADLINE_WORDS and not words.knows_all(text)


_COVERED = {
    "slug": frozenset({"int", "uuid", "float", "date", "ip", "version", "email", "hex", "list"}),
    "token": frozenset({"slug", "hex", "int", "uuid"}),  # some random identifiers look like words, or like numbers
    "hex": frozenset({"int"}),
    "float": frozenset({"int"}),
}


def widened(label: str | None, other: str) -> str:
    """The type that covers two types: as seldom a new one as can be, for a new one renames the route."""
    if label is None or label == other:
        return other
    if other in _COVERED.get(label, ()) or (label, other) == ("slug", "token"):
        return label
    return other if label in _COVERED.get(other, ()) else "id"
