"""Tells that a path or a text needs no closer look: the scanner would leave it as it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from otel_middleware._redaction.bounds import MAX_INPUT
from otel_middleware._redaction.links import SHORTEST_LINK, may_have_link

if TYPE_CHECKING:
    from otel_middleware._redaction.key_screen import KeyScreen
    from otel_middleware._redaction.looks_screen import LooksScreen

__all__ = ["TextScreen"]

_PATH = re.compile(r"[A-Za-z0-9/_.~+,*!'()$-]*")
# No distinct pattern matches less than thirteen of these characters, and none spans a slash.
_SHORT_SEGMENTS = re.compile(r"(?:/[A-Za-z0-9_-]{0,12})*")

_TEXT = re.compile(r"[A-Za-z0-9 _.~+*!'()$#;?<>|^`{}\"\\&/:,=-]*")
_BLANK_SIGN = re.compile(rb"[ \t][=:]")
# A key that has other characters than letters, digits, "_", "." and "-": of a query or fragment in a text, and of a path.
_ODD_KEY = re.compile(rb"[^A-Za-z0-9_.&=?-][A-Za-z0-9_.-]*=")
_ODD_PATH_KEY = re.compile(rb"[^A-Za-z0-9_./;&,?#=\s\"'<>-][A-Za-z0-9_.-]*=")


class TextScreen:
    """Tells that there is nothing to mask in a path or text; it may deny it of one that has nothing.

    Args:
        keys: Tells that no plain key names a secret.
        looks: Tells that nothing looks like a secret.
        paths: Whether paths were declared.
    """

    __slots__ = ("_keys", "_looks", "_paths")

    def __init__(self, keys: KeyScreen, looks: LooksScreen, *, paths: bool) -> None:
        self._keys = keys
        self._looks = looks
        self._paths = paths

    def path(self, path: str) -> bool:
        """Whether a path holds no secret."""
        if self._paths or len(path) > MAX_INPUT or not path.isascii():
            return False
        if not self._looks.searches_all and _SHORT_SEGMENTS.fullmatch(path):
            return True
        if not _PATH.fullmatch(path) or not self._looks.clears(path):
            return False
        return len(path) < SHORTEST_LINK or not may_have_link(path)

    def prose(self, text: str) -> bool:
        """Whether a text, in which pairs, JSON and URLs may stand, holds no secret."""
        if len(text) > MAX_INPUT or not _TEXT.fullmatch(text) or not self._looks.clears(text):
            return False
        if "/" in text and (self._paths or (len(text) >= SHORTEST_LINK and may_have_link(text))):
            return False
        return not ("=" in text or ":" in text or '"' in text or "'" in text) or self._pairs_of_prose(text)

    def _pairs_of_prose(self, text: str) -> bool:
        raw = text.encode()
        if b"/" in raw and b"=" in raw and (raw.count(b"?") > 1 or _ODD_PATH_KEY.search(raw)):
            return False
        if (b"?" in raw or b"#" in raw) and _ODD_KEY.search(raw):
            return False
        return self.pairs(text)

    def pairs(self, text: str) -> bool:
        """Whether no ``key=value``, ``key: value`` or JSON pair in *text* has a secret's key."""
        if not text.isascii() or "[" in text or "]" in text or "%" in text or "$" in text:
            return False
        raw = text.encode()
        return not _BLANK_SIGN.search(raw) and self._keys.clears(raw)
