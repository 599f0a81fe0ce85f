"""One entry of the corpus: a request, as data, that can be built anew for every application it is put to."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

MISSING = object()
"""In place of a value: the key is left out."""


@dataclass(frozen=True)
class Made:
    """In place of a value that can be used once only, such as a generator: made anew for each carrier."""

    make: Any


@dataclass(frozen=True)
class Entry:
    """A hostile request.

    ``changes`` are put over an ordinary scope or environ, key by key.
    """

    protocol: str
    name: str
    reason: str
    changes: dict = field(compare=False)

    def carrier(self):
        """A scope or environ of its own."""
        plain = ordinary_scope() if self.protocol == "asgi" else ordinary_environ()
        carrier = {**plain, **self.changes}
        return {
            key: value.make() if isinstance(value, Made) else _copied(value)
            for key, value in carrier.items()
            if value is not MISSING
        }


def _copied(value):
    return type(value)(value) if type(value) in (list, dict) else value


def ordinary_scope():
    """What uvicorn makes of an ordinary request."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/orders/7",
        "raw_path": b"/orders/7",
        "root_path": "",
        "query_string": b"page=2",
        "headers": [(b"host", b"shop.example:8080"), (b"accept", b"*/*")],
        "client": ("192.0.2.7", 50312),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }


def ordinary_environ():
    """What gunicorn makes of the same request."""
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/orders/7",
        "QUERY_STRING": "page=2",
        "RAW_URI": "/orders/7?page=2",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "192.0.2.7",
        "REMOTE_PORT": "50312",
        "HTTP_HOST": "shop.example:8080",
        "HTTP_ACCEPT": "*/*",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(b"four"),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def scope(name, reason, changes):
    """An entry that changes keys of the scope."""
    return Entry("asgi", name, reason, changes)


def environ(name, reason, changes):
    """An entry that changes keys of the environ."""
    return Entry("wsgi", name, reason, changes)


def request(name, reason, **facts):
    """The same request for both protocols, as two entries.

    Facts are ``method``, ``path`` (decoded), ``query``, ``headers`` (pairs of text or bytes, added; ``host`` replaces the
    ordinary one), ``scheme``, ``version`` and ``client`` (address and port).
    """
    return [scope(name, reason, _scope_of(facts)), environ(name, reason, _environ_of(facts))]


def requests_by_header(header, rows):
    """Entries for rows of name, reason and value of one header."""
    return [entry for name, reason, value in rows for entry in request(name, reason, headers=[(header, value)])]


def _raw(text):
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")


def _native(text):
    return _raw(text).decode("latin-1")


def _scope_of(facts):
    changes = {
        key: facts[fact]
        for fact, key in (("method", "method"), ("path", "path"), ("scheme", "scheme"), ("client", "client"))
        if fact in facts
    }
    if "version" in facts:
        changes["http_version"] = facts["version"]
    if "path" in facts:
        changes["raw_path"] = quote(_raw(facts["path"])).encode()
    if "query" in facts:
        changes["query_string"] = _raw(facts["query"])
    if "headers" in facts:
        lines = [(_raw(name).lower(), _raw(value)) for name, value in facts["headers"]]
        given = {name for name, _ in lines}
        changes["headers"] = [line for line in ordinary_scope()["headers"] if line[0] not in given] + lines
    return changes


def _environ_of(facts):
    changes = {}
    if "method" in facts:
        changes["REQUEST_METHOD"] = facts["method"]
    if "scheme" in facts:
        changes["wsgi.url_scheme"] = facts["scheme"]
    if "version" in facts:
        changes["SERVER_PROTOCOL"] = f"HTTP/{facts['version']}"
    if "client" in facts:
        changes["REMOTE_ADDR"], changes["REMOTE_PORT"] = facts["client"][0], str(facts["client"][1])
    if "path" in facts or "query" in facts:
        path, query = facts.get("path", "/orders/7"), facts.get("query", "")
        changes.update(PATH_INFO=_native(path), QUERY_STRING=_native(query))
        changes["RAW_URI"] = f"{quote(_raw(path))}?{_native(query)}" if query else quote(_raw(path))
    for name, value in facts.get("headers", ()):
        key = _native(name).upper().replace("-", "_")
        key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
        changes[key] = f"{changes[key]},{_native(value)}" if key in changes else _native(value)
    return changes
