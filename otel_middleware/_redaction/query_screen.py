"""Tells that a query needs no closer look: the scanner would leave it as it is. Most queries are such."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from otel_middleware._redaction.bounds import MAX_INPUT
from otel_middleware._redaction.escapes import decoded_marks
from otel_middleware._redaction.links import SHORTEST_LINK, may_have_link
from otel_middleware._redaction.shapes import INNER, MILD, ODD, OUTER, RICH, WORDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_middleware._redaction.key_screen import KeyScreen
    from otel_middleware._redaction.looks_screen import LooksScreen

__all__ = ["QueryScreen"]

_PLAIN = b"&="
_KEYS = re.compile(r"([^&=]*)=")
_TWO_SIGNS = re.compile(rb"=[^&=]*=")
# In a value as written: a key of prose with an escape in it.
_ESCAPED_KEY = re.compile(r"%[A-Za-z0-9_.-]*[\"' ]*:")
_ODD_INNER_KEY = re.compile(rb"[^&=?]=")
_LONG_BEHIND_ESCAPE = re.compile(rb"%..[A-Za-z0-9._-]{11}")
_BLANK_SIGN = re.compile(rb"[ \t]:")


class QueryScreen:
    """Tells that there is nothing to mask in a query; it may deny it of one that has nothing.

    Args:
        keys: Tells that no plain key names a secret.
        rule: What a key of any kind names.
        looks: Tells that nothing looks like a secret.
        listed: Whether the values of listed keys are masked, not all and not none.
        paths: Whether paths were declared.
    """

    __slots__ = ("_active", "_keys", "_looks", "_paths", "_rule")

    def __init__(
        self, keys: KeyScreen, rule: Callable[[str], str | None], looks: LooksScreen, *, listed: bool, paths: bool
    ) -> None:
        self._active = listed and not looks.searches_all
        self._keys = keys
        self._rule = rule
        self._looks = looks
        self._paths = paths

    def clears(self, query: str, *, keys_known: bool = False) -> bool:
        """Whether a query, or some pairs of one, holds no secret, as written or after its percent-decodings.

        When *keys_known*, it is known that the keys of its pairs name none.
        """
        if not self._active or not query.isascii() or len(query) > MAX_INPUT:
            return False
        raw = query.encode()
        outer = raw.translate(OUTER, WORDS)
        if outer.strip(_PLAIN):
            return self._clears_odd(query, raw, outer, keys_known=keys_known)
        return ((keys_known and b"==" not in outer) or self._keys.clears(raw)) and self._looks.clears_runs(raw)

    def _clears_odd(self, query: str, raw: bytes, outer: bytes, *, keys_known: bool) -> bool:
        """The same for a query that is not made of plain words alone."""
        said = decoded_marks(raw) if b"%" in raw else raw
        if said is None or not self._says_nothing(query, outer, said, keys_known=keys_known):
            return False
        if said is not raw and (self._looks.reads_as_written or _LONG_BEHIND_ESCAPE.search(raw)):
            said = raw + b"&" + said  # as written, the escape's digits are a part of it
        if (b" " in said or b"+" in said) and not self._looks.clears_spaced(said):
            return False
        return self._looks.clears_runs(said)

    def _says_nothing(self, query: str, outer: bytes, said: bytes, *, keys_known: bool) -> bool:
        """Whether no key in *said*, which is *query* decoded, names a secret, and no URL in it holds one."""
        odd = ODD in outer
        inner = said.translate(INNER, WORDS)
        if inner.strip(MILD) or _nested(inner, outer, odd=odd):
            return not odd and self._rich(query, inner, said)
        if keys_known:
            return True
        return not any(map(self._rule, _KEYS.findall(query))) if odd else self._keys.clears(said)

    def _rich(self, query: str, inner: bytes, said: bytes) -> bool:
        """The same where a value may be a URL, a pair or JSON, and keys are plain."""
        if inner.strip(RICH) or inner.count(b"?") > 1 or _ODD_INNER_KEY.search(inner):
            return False
        if ":" in query and _ESCAPED_KEY.search(query):
            return False
        if b"@" in inner and (b":" in inner or b"/" in inner):  # perhaps userinfo
            return False
        if b"/" in inner and (self._paths or (len(query) >= SHORTEST_LINK and may_have_link(said.decode()))):
            return False
        return not (b" " in said and _BLANK_SIGN.search(said)) and self._keys.clears(said)


def _nested(inner: bytes, outer: bytes, *, odd: bool) -> bool:
    """Whether there are pairs in the values of pairs."""
    if b"==" in inner or inner.count(b"=") != outer.count(b"="):
        return True
    return odd and (_TWO_SIGNS.search(inner) or _TWO_SIGNS.search(outer)) is not None
