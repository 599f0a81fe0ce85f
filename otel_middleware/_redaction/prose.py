"""Masks secrets in free text: messages, header values, the values of parameters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from otel_middleware._redaction.nesting import MAX_DEPTH

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_middleware._redaction.scanner import Scanner

__all__ = ["Prose", "scan_decoded"]

_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_WORD = re.compile(r"\S+")
# Where a URL may begin: not within a word, as in "text/html".
_SLASH = re.compile(r"/(?<![\w.~%*)/-].)")
_URL = re.compile(r"""(?:(?<![\w+.%-])[A-Za-z][A-Za-z0-9+.-]{1,31}:|(?<![\w.:~%*)/-]))/[^\s"'<>]*""")
_USERINFO = re.compile(
    r"""(?<![\w.%+~:/@-])(?!(?i:mailto|sips?|acct|xmpp|im|npm|e-?mail|from|to|cc):)([\w.%+~-]+:[^\s:/?#@"'<>]+)@(?!sha\d)(?=[\w\[])"""
)


class Prose:
    """Walks through a text: pairs by key, secrets by their looks, URLs as URLs, words also as they read when decoded.

    Args:
        scanner: Those who know about the parts.
    """

    __slots__ = ("_scanner",)

    def __init__(self, scanner: Scanner) -> None:
        self._scanner = scanner

    def masked(self, text: str, place: str, name: str = "", depth: int = 0) -> str:
        """Mask the secrets in *text*, the value of *name*, that was found *depth* levels deep."""
        scanner = self._scanner
        if depth > MAX_DEPTH:
            return scanner.marks.mark(place, "nesting", name, text)
        if not scanner.text_screen.pairs(text):
            text = scanner.pairs.masked(text, place)
        text = scanner.looks.masked(text, place, name)
        if "@" in text or "%" in text or _SLASH.search(text):
            text = self._urls(text, place, depth)
        return text

    def nameless(self, text: str, place: str, depth: int) -> str:
        """The same for a text that has no name."""
        return self.masked(text, place, "", depth)

    def offered(self, text: str, place: str) -> str:
        """Mask the credentials that browsers send as websocket subprotocols: behind the name of a key, or in one item with it."""
        scanner, items, secret = self._scanner, text.split(","), False
        for index, item in enumerate(items):
            bare = item.strip()
            if secret and bare:
                items[index] = item.replace(bare, scanner.marks.mark(place, "subprotocol", "", bare))
                continue
            words = bare.split(".")
            at = next((n for n, word in enumerate(words) if scanner.keys.rule(word)), len(words))
            secret = at == len(words) - 1
            if at < len(words) - 1:
                masked = scanner.marks.mark(place, "subprotocol", words[at], ".".join(words[at + 1 :]))
                items[index] = item.replace(bare, ".".join([*words[: at + 1], masked]))
        return self.masked(",".join(items), place)

    def _urls(self, text: str, place: str, depth: int) -> str:
        parts, at = [], 0
        for url in _URL.finditer(text):
            target = self._scanner.urls.target(url[0], place, depth + 1)
            parts += [self._gap(text[at : url.start()], place, depth), target]
            at = url.end()
        return "".join(parts) + self._gap(text[at:], place, depth)

    def _gap(self, text: str, place: str, depth: int) -> str:
        if "@" in text:
            text = self._scanner.looks.replaced(_USERINFO, text, place, "userinfo", "userinfo")
        if "%" not in text:
            return text
        return _WORD.sub(lambda word: scan_decoded(word[0], place, depth, self.nameless, ""), text)


def scan_decoded(text: str, place: str, depth: int, scan: Callable[[str, str, int], str], safe: str) -> str:
    """Scan what *text* says when it is decoded; a secret found there makes it be written anew."""
    decoded = unquote(text) if _ESCAPE.search(text) else text
    if decoded == text:
        return text
    scanned = scan(decoded, place, depth + 1)
    return text if scanned == decoded else quote(scanned, safe=safe)
