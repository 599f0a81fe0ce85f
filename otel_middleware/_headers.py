"""Header capture: which headers become span attributes, by upstream's arguments and environment variables."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from otel_middleware._wire import is_header_name
from otel_middleware.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_middleware.sanitization import Sanitizer

__all__ = ["REDACTED", "HeaderCapture", "Spelling", "environment_name"]

REDACTED = "[REDACTED]"
"""Upstream's mark for headers."""

_NAMES_KEPT = 1_000
"""Header names whose attribute is remembered; a client can send any name."""

_MOST_CAPTURED = 48
"""Different headers of one message that are captured. A span has room for 128 attributes and forgets its first ones for
more: whoever sends 128 headers would take away its method, path and status."""

_MOST_LINES = 32
"""Lines of one header that are captured."""

_MOST_VALUES = 100
"""Values of one header that are remembered to hold no secret; the first come, since a client can send any."""

_LONGEST_VALUE = 256
"""Characters of a value that is remembered."""


def environment_name(kind: str) -> str:
    """Upstream's variable for *kind*: ``SERVER_REQUEST``, ``SERVER_RESPONSE`` or ``SANITIZE_FIELDS``."""
    return f"OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_{kind}"


class Spelling(NamedTuple):
    """How a protocol spells header lines."""

    name: Callable[[Any], str]
    """The header's name, of a name as the protocol has it; empty for what is none."""
    text: Callable[[Any, Any], str | None]
    """The value, of such a name and value; ``None`` for what is to be left out."""
    kind: type
    """Of a value as the protocol has it."""


TEXT = Spelling(str, lambda _name, value: str(value), str)
"""Pairs of text."""


class _Captured(NamedTuple):
    """A header that is captured: its name in lower case, the attribute, and whether its value is hidden."""

    name: str
    key: str
    masked: bool
    clean: dict[Any, str]
    """Values, as the protocol has them, that were seen to hold no secret: the text of each."""
    room: int
    """How many of them there may be."""

    def remembers(self, text: str) -> bool:
        """Whether there is room for a value of this *text*."""
        return len(self.clean) < self.room and len(text) <= _LONGEST_VALUE


class HeaderCapture:
    """Captured headers of requests or of responses, redacted.

    Args:
        direction: ``request`` or ``response``.
        names: Regular expressions that match whole header names, in any case.
        sanitize_fields: Regular expressions searched in header names; a match is redacted.
        sanitizer: Redacts secret headers and secrets inside of others; ``None`` keeps values as they are.
    """

    def __init__(
        self, direction: str, names: Sequence[str], sanitize_fields: Sequence[str], sanitizer: Sanitizer | None
    ) -> None:
        self._prefix = f"http.{direction}.header."
        # Each by itself: flags and groups of one pattern are not another's.
        self._captured = [re.compile(name, re.IGNORECASE) for name in names]
        self._masked = [re.compile(field, re.IGNORECASE) for field in sanitize_fields]
        self._sanitizer = sanitizer
        self._room = _MOST_VALUES if sanitizer is not None and sanitizer.is_repeatable else 0
        self._known: dict[Any, _Captured] = {}
        self._others: set[Any] = set()

    @classmethod
    def of(
        cls,
        direction: str,
        names: Any,
        sanitize_fields: Any,
        sanitizer: Sanitizer | None,
        hidden: Iterable[str] = (),
    ) -> HeaderCapture | None:
        """The capture that the options ask for; ``None`` when nothing is to be captured.

        Args:
            direction: ``request`` or ``response``.
            names: The option that says what is captured.
            sanitize_fields: The option that says what is redacted.
            sanitizer: As above.
            hidden: Names of headers that are redacted besides.

        Raises:
            ConfigurationError: For what is no list of regular expressions; all problems at once.
        """
        option = f"http_capture_headers_server_{direction}"
        problems: list[str] = []
        wanted = _patterns(option, names, f"SERVER_{direction.upper()}", problems)
        masked = _patterns("http_capture_headers_sanitize_fields", sanitize_fields, "SANITIZE_FIELDS", problems)
        if problems:
            raise ConfigurationError(*problems)
        masked += [rf"\A{re.escape(name)}\Z" for name in hidden]
        return cls(direction, wanted, masked, sanitizer) if wanted else None

    def attributes(self, lines: Iterable[tuple[Any, Any]], spelling: Spelling = TEXT) -> dict[str, list[str]]:
        """The span attributes of header *lines*, pairs of name and value: one array item a line.

        The first 48 headers that are to be captured, and 32 lines of each.

        Args:
            lines: As the protocol carries them.
            spelling: How to read them.
        """
        found: dict[str, list[str]] = {}
        known, others = self._known, self._others
        for name, value in lines:
            if name in others:
                continue
            captured = known.get(name) or self._asked(name, spelling)
            if captured is None or (captured.key not in found and len(found) >= _MOST_CAPTURED):
                continue
            text = captured.clean.get(value) if type(value) is spelling.kind else None
            if text is None:
                text = self._safe(captured, name, value, spelling)
            if text is not None:
                items = found.setdefault(captured.key, [])
                if len(items) < _MOST_LINES:
                    items.append(text)
        return found

    def joined_attributes(self, lines: Iterable[tuple[Any, Any]]) -> dict[str, list[str]]:
        """The same with all lines of one name in a single item, joined by ``,``: what upstream makes of WSGI responses."""
        found = self.attributes(lines)
        return {key: [",".join(dict.fromkeys(v) if REDACTED in v else v)] for key, v in found.items()}

    def _safe(self, captured: _Captured, name: Any, value: Any, spelling: Spelling) -> str | None:
        text = spelling.text(name, value)
        if text is None or captured.masked:
            return None if text is None else REDACTED
        if self._sanitizer is None:
            return text
        safe = self._sanitizer.header(captured.name, text)
        if safe is text and type(value) is spelling.kind and captured.remembers(text):
            captured.clean[value] = text
        return safe

    def _asked(self, raw: Any, spelling: Spelling) -> _Captured | None:
        name = spelling.name(raw).lower()
        captured = None
        if is_header_name(name) and any(pattern.fullmatch(name) for pattern in self._captured):
            masked = any(pattern.search(name) for pattern in self._masked)
            room = self._room if len(self._known) < _MOST_CAPTURED else 0
            captured = _Captured(name, self._prefix + name.replace("-", "_"), masked, {}, room)
        if len(self._known) + len(self._others) < _NAMES_KEPT:
            if captured is None:
                self._others.add(raw)
            else:
                self._known[raw] = captured
        return captured


def _patterns(option: str, given: Any, kind: str, problems: list[str]) -> list[str]:
    if given is None or (isinstance(given, (list, tuple)) and not given):
        given = [item.strip() for item in os.environ.get(environment_name(kind), "").split(",") if item.strip()]
        option = environment_name(kind)
    items: list[Any] = list(given) if isinstance(given, Iterable) and not isinstance(given, (str, bytes)) else [None]
    if not all(isinstance(item, str) for item in items):
        problems.append(f"{option} must be a list of regular expressions, not {given!r}")
        return []
    broken = [f"{option}: {item!r} is no regular expression ({reason})" for item in items if (reason := _reason(item))]
    problems.extend(broken)
    return [] if broken else items


def _reason(pattern: str) -> str | None:
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return str(error) or type(error).__name__
    return None
