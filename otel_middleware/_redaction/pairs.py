"""Masks the values of ``key=value``, ``key: value`` and JSON pairs in prose."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from otel_middleware._redaction.keys import KeyList
    from otel_middleware._redaction.marks import Marks

__all__ = ["Pairs"]

# A run of key characters is entered at its start only: that keeps the search linear.
_PAIR = re.compile(
    r"""(?<![\w.$%\[\]-])([\w.$%\[\]-]+)((?:\\{0,3}["'])?)[ \t]{0,8}(?:=>|[=:]|(?<=["']),(?=[ \t]?b?["']))[ \t+]{0,8}"""
)
_QUOTE = re.compile(r"""b?(\\{0,3}["'])""")
_CONTAINER = re.compile(r"[\[({][^\])}]*[\])}]?")
# Commas, brackets and quotes end a value only where something else begins after them.
_BARE = re.compile(
    r"""(?:(?i:bearer|basic|digest|token|negotiate|apikey)[ +]{1,4})?"""
    r"""(?:[^\s&"'<>,;)\]}\\]|\\(?!["'])|["'](?=\w)|[,;)\]}](?![\s,;)\]}"'<>&]|\Z|[\w.-]{0,64}["']?[=:]))*"""
)
_LINE = re.compile(r"[^\r\n]*")
_SHORT_NUMBER = re.compile(r"[0-9]{1,4}")


class Pairs:
    """Walks through the pairs of a text.

    Args:
        keys: Which keys name a secret.
        marks: Writes what stands in a secret's place.
    """

    __slots__ = ("_keys", "_marks")

    def __init__(self, keys: KeyList, marks: Marks) -> None:
        self._keys = keys
        self._marks = marks

    def masked(self, text: str, place: str) -> str:
        """Mask the values of secret keys; a status code is none."""
        parts, at = [], 0
        for pair in _PAIR.finditer(text):
            if pair.start() < at:
                continue
            rule = self._keys.rule(pair[1])
            if rule is None:
                continue
            start, end = _value_span(text, pair, rule)
            if start < end and not (rule == "code" and _SHORT_NUMBER.fullmatch(text, start, end)):
                parts += [text[at:start], self._marks.mark(place, rule, pair[1], text[start:end])]
                at = end
        return text if not parts else "".join(parts) + text[at:]


def _value_span(text: str, pair: re.Match[str], rule: str) -> tuple[int, int]:
    at = pair.end()
    opening = _QUOTE.match(text, at)
    if opening is not None:
        closing = re.compile(r"(?<!\\)" + re.escape(opening[1])).search(text, opening.end())
        return opening.end(), closing.start() if closing else len(text)
    if ":" in pair[0] and ("authorization" in rule or "cookie" in rule):
        return at, _end(_LINE, text, at)
    if text[at : at + 1] in tuple("[({"):
        return at, _end(_CONTAINER, text, at)
    return at, _end(_BARE, text, at)


def _end(regex: re.Pattern[str], text: str, at: int) -> int:
    match = regex.match(text, at)
    return at if match is None else match.end()
