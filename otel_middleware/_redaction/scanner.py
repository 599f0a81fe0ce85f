"""Finds secrets in queries, paths, URLs and prose, in linear time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from otel_middleware._redaction.paths import SECRET_LINK, SECRET_PAIR

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_middleware._redaction.keys import KeyList
    from otel_middleware._redaction.marks import Marks
    from otel_middleware._redaction.screen import KeyScreen, LooksScreen
    from otel_middleware._redaction.settings import Settings

__all__ = ["Scanner"]

# Each level costs one pass: three percent-decodings, and URLs inside URLs.
_MAX_DEPTH = 6

# Alphanumeric values shorter than this match no distinct pattern.
_SHORT = 13

# Whatever may be a URL, a pair, JSON or percent-encoded.
_SPECIAL = re.compile(r"[^A-Za-z0-9_.+~!*=-]")
_SEPARATOR = re.compile(r"([&;])")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_WORD = re.compile(r"\S+")
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
# Where a URL may begin: not within a word, as in "text/html".
_SLASH = re.compile(r"/(?<![\w.~%*)/-].)")
_LINE = re.compile(r"[^\r\n]*")
_SHORT_NUMBER = re.compile(r"[0-9]{1,4}")
_URL = re.compile(r"""(?:(?<![\w+.%-])[A-Za-z][A-Za-z0-9+.-]{1,31}:|(?<![\w.:~%*)/-]))/[^\s"'<>]*""")
_AUTHORITY = re.compile(r"((?:[A-Za-z][A-Za-z0-9+.-]*:[/\\]{1,8}|[/\\]{2}))([^/?#\\]*)")
_INNER_URL = re.compile(r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]*:/")
_PORT = re.compile(r"[^:]*:[0-9]*|\[[^\]]*\](?::[0-9]*)?|[^:]*")
_USERINFO = re.compile(
    r"""(?<![\w.%+~:/@-])(?!(?i:mailto|sips?|acct|xmpp|im|npm|e-?mail|from|to|cc):)([\w.%+~-]+:[^\s:/?#@"'<>]+)@(?!sha\d)(?=[\w\[])"""
)


class Scanner:
    """Walks through a value and lets ``marks`` replace the secrets.

    Args:
        keys: Which keys name a secret.
        screen: Tells quickly that there is none of them.
        looks: Tells quickly that nothing looks like a secret.
        settings: Value patterns, declared paths and the treatment of query values.
        marks: Writes what stands in a secret's place.
    """

    __slots__ = ("_indistinct", "_keys", "_looks", "_marks", "_mode", "_paths", "_screen", "_values")

    def __init__(self, keys: KeyList, screen: KeyScreen, looks: LooksScreen, settings: Settings, marks: Marks) -> None:
        self._keys = keys
        self._screen = screen
        self._looks = looks
        self._values = tuple(settings.values)
        self._indistinct = tuple(value for value in settings.values if not value.distinct)
        self._paths = tuple(settings.paths)
        self._mode = settings.query
        self._marks = marks

    def query(self, text: str, place: str, depth: int = 0) -> str:
        """Mask the values of secret keys, and secrets in others; what is not masked stays as it was written."""
        if self._mode is None:
            return text
        quiet = not self._indistinct and self._looks.clears(text.encode("utf-8", "replace"), text)
        pieces = _SEPARATOR.split(text) if ";" in text else _interleaved(text.split("&"))
        masked = False
        for index in range(0, len(pieces), 2):
            piece = pieces[index]
            key, equals, value = piece.partition("=")
            if masked and piece and not equals and pieces[index - 1] == ";":
                # `;` separates for some servers only: for the others what follows belongs to the secret.
                pieces[index] = self._marks.replacement
                continue
            rule = self._rule(key) if equals else None
            masked = False
            if rule is not None:
                safe = self._marks.mark(place, rule, key, value)
                masked = safe != value
                pieces[index] = f"{self._leaf(key, place, '', depth)}={safe}"
            elif not quiet or _SPECIAL.search(piece) or "=" in value:
                safe = self._leaf(value, place, key, depth)
                pieces[index] = self._leaf(key, place, "", depth) + equals + safe
        return "".join(pieces)

    def keyed(self, text: str, place: str) -> str:
        """The same for a query that can hold a secret by its keys alone, ``&`` between its pairs and nothing encoded."""
        pieces, known = text.split("&"), self._keys.known
        for index, piece in enumerate(pieces):
            key, equals, value = piece.partition("=")
            rule = known[key] if equals else None
            if rule is not None:
                pieces[index] = f"{key}={self._marks.mark(place, rule, key, value)}"
            elif "=" in value:
                pieces[index] = f"{key}={self._leaf(value, place, key, 0)}"
        return "&".join(pieces)

    def _rule(self, key: str) -> str | None:
        return self._keys.rule(key) or ("all" if self._mode == "all" else None)

    def _leaf(self, text: str, place: str, name: str, depth: int) -> str:
        if len(text) < _SHORT and text.isalnum() and not self._indistinct:
            return text
        return self.free(text, place, name, depth)

    def target(self, text: str, place: str, depth: int = 0) -> str:
        """A URL or a request target: userinfo, path, query, and a fragment that is read as a query."""
        if depth > _MAX_DEPTH:
            return self._marks.mark(place, "nesting", "", text)
        start = _AUTHORITY.match(text)
        if start is None:
            return self._hierarchy(text, place, depth)
        host, rest = self._host(start[2], text[start.end() :], place)
        return start[1] + host + self._hierarchy(rest, place, depth)

    def url(self, text: str, place: str) -> str:
        """A URL, or a Host value such as ``user:pw@host`` that lacks its scheme."""
        if _AUTHORITY.match(text) or text.startswith("/"):
            return self.target(text, place)
        end = re.search(r"[/?#\\]|\Z", text)
        at = end.start() if end else len(text)
        host, rest = self._host(text[:at], text[at:], place)
        return host + self._hierarchy(rest, place, 0)

    def _host(self, authority: str, rest: str, place: str) -> tuple[str, str]:
        whole = authority + rest
        at = max(authority.rfind("@"), authority.find("%40"))
        if at < 0 and "@" in rest and not _PORT.fullmatch(authority):
            # A password may hold an unescaped slash: then the authority seems to end inside it.
            at = whole.rindex("@")
        if at < 0:
            return self.patterns(authority, place, ""), rest
        user = self._marks.mark(place, "userinfo", "userinfo", whole[:at])
        after = whole[at:]
        end = max(len(authority) - at, 1)
        return user + after[:end], after[end:]

    def _hierarchy(self, text: str, place: str, depth: int) -> str:
        body, hash_sign, fragment = text.partition("#")
        path, question, query = body.partition("?")
        text = self.path(path, place, depth) + question
        if query:
            text += self.query(query, place, depth)
        if hash_sign:
            text += hash_sign + (self.query if "=" in fragment else self._fragment)(fragment, place, depth)
        return text

    def _fragment(self, text: str, place: str, depth: int) -> str:
        return self.free(text, place, "", depth)

    def path(self, text: str, place: str, depth: int) -> str:
        """Mask the secret segments of a path."""
        inner = _INNER_URL.search(text) if ":" in text else None
        if inner is not None:
            at = inner.start()
            return self._segments(text[:at], place, depth) + self.target(text[at:], place, depth + 1)
        return self._segments(text, place, depth)

    def _segments(self, text: str, place: str, depth: int) -> str:
        for rule, regex in self._paths:
            text = self._replaced(regex, text, place, rule, rule)
        text = self._replaced(SECRET_LINK, text, place, "link", "link")
        if "=" in text:
            text = SECRET_PAIR.sub(lambda pair: self._segment_pair(pair, place), text)
        text = self.patterns(text, place, "")
        return self._decoded(text, place, depth, self.target, "/:@,+$!'()*~") if "%" in text else text

    def _segment_pair(self, pair: re.Match[str], place: str) -> str:
        rule = self._keys.rule(pair[1])
        return pair[0] if rule is None else f"{pair[1]}={self._marks.mark(place, rule, pair[1], pair[2])}"

    def free(self, text: str, place: str, name: str = "", depth: int = 0) -> str:
        """Prose, a header value or a parameter's value: pairs by key, secrets by their looks, URLs as URLs."""
        if depth > _MAX_DEPTH:
            return self._marks.mark(place, "nesting", name, text)
        if not self._screen.clears_prose(text):
            text = self._pairs(text, place)
        text = self.patterns(text, place, name)
        if "@" in text or "%" in text or _SLASH.search(text):
            text = self._urls(text, place, depth)
        return text

    def offered(self, text: str, place: str) -> str:
        """Mask the credentials that browsers send as websocket subprotocols: behind the name of a key, or in one item with it."""
        items, secret = text.split(","), False
        for index, item in enumerate(items):
            bare = item.strip()
            if secret and bare:
                items[index] = item.replace(bare, self._marks.mark(place, "subprotocol", "", bare))
                continue
            words = bare.split(".")
            at = next((n for n, word in enumerate(words) if self._keys.rule(word)), len(words))
            secret = at == len(words) - 1
            if at < len(words) - 1:
                masked = self._marks.mark(place, "subprotocol", words[at], ".".join(words[at + 1 :]))
                items[index] = item.replace(bare, ".".join([*words[: at + 1], masked]))
        return self.free(",".join(items), place)

    def patterns(self, text: str, place: str, name: str) -> str:
        """Mask what looks like a secret."""
        if self._looks.clears(text.encode("utf-8", "replace"), text):
            return text
        for value in self._values:
            if value.hint is None or value.hint.search(text):
                text = self._replaced(value.regex, text, place, value.name, name, value.confirm)
        return text

    def _pairs(self, text: str, place: str) -> str:
        parts, at = [], 0
        for pair in _PAIR.finditer(text):
            if pair.start() < at:
                continue
            rule = self._keys.rule(pair[1])
            if rule is None:
                continue
            start, end = self._value_span(text, pair, rule)
            if start < end and not (rule == "code" and _SHORT_NUMBER.fullmatch(text, start, end)):
                parts += [text[at:start], self._marks.mark(place, rule, pair[1], text[start:end])]
                at = end
        return text if not parts else "".join(parts) + text[at:]

    @staticmethod
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

    def _urls(self, text: str, place: str, depth: int) -> str:
        parts, at = [], 0
        for url in _URL.finditer(text):
            parts += [self._gap(text[at : url.start()], place, depth), self.target(url[0], place, depth + 1)]
            at = url.end()
        return "".join(parts) + self._gap(text[at:], place, depth)

    def _gap(self, text: str, place: str, depth: int) -> str:
        if "@" in text:
            text = self._replaced(_USERINFO, text, place, "userinfo", "userinfo")
        if "%" not in text:
            return text
        return _WORD.sub(lambda word: self._decoded(word[0], place, depth, self._freely, ""), text)

    def _freely(self, text: str, place: str, depth: int) -> str:
        return self.free(text, place, "", depth)

    @staticmethod
    def _decoded(text: str, place: str, depth: int, scan: Callable[[str, str, int], str], safe: str) -> str:
        """Scan what *text* says when it is decoded; a secret found there makes it be written anew."""
        decoded = unquote(text) if _ESCAPE.search(text) else text
        if decoded == text:
            return text
        scanned = scan(decoded, place, depth + 1)
        return text if scanned == decoded else quote(scanned, safe=safe)

    def _replaced(
        self,
        regex: re.Pattern[str],
        text: str,
        place: str,
        rule: str,
        name: str,
        confirm: Callable[[str], bool] | None = None,
    ) -> str:
        parts, at = [], 0
        for match in regex.finditer(text):
            for start, end in _secrets(match):
                secret = text[start:end]
                if start >= at and (confirm is None or confirm(secret)):
                    parts += [text[at:start], self._marks.mark(place, rule, name, secret)]
                    at = end
        return text if not parts else "".join(parts) + text[at:]


def _interleaved(pieces: list[str]) -> list[str]:
    """The pieces with ``&`` between them, as splitting with a captured separator gives them."""
    split = ["&"] * (2 * len(pieces) - 1)
    split[::2] = pieces
    return split


def _secrets(match: re.Match[str]) -> list[tuple[int, int]]:
    """Where the secrets of *match* stand, in order: its groups, or all of it when the regex has none."""
    groups = range(1, match.re.groups + 1) if match.re.groups else (0,)
    spans = (span for span in map(match.span, groups) if 0 <= span[0] < span[1])
    return sorted(spans, key=lambda span: (span[0], -span[1]))


def _end(regex: re.Pattern[str], text: str, at: int) -> int:
    match = regex.match(text, at)
    return at if match is None else match.end()
