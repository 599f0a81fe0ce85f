"""Access logs: which path was asked for, and what was answered. Common, combined and JSON lines, told apart line by line."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Entry", "entry_of", "text_lines"]

MAX_LINE = 65_536
"""Bytes of a line that are looked at; servers cut their request lines long before."""

# Apache HTTP Server, "Log Files": %h %l %u %t "%r" %>s %b, and more behind it. Quotes inside are escaped.
_COMMON = re.compile(r'"((?:[^"\\]|\\.)*)" (\d{3})(?: |$)')
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")
_TARGETS = (
    *("path", "url.path", "uri", "request_uri", "request_path", "RequestPath", "url", "request", "target"),
    *("requestUrl", "url.original", "http.target", "http.path", "http.url", "message"),
)
_STATUSES = (
    *("status", "status_code", "statusCode", "code", "http.response.status_code", "DownstreamStatus"),
    *("response_status", "response.status", "response_code", "http.status_code", "sc-status"),
)
_NESTED = ("httpRequest", "http", "request", "req", "response", "res", "url")
_DEEPEST = 3


class Entry(NamedTuple):
    """One request of a log.

    Attributes:
        path: Decoded, without query.
        status: What was answered.
    """

    path: str
    status: int


def entry_of(line: str) -> Entry | None:
    """Read one line; ``None`` for one that tells no request, such as an error message or a broken request line."""
    if line[:1] == "{":
        return _from_json(line)
    found = _COMMON.search(line)
    return None if found is None else _entry(found[1], found[2])


def text_lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """Yield the lines of *chunks*; of one that is longer than 65,536 bytes no more than that is kept or given."""
    rest, skipping = b"", False
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            if not skipping:
                yield line[:MAX_LINE].decode("utf-8", "replace").rstrip("\r")
            skipping = False
        if len(rest) > MAX_LINE:
            if not skipping:
                yield rest[:MAX_LINE].decode("utf-8", "replace")
            rest, skipping = b"", True
    if rest and not skipping:
        yield rest.decode("utf-8", "replace").rstrip("\r")


def _entry(request: str, status: Any) -> Entry | None:
    """Read ``GET /path?query HTTP/1.1``, a bare target or a URL."""
    words = request.split(" ")
    target = words[1] if len(words) > 1 else words[0]
    target = target[found.end() :] or "/" if (found := _ABSOLUTE.match(target)) else target
    path = target.partition("?")[0].partition("#")[0]
    if path[:1] != "/" or not str(status).isdigit():
        return None
    return Entry(unquote(path) if "%" in path else path, int(status))


def _from_json(line: str) -> Entry | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict):
        return None
    facts = dict(_flattened(record, ""))
    status = next((facts[key] for key in _keys(_STATUSES) if key in facts), None)
    for key in _keys(_TARGETS):
        if isinstance(facts.get(key), str) and (entry := _entry(facts[key], status)) is not None:
            return entry
    return None


def _flattened(record: dict[str, Any], prefix: str, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Yield scalars by their dotted key."""
    for key, value in record.items():
        if isinstance(value, dict) and depth < _DEEPEST:
            yield from _flattened(value, f"{prefix}{key}.", depth + 1)
        elif isinstance(value, (str, int)):
            yield f"{prefix}{key}", value


def _keys(names: tuple[str, ...]) -> Iterator[str]:
    """Yield the names as they are, then inside of the objects in which loggers put requests and responses."""
    yield from names
    yield from (f"{outer}.{name}" for outer in _NESTED for name in names)
