"""Masks secrets in queries: the values of secret keys, and whatever is secret in others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from otel_middleware._redaction.bounds import MAX_INPUT

if TYPE_CHECKING:
    from otel_middleware._redaction.scanner import Scanner

__all__ = ["Queries"]

_SEPARATOR = re.compile(r"([&;])")

# Alphanumeric values shorter than this match no distinct pattern.
_SHORT = 13


class Queries:
    """Walks through the pairs of a query; what is not masked stays as it was written, in its order.

    Args:
        scanner: Those who know about keys and values.
        mode: ``"listed"``, ``"all"`` or ``None``, as ``Sanitizer`` takes it.
    """

    __slots__ = ("_known", "_mode", "_scanner", "_trusts_words")

    def __init__(self, scanner: Scanner, mode: str | None) -> None:
        self._scanner = scanner
        self._known = scanner.keys.known
        self._mode = mode
        self._trusts_words = mode == "listed" and not scanner.looks.searches_all  # short ones hold no secret

    def masked_words(self, text: str, place: str) -> str | None:
        """``masked`` of a query like most: of short words, but for the values of secret keys. ``None`` when it is another.

        In one pass over its pairs, since most of the time goes into fetching code and tables that nothing else of a request uses.
        """
        if (
            not self._trusts_words
            or ";" in text
            or len(text) > MAX_INPUT
            or not (text.isascii() and text.isprintable())
        ):
            return None
        pieces, known, secrets = text.split("&"), self._known, []
        for index, piece in enumerate(pieces):
            key, equals, value = piece.partition("=")
            if len(key) >= _SHORT or not key.isidentifier():
                return None
            rule = known[key] if equals else None
            if rule is not None:
                secrets.append((index, rule, key, value))
            elif value and (len(value) >= _SHORT or not value.isalnum()):
                return None
        for index, rule, key, value in secrets:
            pieces[index] = f"{key}={self._scanner.marks.mark(place, rule, key, value)}"
        return "&".join(pieces) if secrets else text

    def masked(self, text: str, place: str, depth: int = 0) -> str:
        """Mask the secrets in *text*, a query that was found *depth* levels deep."""
        if self._mode is None:
            return text
        between, pieces = ("", _SEPARATOR.split(text)) if ";" in text else ("&", text.split("&"))
        rules = self._rules(pieces)
        if not rules:
            clear = self._scanner.query_screen.clears(text, keys_known=True)
            return text if clear else between.join(self._each(pieces, rules, place, depth))
        rest = pieces.copy()
        for index, (_, key, _) in rules.items():
            rest[index] = key
        if not self._scanner.query_screen.clears(between.join(rest), keys_known=True):
            return between.join(self._each(pieces, rules, place, depth))
        mark = self._scanner.marks.mark
        for index, (rule, key, value) in rules.items():
            pieces[index] = f"{key}={mark(place, rule, key, value)}"
        return between.join(pieces)

    def _rules(self, pieces: list[str]) -> dict[int, tuple[str, str, str]]:
        """Rule, key and value of each pair whose value is a secret, by its index."""
        rules, known, every = {}, self._known, self._mode == "all"
        for index, piece in enumerate(pieces):
            key, equals, value = piece.partition("=")
            rule = known[key] if equals else None
            if rule is not None or (every and equals):
                rules[index] = rule or "all", key, value
        return rules

    def _each(self, pieces: list[str], rules: dict[int, tuple[str, str, str]], place: str, depth: int) -> list[str]:
        shown, masked = [], False
        for index, piece in enumerate(pieces):
            key, equals, value = piece.partition("=")
            if piece in ("&", ";"):
                shown.append(piece)
            elif masked and piece and not equals and pieces[index - 1] == ";":
                # `;` separates for some servers only: for the others what follows belongs to the secret.
                shown.append(self._scanner.marks.replacement)
            elif index in rules:
                safe = self._scanner.marks.mark(place, rules[index][0], key, value)
                masked = safe != value
                shown.append(f"{self._leaf(key, place, '', depth)}={safe}")
            elif equals and not value.strip("="):  # no pair: base64 ends in such signs
                masked = False
                shown.append(self._leaf(piece, place, "", depth))
            else:
                masked = False
                safe = self._leaf(value, place, key, depth)
                shown.append(self._leaf(key, place, "", depth) + equals + safe)
        return shown

    def _leaf(self, text: str, place: str, name: str, depth: int) -> str:
        if self._scanner.query_screen.clears("=" + text):  # what stands behind a sign is no key
            return text
        if len(text) < _SHORT and text.isalnum() and not self._scanner.looks.searches_all:
            return text
        return self._scanner.prose.masked(text, place, name, depth)
