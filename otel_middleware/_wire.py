"""Words that servers pass on from a connection or a request line: what is none of them is not reported.

Most are the server's own, but some take a scheme, a client or a version from headers as they came.
"""

from __future__ import annotations

import re
import string
from functools import lru_cache
from typing import Any

__all__ = ["SCHEMES", "VERSIONS", "is_header_name", "length_in", "machine_in", "scheme_in", "version_in"]

SCHEMES = frozenset({"http", "https", "ws", "wss"})
VERSIONS = frozenset({"1.1", "2", "1.0", "3", "HTTP/1.1", "HTTP/2", "HTTP/1.0", "HTTP/3", "HTTP/2.0"})
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,31}")
_VERSION = re.compile(r"(?:HTTP/)?[0-9]{1,4}(?:\.[0-9]{1,16})?")
_MOST_DIGITS = 18
_LENGTH = re.compile(r"0*([0-9]{1,18})")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]{1,128}")
_OF_MACHINES = frozenset(string.ascii_letters + string.digits + "._:%[]-")
_LONGEST_MACHINE = 255


def scheme_in(value: Any) -> str:
    """*value* when it is a scheme (RFC 3986, section 3.1), else ``http``."""
    if not isinstance(value, str):
        return "http"
    return value if value in SCHEMES or _SCHEME.fullmatch(value) else "http"


def version_in(value: Any) -> str | None:
    """*value* when it is a version of HTTP (RFC 9112, section 2.3), else ``None``."""
    if not isinstance(value, str):
        return None
    return value if value in VERSIONS or _VERSION.fullmatch(value) else None


def machine_in(value: Any) -> str | None:
    """*value* when it can be an address or the name of a machine, else ``None``; a Unix socket's path is none."""
    return value if isinstance(value, str) and len(value) <= _LONGEST_MACHINE and _is_machine(value) else None


@lru_cache(maxsize=4_096)
def _is_machine(text: str) -> bool:
    return text != "" and _OF_MACHINES.issuperset(text)


def is_header_name(name: str) -> bool:
    """Whether *name*, in lower case, is a header's (RFC 9110, section 5.6.2) and no longer than 128 characters."""
    return _HEADER_NAME.fullmatch(name) is not None


def length_in(value: str | None) -> int | None:
    """*value* when it is a Content-Length (RFC 9110, section 8.6) of up to 18 digits, else ``None``.

    A metric of more would be the last one: nothing that adds it up can be exported any more.
    """
    if not value:
        return None
    if len(value) <= _MOST_DIGITS and value.isascii() and value.isdigit():
        return int(value)
    found = _LENGTH.fullmatch(value)
    return None if found is None else int(found[1])
