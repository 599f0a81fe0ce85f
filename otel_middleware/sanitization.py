"""What may leave the process: text in, safe text out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_middleware._frozen import Frozen
from otel_middleware._redaction.bounds import (
    MAX_INPUT,
    MAX_LENGTH,
    SURROGATES,
    cut_input,
    encoded_controls,
    joined_lines,
    one_line,
    prose_of,
)
from otel_middleware._redaction.canaries import survivors
from otel_middleware._redaction.default_keys import DEFAULT_QUERY_KEYS
from otel_middleware._redaction.headers import DEFAULT_HEADERS, header_rules
from otel_middleware._redaction.marks import Marks
from otel_middleware._redaction.pattern import ValuePattern
from otel_middleware._redaction.patterns import DEFAULT_VALUE_PATTERNS, EMAIL
from otel_middleware._redaction.scanner import Scanner
from otel_middleware._redaction.settings import Settings
from otel_middleware._text import message_of, qualified_name, stack_trace

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable, Mapping
    from typing import Literal

__all__ = [
    "DEFAULT_HEADERS",
    "DEFAULT_QUERY_KEYS",
    "DEFAULT_VALUE_PATTERNS",
    "EMAIL",
    "MAX_INPUT",
    "MAX_LENGTH",
    "Sanitizer",
    "ValuePattern",
]


class Sanitizer(Frozen):
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

    def __init__(  # noqa: PLR0913 - the contract's options, keyword-only
        self,
        *,
        query: Literal["listed", "all"] | None = "listed",
        query_keys: Iterable[str] = DEFAULT_QUERY_KEYS,
        headers: Iterable[str | re.Pattern[str]] = DEFAULT_HEADERS,
        paths: Iterable[str | re.Pattern[str]] = (),
        values: Iterable[ValuePattern | re.Pattern[str] | str] = DEFAULT_VALUE_PATTERNS,
        exceptions: Literal["redacted", "type", "full"] = "redacted",
        replacement: str = "REDACTED",
        hashed_with: str | bytes | None = None,
        keep: Callable[[str, str, str], bool] | None = None,
    ) -> None:
        settings = Settings(
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
        self._set_up(settings)

    def _set_up(self, settings: Settings) -> None:
        self._settings = settings
        self._marks = Marks(settings.replacement, settings.hashed_with, settings.keep)
        self._header_rule = header_rules(settings.headers)
        self._scanner = Scanner(settings, self._marks)
        self._query_is_clean = self._scanner.query_screen.clears
        # Headers that are no prose: a Host value lacks its scheme, subprotocols are a list.
        self._special = {
            "host": self._scanner.urls.url,
            "x-forwarded-host": self._scanner.urls.url,
            "sec-websocket-protocol": self._scanner.prose.offered,
        }
        self._made = True

    def query(self, query: str) -> str:
        """A query string without its ``?``: pairs that hold no secret stay as they are, in their order."""
        try:
            masked = self._scanner.queries.masked_words(query, "query") if query else query
            if masked is not None:
                query = masked
            elif not self._query_is_clean(query):
                if len(query) > MAX_INPUT or not (query.isascii() and query.isprintable()):
                    query = encoded_controls(cut_input(query, "&;"))
                query = self._scanner.queries.masked(query, "query")
            return query[:MAX_LENGTH]
        except Exception:  # noqa: BLE001 - fails closed
            return self._failed("query")

    def path(self, path: str) -> str:
        """A path, decoded or not, or a request target in absolute form."""
        try:
            if not self._scanner.text_screen.path(path):
                path = self._scanner.urls.target(encoded_controls(cut_input(path, "/")), "path")
            return path[:MAX_LENGTH]
        except Exception:  # noqa: BLE001 - fails closed
            return self._failed("path")

    def url(self, url: str) -> str:
        """A URL, absolute or relative, or a Host value; userinfo becomes ``REDACTED:REDACTED@``, as semantic conventions ask."""
        try:
            return self._scanned(self._scanner.urls.url, url, "url")
        except Exception:  # noqa: BLE001 - fails closed
            return self._failed("url")

    def header(self, name: str, value: str) -> str:
        """The value of the header *name* (any case, ``-`` or ``_``): ``[REDACTED]`` when the name says so, else as ``text``."""
        try:
            rule = self._header_rule(name)
            if rule is not None:
                value = one_line(value[:MAX_LENGTH])
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
            return SURROGATES.sub("\ufffd", stack_trace(error, self._described, self._line))
        except Exception:  # noqa: BLE001 - fails closed
            return self._failed("exception")

    @property
    def is_repeatable(self) -> bool:
        """Whether what was found clean once stays so: ``keep`` may think otherwise the next time."""
        return self._settings.keep is None

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
        name = one_line(qualified_name(error))
        return f"{name}: {message}" if message else name

    def _line(self, text: str) -> str | None:
        if self._settings.exceptions == "type":
            return None
        if self._settings.exceptions == "full":
            return one_line(cut_input(text, " "))[:MAX_LENGTH]
        return self._free(text, "exception", "")

    def _free(self, text: str, place: str, name: str, *, multiline: bool = False) -> str:
        if self._scanner.text_screen.prose(text):
            return text[:MAX_LENGTH]
        text = self._scanner.prose.masked(prose_of(cut_input(text, " \n")), place, name)
        return (text if multiline else joined_lines(text))[:MAX_LENGTH]

    @staticmethod
    def _scanned(scan: Callable[[str, str], str], text: str, place: str) -> str:
        return scan(encoded_controls(cut_input(text, ",/&;")), place)[:MAX_LENGTH]

    def _failed(self, place: str, mask: str | None = None) -> str:
        self._marks.count(place, "error", "")
        return self._marks.replacement if mask is None else mask
