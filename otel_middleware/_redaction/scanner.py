"""Finds secrets in queries, paths, URLs and prose, in linear time: those who know about each, and know one another."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from otel_middleware._redaction.key_screen import KeyScreen
from otel_middleware._redaction.keys import KeyList
from otel_middleware._redaction.looks import Looks
from otel_middleware._redaction.looks_screen import LooksScreen
from otel_middleware._redaction.pairs import Pairs
from otel_middleware._redaction.prose import Prose
from otel_middleware._redaction.queries import Queries
from otel_middleware._redaction.query_screen import QueryScreen
from otel_middleware._redaction.text_screen import TextScreen
from otel_middleware._redaction.urls import Urls

if TYPE_CHECKING:
    from otel_middleware._redaction.marks import Marks
    from otel_middleware._redaction.settings import Settings

__all__ = ["Scanner"]

_SHARED = 16


class Scanner:
    """What walks through a value and lets ``marks`` replace the secrets.

    Args:
        settings: Keys, value patterns, declared paths and the treatment of query values.
        marks: Writes what stands in a secret's place.
    """

    __slots__ = ("keys", "looks", "marks", "pairs", "prose", "queries", "query_screen", "text_screen", "urls")

    def __init__(self, settings: Settings, marks: Marks) -> None:
        self.keys, key_screen = _keys(frozenset(settings.query_keys))
        looks_screen = LooksScreen(settings.values)
        self.marks = marks
        listed, paths = settings.query == "listed", bool(settings.paths)
        self.query_screen = QueryScreen(key_screen, self.keys.rule, looks_screen, listed=listed, paths=paths)
        self.text_screen = TextScreen(key_screen, looks_screen, paths=paths)
        self.looks = Looks(settings.values, looks_screen, marks)
        self.pairs = Pairs(self.keys, marks)
        self.prose = Prose(self)
        self.urls = Urls(self, settings.paths)
        self.queries = Queries(self, settings.query)


@lru_cache(_SHARED)
def _keys(listed: frozenset[str]) -> tuple[KeyList, KeyScreen]:
    """Sanitizers with the same keys share what is made of them."""
    keys = KeyList(listed)
    return keys, KeyScreen(keys.names, keys.endings)
