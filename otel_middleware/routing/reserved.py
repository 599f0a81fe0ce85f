"""Words that stand beside values in many APIs: ``/users/me``, ``/Orders/$count``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from otel_middleware.routing.lexicon import Lexicon

__all__ = ["RESERVED", "is_marked"]

RESERVED = frozenset(
    "all batch bulk callback count create current default edit export health healthz import latest login logout lookup me mine "
    "new options ping register schema search self settings stats status suggest summary sync upload validate".split(" ")
)

# What a server puts beside values is marked so that it is none of them: /Orders/$count, /logs/_search, /group/name/-/issues.
_OPERATION = re.compile(r"\$[a-z][A-Za-z-]{1,30}")
_INTERNAL = re.compile(r"_[a-z]{2,15}(?:[-_][a-z]{2,15}){0,3}")
_DIVIDERS = frozenset("-_~")


def is_marked(text: str, words: Lexicon) -> bool:
    """Whether *text* is written as no value is: ``$count``, ``_search`` when *words* knows it, a mark alone."""
    if text[0] == "$":
        return bool(_OPERATION.fullmatch(text))
    if text[0] == "_" and _INTERNAL.fullmatch(text):
        return words.knows_all(text)
    return text in _DIVIDERS
