"""What may leave the process: text in, safe text out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from otel_middleware._redaction.canaries import survivors
from otel_middleware._redaction.headers import DEFAULT_HEADERS, header_rules
from otel_middleware._redaction.keys import DEFAULT_QUERY_KEYS, KeyList
from otel_middleware._redaction.marks import Marks
from otel_middleware._redaction.paths import SHORTEST_LINK, may_have_link
from otel_middleware._redaction.patterns import DEFAULT_VALUE_PATTERNS, EMAIL, ValuePattern
from otel_middleware._redaction.scanner import Scanner
from otel_middleware._redaction.screen import KeyScreen, LooksScreen, only_of
from otel_middleware._redaction.settings import Settings
from otel_middleware._text import message_of, qualified_name, stack_trace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["DEFAULT_HEADERS", "DEFAULT_QUERY_KEYS", "DEFAULT_VALUE_PATTERNS", "EMAIL", "Sanitizer", "ValuePattern"]

MAX_LENGTH = 16_384
"""Longest text that is given back, in characters. RFC 9110, section 4.1, asks for URLs of 8,000 octets at least."""

MAX_INPUT = 131_072
"""Characters of a value that are looked at; the rest is dropped, back to the last separator, before anything is masked."""

_QUERY_ORDINARY = only_of(b"&=-_.~+%,*!()$")
_PATH_ORDINARY = only_of(b"/-_.~+,*!'()$")
_TEXT_ORDINARY = only_of(b" -_.~+*!'()$#;?<>|^`[]{}\"\\&/:,=")
# No distinct pattern matches less than thirteen of these characters, and none spans a slash.
_SHORT_SEGMENTS = re.compile(r"(?:/[A-Za-z0-9_-]{0,12})*")
# In a value a space, `+` and `,` hide nothing; whatever else is percent-encoded is decoded and looked at.
_ENCODED = re.compile(r"%(?:(?!2[0BbCc])|2[BbCc][^&=]{0,64}=)")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_KEYS = re.compile(r"([^&;=]*)=")
_DECODINGS = 3
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROLS_IN_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")
_LINE_ENDS = re.compile(r"[\r\n]+")
_SURROGATES = re.compile("[\ud800-\udfff]")


class Sanitizer:
    """Takes secrets out of what is about to be exported.

    Pure: every sink takes text and gives safe text; nothing that it is given is changed or kept, nothing is raised. A clean
    value is given back as the very object that came in. An error inside redacts the whole value. Output is at most 16,384
    characters, always encodable as UTF-8 and, stack traces apart, one line: control characters are percent-encoded in
    queries, paths and URLs and become spaces in prose; lone surrogates become U+FFFD.

    Args:
        query: ``"listed"`` masks the values of ``query_keys``, ``"all"`` every value of a pair, ``None`` leaves queries alone.
        query_keys: Keys whose values are secrets, in queries, path parameters, JSON and prose. Compared without case, ``-``,
            ``_``, camelCase, brackets and digits at the end of a word, after each of up to three percent-decodings. A listed
            ``token``, ``password``, ``secret``, ``signature`` and their like also match as last words (``reset_token``);
            any other only the whole key, or one bracketed or dotted part of it. Replaces the defaults:
            ``DEFAULT_QUERY_KEYS | {"voucher"}`` adds.
        headers: Parts of header names (or compiled regexes, searched in the lower-case name) whose values are redacted
            whole. Replaces the defaults.
        paths: Templates (``"/reset/{token}"``, all placeholders are secrets, matched from the start of the path, together
            with all that is below) or compiled regexes, whose groups are secrets (the whole match when it has none).
        values: What is a secret by its looks: ``ValuePattern``, compiled regexes or regexes as strings.
        exceptions: ``"redacted"`` sanitises messages and notes, ``"type"`` leaves them out, ``"full"`` exports them as they are.
        replacement: The mask, without control characters. Headers redacted whole get it in brackets.
        hashed_with: Key of at least one byte. Then ``hmac:`` and 64 bits of HMAC-SHA-256 in hexadecimal stand in the place of a
            secret, so that equal secrets can be told to be equal.
        keep: ``keep(rule, key_or_name, value) -> bool`` is asked before anything is masked and keeps it by returning ``True``.
            *rule* is the listed key, header part, template or name of the pattern. One that raises keeps nothing.

    Raises:
        ConfigurationError: With every setting that cannot be honoured.
    """

    __slots__ = (
        "_exceptions",
        "_header_rule",
        "_looks",
        "_marks",
        "_mode",
        "_own_patterns",
        "_paths",
        "_rule",
        "_scanner",
        "_screen",
        "_settings",
        "_special",
    )

    def __init__(  # noqa: PLR0913 - the contract's options, keyword-only
        self,
        *,
        query: str | None = "listed",
        query_keys: Iterable[str] = DEFAULT_QUERY_KEYS,
        headers: Iterable[str | re.Pattern[str]] = DEFAULT_HEADERS,
        paths: Iterable[str | re.Pattern[str]] = (),
        values: Iterable[ValuePattern | re.Pattern[str] | str] = DEFAULT_VALUE_PATTERNS,
        exceptions: str = "redacted",
        replacement: str = "REDACTED",
        hashed_with: str | bytes | None = None,
        keep: Callable[[str, str, str], bool] | None = None,
    ) -> None:
        self._set_up(
            Settings(
                query=query,
                query_keys=query_keys,
                headers=headers,
                paths=paths,
                values=values,
                exceptions=exceptions,
                replacement=replacement,
                hashed_with=hashed_with,
                keep=keep,
            )
        )

    def _set_up(self, settings: Settings) -> None:
        keys = KeyList(settings.query_keys)
        self._settings = settings
        self._mode = settings.query
        self._exceptions = settings.exceptions
        self._marks = Marks(settings.replacement, settings.hashed_with, settings.keep)
        self._rule = keys.known.__getitem__
        self._screen = KeyScreen(keys.names, keys.endings)
        self._looks = LooksScreen(settings.values)
        self._scanner = Scanner(keys, self._screen, self._looks, settings, self._marks)
        # Headers that are no prose: a Host value lacks its scheme, subprotocols are a list.
        self._special = {
            "host": self._scanner.url,
            "x-forwarded-host": self._scanner.url,
            "sec-websocket-protocol": self._scanner.offered,
        }
        self._paths = bool(settings.paths)
        self._own_patterns = any(not value.distinct for value in settings.values)  # may be anchored to one value
        self._header_rule = header_rules(settings.headers)

    def query(self, query: str) -> str:
        """A query string without its ``?``: pairs that hold no secret stay as they are, in their order."""
        try:
            if not query:
                return query
            if self._only_keys(query):
                if not self._screen.clears_query(query.encode()):
                    query = self._scanner.keyed(query, "query")
                return query[:MAX_LENGTH]
            if "%" in query and len(query) <= MAX_LENGTH and self._plain_encoded(query):
                return query
            text = _encoded_controls(_cut_input(query, "&;"))
            return self._scanner.query(text, "query")[:MAX_LENGTH]
        except Exception:  # noqa: BLE001 - fails closed
            return self._failed("query")

    def path(self, path: str) -> str:
        """A path, decoded or not, or a request target in absolute form."""
        try:
            if self._plain_path(path):
                return path[:MAX_LENGTH]
            return self._scanner.target(_encoded_controls(_cut_input(path, "/")), "path")[:MAX_LENGTH]
        except Exception:  # noqa: BLE001 - fails closed
            return self._failed("path")

    def url(self, url: str) -> str:
        """A URL, absolute or relative, or a Host value; userinfo becomes ``REDACTED:REDACTED@``, as semantic conventions ask."""
        try:
            return self._scanned(self._scanner.url, url, "url")
        except Exception:  # noqa: BLE001 - fails closed
            return self._failed("url")

    def header(self, name: str, value: str) -> str:
        """The value of the header *name* (any case, ``-`` or ``_``): ``[REDACTED]`` when the name says so, else as ``text``."""
        try:
            rule = self._header_rule(name)
            if rule is not None:
                value = _one_line(value[:MAX_LENGTH])
                return self._marks.mark("header", rule, name, value, f"[{self._marks.replacement}]")
            scan = self._special.get(name.lower().replace("_", "-"))
            return self._free(value, "header", name) if scan is None else self._scanned(scan, value, "header")
        except Exception:  # noqa: BLE001 - fails closed
            return self._failed("header", f"[{self._marks.replacement}]")

    def text(self, text: str, *, multiline: bool = False) -> str:
        """Prose, such as a message or an attribute's value, as one line unless *multiline*."""
        try:
            return self._free(text, "text", "", multiline=multiline)
        except Exception:  # noqa: BLE001 - fails closed
            return self._failed("text")

    def message(self, error: BaseException) -> str:
        """The message of *error* as it may be exported; empty with ``exceptions="type"``."""
        try:
            return self._line(message_of(error)) or ""
        except Exception:  # noqa: BLE001 - fails closed
            return self._failed("exception")

    def exception(self, error: BaseException) -> str:
        """The stack trace of *error* with its causes, notes and members: file, line and function, never source or locals."""
        try:
            return _SURROGATES.sub("\ufffd", stack_trace(error, self._described, self._line))
        except Exception:  # noqa: BLE001 - fails closed
            return self._failed("exception")

    def redactions(self) -> Mapping[tuple[str, str], int]:
        """How often each rule masked something in each place since this object was made.

        Places: ``query``, ``path``, ``url``, ``header``, ``text``, ``exception``. Rules: the listed key, the header part, the
        declared path, the pattern's name, or one of ``all``, ``userinfo``, ``link``, ``subprotocol``, ``nesting``, ``error``.
        """
        return self._marks.counts

    def check(self) -> list[str]:
        """Push made-up secrets through every sink; what survived, as ``place: kind``. Empty when these settings let none through.

        Counts nothing. ``keep`` is asked, as for any secret.
        """
        trial = object.__new__(Sanitizer)
        trial._set_up(self._settings)
        return survivors(trial)

    def __repr__(self) -> str:
        settings = self._settings
        hashed = ", hashed_with=..." if settings.hashed_with else ""
        return (
            f"{type(self).__name__}(query={settings.query!r}, exceptions={settings.exceptions!r}, "
            f"replacement={settings.replacement!r}, {len(settings.query_keys)} query keys, {len(settings.headers)} headers, "
            f"{len(settings.paths)} paths, {len(settings.values)} values{hashed})"
        )

    def _described(self, error: BaseException) -> str:
        message = self._line(message_of(error))
        name = _one_line(qualified_name(error))
        return f"{name}: {message}" if message else name

    def _line(self, text: str) -> str | None:
        if self._exceptions == "type":
            return None
        if self._exceptions == "full":
            return _one_line(_cut_input(text, " "))[:MAX_LENGTH]
        return self._free(text, "exception", "")

    def _free(self, text: str, place: str, name: str, *, multiline: bool = False) -> str:
        if self._plain_text(text):
            return text[:MAX_LENGTH]
        text = _cut_input(text, " \n")
        if text.isascii() and text.isprintable():
            return self._scanner.free(text, place, name)[:MAX_LENGTH]
        text = self._scanner.free(_SURROGATES.sub("\ufffd", _CONTROLS_IN_TEXT.sub(" ", text)), place, name)
        return (text if multiline else _LINE_ENDS.sub(" ", text))[:MAX_LENGTH]

    @staticmethod
    def _scanned(scan: Callable[[str, str], str], text: str, place: str) -> str:
        return scan(_encoded_controls(_cut_input(text, ",/&;")), place)[:MAX_LENGTH]

    # Whether a value needs no closer look, in a few passes in C; the scanner would leave it as it is.

    def _only_keys(self, query: str) -> bool:
        """Whether *query* can hold a secret by its keys alone."""
        if self._mode != "listed" or self._own_patterns or len(query) > MAX_INPUT or not query.isascii():
            return False
        raw = query.encode()
        if raw.translate(None, _QUERY_ORDINARY) or ("%" in query and _ENCODED.search(query)):
            return False
        return self._looks.clears(raw, query)

    def _plain_encoded(self, query: str) -> bool:
        """Whether *query* has nothing secret as written, nor after each of its percent-decodings, which leave plain prose."""
        if (
            self._mode != "listed"
            or self._own_patterns
            or not self._looks.clears(query.encode("utf-8", "replace"), query)
        ):
            return False
        for _ in range(_DECODINGS):
            if any(map(self._rule, _KEYS.findall(query))):
                return False
            if not self._screen.clears_prose(_ESCAPE.sub("", query)):
                return False
            query = unquote(query)
            if "%" not in query:
                return self._plain_text(query)
        return False

    def _plain_path(self, path: str) -> bool:
        if self._paths or len(path) > MAX_INPUT or not path.isascii():
            return False
        if not self._looks.searches_all and _SHORT_SEGMENTS.fullmatch(path):
            return True
        raw = path.encode()
        if raw.translate(None, _PATH_ORDINARY) or not self._looks.clears(raw, path):
            return False
        return len(path) < SHORTEST_LINK or not may_have_link(path)

    def _plain_text(self, text: str) -> bool:
        if len(text) > MAX_INPUT or not text.isascii():
            return False
        raw = text.encode()
        if raw.translate(None, _TEXT_ORDINARY) or not self._looks.clears(raw, text):
            return False
        if "/" in text and (self._paths or (len(text) >= SHORTEST_LINK and may_have_link(text))):
            return False
        if "?" in text and any(map(self._rule, _KEYS.findall(text))):
            return False
        return not ("=" in text or ":" in text or "," in text) or self._screen.clears_prose(text)

    def _failed(self, place: str, mask: str | None = None) -> str:
        self._marks.count(place, "error", "")
        return self._marks.replacement if mask is None else mask


def _encoded_controls(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    text = _SURROGATES.sub("\ufffd", text)
    return _CONTROLS.sub(lambda control: "".join(f"%{byte:02X}" for byte in control[0].encode()), text)


def _one_line(text: str) -> str:
    return _SURROGATES.sub("\ufffd", _CONTROLS.sub(" ", text))


def _cut_input(text: str, separators: str) -> str:
    """Drop what is too much, back to a separator: half a secret might not be known for one."""
    if len(text) <= MAX_INPUT:
        return text
    text = text[:MAX_INPUT]
    return text[: max(map(text.rfind, separators)) + 1]
