"""Words that servers pass on from a connection or a request line: what is none of them is not reported.

Most are the server's own, but some take a scheme, a client or a version from headers as they came.
"""

from __future__ import annotations

import re
from typing import Any

__all__ = ["machine_in", "scheme_in", "version_in"]

_SCHEMES = frozenset({"http", "https", "ws", "wss"})
_VERSIONS = frozenset({"1.1", "2", "1.0", "3", "HTTP/1.1", "HTTP/2", "HTTP/1.0", "HTTP/3", "HTTP/2.0"})
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,31}")
_VERSION = re.compile(r"(?:[A-Z]{1,8}/)?[0-9]{1,4}(?:\.[0-9]{1,16})?")
_MACHINE = re.compile(r"[A-Za-z0-9._:%\[\]-]{1,255}")


def scheme_in(value: Any) -> str:
    """*value* when it is a scheme (RFC 3986, section 3.1), else ``http``."""
    if not isinstance(value, str):
        return "http"
    return value if value in _SCHEMES or _SCHEME.fullmatch(value) else "http"


def version_in(value: Any) -> str | None:
    """*value* when it is a protocol's version (RFC 9112, section 2.3), else ``None``."""
    if not isinstance(value, str):
        return None
    return value if value in _VERSIONS or _VERSION.fullmatch(value) else None


def machine_in(value: Any) -> str | None:
    """*value* when it can be an address or the name of a machine, else ``None``; a Unix socket's path is none."""
    return value if isinstance(value, str) and _MACHINE.fullmatch(value) else None
