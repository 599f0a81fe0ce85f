"""Which keys name a secret: of query parameters, JSON, matrix parameters and ``key: value`` prose."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["KeyList"]

_LAST_WORDS = frozenset(
    """
    token password passwd pwd passphrase passcode secret jwt otp signature credential credentials auth authorization
    sid csrf xsrf apikey privatekey secretkey accesskey accountkey authkey sessionid sessionkey clientsecret cookie
    """.split()
)
"""Listed keys that also match as the last words of a key: ``reset_token``, ``x_api_key``, ``userPassword``."""

_SHORTEST_GLUED = 5
_GLUED = tuple(word for word in sorted(_LAST_WORDS) if len(word) >= _SHORTEST_GLUED)
"""Those that also match at the end of a word written without separators: ``resettoken``."""

_ORDINARY = frozenset(
    """
    pagetoken nextpagetoken prevpagetoken previouspagetoken nexttoken prevtoken continuationtoken synctoken pagingtoken
    paginationtoken cursortoken skiptoken deltatoken maxtoken mintoken
    """.split()
)
"""Keys that end like a secret and are none: positions in a listing, limits."""

_PARTS = re.compile(r"[^\w\-+ .,%]+")
_HUMPS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\dA-Z_]+|[0-9]+")
_WORDS = re.compile(r"[^\W_]+")
_MAX_DECODINGS = 3
_MAX_WORDS = 8
_CACHED_KEYS = 1024
_CACHED_LENGTH = 128


class KeyList:
    """Tells whether a key names a secret.

    Args:
        keys: The keys, in any spelling.

    Attributes:
        known: ``rule`` as a mapping, for those that ask for many.
    """

    __slots__ = ("_glued", "_last", "_names", "known")

    def __init__(self, keys: Iterable[str]) -> None:
        self._names = {_joined(_HUMPS.findall(key)): key for key in sorted(keys)}
        self._last = {word: self._names[word] for word in _LAST_WORDS if word in self._names}
        self._glued = tuple(word for word in _GLUED if word in self._last)
        self.known = _Known(self._rule)

    @property
    def names(self) -> frozenset[str]:
        """The listed keys, in lower case without separators."""
        return frozenset(self._names)

    @property
    def endings(self) -> frozenset[str]:
        """Those of them that also match as the last words of a key."""
        return frozenset(self._last)

    def rule(self, key: str) -> str | None:
        """The listed key that *key* matches, as it was listed, or ``None``.

        *key* is looked at as written and after each of up to three percent-decodings. Linear in its length.
        """
        return self.known[key]

    def _rule(self, key: str) -> str | None:
        for _ in range(_MAX_DECODINGS + 1):
            rule = self._names.get(_joined(_HUMPS.findall(key)))
            if rule is None:
                rule = next(filter(None, map(self._part, _PARTS.split(key))), None)
            if rule is not None or "%" not in key:
                return rule
            key = unquote(key)
        return None

    def _part(self, part: str) -> str | None:
        rule = self._words(_HUMPS.findall(part))
        return rule if rule is not None or part.islower() else self._words(_WORDS.findall(part))

    def _words(self, words: list[str]) -> str | None:
        whole = _joined(words)
        if whole in self._names:
            return self._names[whole]
        letters = [word for word in words if not word.isdecimal()]
        plain = _joined(letters)
        if plain in self._names:
            return self._names[plain]
        return None if plain in _ORDINARY else self._ending(letters, plain)

    def _ending(self, words: list[str], plain: str) -> str | None:
        for count in range(1, min(len(words), _MAX_WORDS) + 1):
            rule = self._last.get(_joined(words[-count:]))
            if rule is not None:
                return rule
        if plain.endswith(self._glued):
            return next(self._last[word] for word in self._glued if plain.endswith(word))
        return None


class _Known(dict[str, "str | None"]):
    """The rules of keys that were asked for: at most 1,024 keys of 128 characters; when it is full it begins anew."""

    def __init__(self, ask: Callable[[str], str | None]) -> None:
        super().__init__()
        self._ask = ask

    def __missing__(self, key: str) -> str | None:
        rule = self._ask(key)
        if len(key) <= _CACHED_LENGTH:
            if len(self) >= _CACHED_KEYS:
                self.clear()
            self[key] = rule
        return rule


def _joined(words: list[str]) -> str:
    return "".join(words).lower()
