"""Header capture: which headers become span attributes, by upstream's arguments and environment variables."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from otel_middleware._wire import is_header_name
from otel_middleware.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_middleware.sanitization import Sanitizer

__all__ = ["REDACTED", "HeaderCapture", "environment_name"]

REDACTED = "[REDACTED]"
"""Upstream's mark for headers."""

_NAMES_KEPT = 1_000
"""Header names whose attribute is remembered; a client can send any name."""

_MOST_CAPTURED = 48
"""Different headers of one message that are captured. A span has room for 128 attributes and forgets its first ones for
more: whoever sends 128 headers would take away its method, path and status."""

_MOST_LINES = 32
"""Lines of one header that are captured."""


def environment_name(kind: str) -> str:
    """Upstream's variable for *kind*: ``SERVER_REQUEST``, ``SERVER_RESPONSE`` or ``SANITIZE_FIELDS``."""
    return f"OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_{kind}"


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
        self._keys: dict[str, tuple[str | None, bool]] = {}

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

    def attributes(self, headers: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
        """The span attributes of *headers*, pairs of decoded name and value: one array item a header line.

        The first 48 headers that are to be captured, and 32 lines of each.
        """
        found: dict[str, list[str]] = {}
        for name, value in headers:
            key, masked = self._keys.get(name) or self._key(name)
            if key is None or (key not in found and len(found) >= _MOST_CAPTURED):
                continue
            lines = found.setdefault(key, [])
            if len(lines) < _MOST_LINES:
                lines.append(self._safe(name, value, masked=masked))
        return found

    def joined_attributes(self, headers: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
        """The same with all lines of one name in a single item, joined by ``,``: what upstream makes of WSGI responses."""
        found = self.attributes(headers)
        return {key: [",".join(dict.fromkeys(v) if REDACTED in v else v)] for key, v in found.items()}

    def _safe(self, name: str, value: str, *, masked: bool) -> str:
        if masked:
            return REDACTED
        return value if self._sanitizer is None else self._sanitizer.header(name, value)

    def _key(self, name: str) -> tuple[str | None, bool]:
        lowered = name.lower()
        captured = is_header_name(lowered) and any(pattern.fullmatch(lowered) for pattern in self._captured)
        key = self._prefix + lowered.replace("-", "_") if captured else None
        entry = (key, any(pattern.search(lowered) for pattern in self._masked))
        if len(self._keys) < _NAMES_KEPT:
            self._keys[name] = entry
        return entry


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
