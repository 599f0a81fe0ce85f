"""Which request methods are known, and what stands for the others."""

from __future__ import annotations

import os
import re

__all__ = ["Methods"]

_OTHER_METHOD = "_OTHER"

# RFC 9110 section 9, RFC 5789 (PATCH), and QUERY.
_KNOWN = ("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE")

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Z-]{1,64}")  # RFC 9110, section 5.6.2


class Methods:
    """The known methods of one stack; reads its environment variables when it is made.

    Source: semantic conventions, ``http.request.method``: ``OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS`` is a full override,
    and case-sensitive. ``OTEL_PYTHON_INSTRUMENTATION_HTTP_CAPTURE_ALL_METHODS`` as upstream has it.
    """

    def __init__(self) -> None:
        listed = os.environ.get("OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS", "")
        self.known = frozenset(item.strip() for item in listed.split(",") if item.strip()) or frozenset(_KNOWN)
        self.agreed = self.known.intersection(_KNOWN) - {"QUERY"}
        """Those that every supported upstream reports as they are."""
        self.all = bool(os.environ.get("OTEL_PYTHON_INSTRUMENTATION_HTTP_CAPTURE_ALL_METHODS"))

    def canonical(self, method: str) -> str:
        """The method as it is reported: itself, its upper-case spelling when only that is known, or ``_OTHER``."""
        if method in self.known:
            return method
        upper = method.strip().upper()
        return upper if upper in self.known or (self.all and _TOKEN.fullmatch(upper)) else _OTHER_METHOD

    def in_name(self, method: str) -> str:
        """The method as it stands in a span name: ``HTTP`` for an unknown one (semantic conventions, "Name")."""
        if method in self.known:
            return method
        canonical = self.canonical(method)
        return "HTTP" if canonical == _OTHER_METHOD else canonical
