"""Masks secrets in URLs: userinfo, path, query and fragment."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from otel_middleware._redaction.links import SECRET_LINK, SECRET_PAIR
from otel_middleware._redaction.nesting import MAX_DEPTH
from otel_middleware._redaction.prose import scan_decoded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from otel_middleware._redaction.scanner import Scanner

__all__ = ["Urls"]

_AUTHORITY = re.compile(r"((?:[A-Za-z][A-Za-z0-9+.-]*:[/\\]{1,8}|[/\\]{2}))([^/?#\\]*)")
_INNER_URL = re.compile(r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]*:/")
_PORT = re.compile(r"[^:]*:[0-9]*|\[[^\]]*\](?::[0-9]*)?|[^:]*")
_HOST_END = re.compile(r"[/?#\\]|\Z")


class Urls:
    """Walks through a URL, absolute or relative.

    Args:
        scanner: Those who know about queries and prose.
        paths: Declared paths: what they are called, and a regex whose groups are secrets.
    """

    __slots__ = ("_paths", "_scanner")

    def __init__(self, scanner: Scanner, paths: Iterable[tuple[str, re.Pattern[str]]]) -> None:
        self._scanner = scanner
        self._paths = tuple(paths)

    def target(self, text: str, place: str, depth: int = 0) -> str:
        """A URL or a request target: userinfo, path, query, and a fragment that is read as a query."""
        if depth > MAX_DEPTH:
            return self._scanner.marks.mark(place, "nesting", "", text)
        start = _AUTHORITY.match(text)
        if start is None:
            return self._hierarchy(text, place, depth)
        host, rest = self._host(start[2], text[start.end() :], place)
        return start[1] + host + self._hierarchy(rest, place, depth)

    def url(self, text: str, place: str) -> str:
        """A URL, or a Host value such as ``user:pw@host`` that lacks its scheme."""
        end = _HOST_END.search(text)
        if end is None or _AUTHORITY.match(text) or text.startswith("/"):
            return self.target(text, place)
        host, rest = self._host(text[: end.start()], text[end.start() :], place)
        return host + self._hierarchy(rest, place, 0)

    def _host(self, authority: str, rest: str, place: str) -> tuple[str, str]:
        whole = authority + rest
        at = max(authority.rfind("@"), authority.find("%40"))
        if at < 0 and "@" in rest and not _PORT.fullmatch(authority):
            # A password may hold an unescaped slash: then the authority seems to end inside it.
            at = whole.rindex("@")
        if at < 0:
            return self._scanner.looks.masked(authority, place, ""), rest
        user = self._scanner.marks.mark(place, "userinfo", "userinfo", whole[:at])
        after = whole[at:]
        end = max(len(authority) - at, 1)
        return user + after[:end], after[end:]

    def _hierarchy(self, text: str, place: str, depth: int) -> str:
        body, hash_sign, fragment = text.partition("#")
        path, question, query = body.partition("?")
        text = self._path(path, place, depth) + question
        if query:
            text += self._scanner.queries.masked(query, place, depth)
        if hash_sign:
            read = self._scanner.queries.masked if "=" in fragment else self._scanner.prose.nameless
            text += hash_sign + read(fragment, place, depth)
        return text

    def _path(self, text: str, place: str, depth: int) -> str:
        inner = _INNER_URL.search(text) if ":" in text else None
        if inner is not None:
            at = inner.start()
            return self._segments(text[:at], place, depth) + self.target(text[at:], place, depth + 1)
        return self._segments(text, place, depth)

    def _segments(self, text: str, place: str, depth: int) -> str:
        looks = self._scanner.looks
        for rule, regex in self._paths:
            text = looks.replaced(regex, text, place, rule, rule)
        text = looks.replaced(SECRET_LINK, text, place, "link", "link")
        if "=" in text:
            text = SECRET_PAIR.sub(lambda pair: self._segment_pair(pair, place), text)
        text = looks.masked(text, place, "")
        return scan_decoded(text, place, depth, self.target, "/:@,+$!'()*~") if "%" in text else text

    def _segment_pair(self, pair: re.Match[str], place: str) -> str:
        rule = self._scanner.keys.rule(pair[1])
        return pair[0] if rule is None else f"{pair[1]}={self._scanner.marks.mark(place, rule, pair[1], pair[2])}"
