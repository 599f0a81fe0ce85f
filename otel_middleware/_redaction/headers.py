"""Which headers are redacted whole."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["DEFAULT_HEADERS", "header_rules"]

DEFAULT_HEADERS = frozenset(
    {"cookie", "auth", "token", "secret", "api-key", "apikey", "signature", "session", "password", "credential"}
)
"""A header whose name contains one of these is redacted whole."""

_CACHED_NAMES = 256


def header_rules(parts: Iterable[str | re.Pattern[str]]) -> Callable[[str], str | None]:
    """A function from a header's name, in any case, with ``-`` or ``_``, to the part that it contains, or ``None``."""
    words = sorted(_folded(part) for part in parts if isinstance(part, str))
    regexes = [part for part in parts if isinstance(part, re.Pattern)]

    @lru_cache(_CACHED_NAMES)
    def rule(name: str) -> str | None:
        folded = _folded(name)
        for word in words:
            if word in folded:
                return word
        return next((regex.pattern for regex in regexes if regex.search(folded)), None)

    return rule


def _folded(name: str) -> str:
    return name.strip().lower().replace("_", "-")
