"""A scope as policies see it, and the shadow of it that upstream is asked about."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from otel_middleware._connection import Endpoint
from otel_middleware._headers import Spelling
from otel_middleware._host import port_in
from otel_middleware._wire import machine_in, scheme_in
from otel_middleware.request import Request, authority_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from otel_middleware._connection import Connection
    from otel_middleware._exchange import Exchange

__all__ = ["SPELLING", "ScopeRequest", "below", "bound_to", "decoded", "peer_of", "shadow", "unquotable"]

_CONTROL_ESCAPES = re.compile("%(?=[01][0-9A-Fa-f]|7[Ff])")


class ScopeRequest(Request):
    """A request over an ASGI scope; header values are decoded when they are asked.

    Never raises, whatever a careless server put into the scope.
    """

    __slots__ = ("_lines", "_query_string", "_raw", "_repeats")

    def __init__(self, scope: Mapping[str, Any]) -> None:
        method, path = scope.get("method"), scope.get("path")
        self._method = method if isinstance(method, str) and method else "GET"
        self._path = path if isinstance(path, str) and path else "/"
        self._scheme = scheme_in(scope.get("scheme"))
        self._query_string = scope.get("query_string")
        self._client = None
        self._host = None if self._path[0] == "/" else authority_of(self._path)
        self._raw, self._lines, self._repeats = _by_name(scope.get("headers"))

    @property
    def query(self) -> str:
        """The query string as received, without ``?``."""
        query = self._query_string
        return decoded(query) if query else ""

    def header(self, name: str) -> str | None:
        """The value of a request header, or ``None``. *name* in any case; several values are joined by ``, ``."""
        key = _key_of(name)
        value = self._raw.get(key)
        if value is None:
            return None
        if self._repeats:
            return ", ".join(decoded(line) for other, line in self._lines if other == key)
        return decoded(value)

    def raw_lines(self) -> Iterable[tuple[bytes, Any]]:
        """The same as the server gave them, names in lower case."""
        return self._lines

    def header_lines(self) -> Iterable[tuple[str, str]]:
        """All request headers as pairs of lower-case name and value, one a line."""
        return [(decoded(name), decoded(value)) for name, value in self._lines]


@lru_cache(maxsize=1_024)  # asked by code, not by clients
def _key_of(name: str) -> bytes:
    """The header *name* as a scope spells it."""
    return name.lower().encode("latin-1", "replace")


def decoded(value: Any) -> str:
    """Bytes as text: UTF-8, else latin-1 (RFC 9110 section 5.5 leaves it open); never raises."""
    if type(value) is bytes:
        try:
            return value.decode()
        except UnicodeDecodeError:
            return value.decode("latin-1")
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).decode("utf-8", "replace")
    return value if isinstance(value, str) else ""


SPELLING = Spelling(decoded, lambda _name, value: decoded(value), bytes)
"""Of the lines of a scope."""


def _by_name(headers: Any) -> tuple[dict[bytes, Any], Iterable[tuple[bytes, Any]], bool]:
    """Headers by name, all lines, and whether a name comes twice.

    Servers give a list of lower-case pairs of bytes, as ASGI demands; the slow path is for test clients and careless servers.
    A generator is left alone: the application would find it consumed.
    """
    if type(headers) is list or type(headers) is tuple:
        try:
            raw = dict(headers)
            if b"".join(raw).islower():
                return raw, headers, len(raw) != len(headers)
        except (TypeError, ValueError):
            pass
        lines = [line for line in map(_lowered, headers) if line is not None]
        return dict(lines), lines, len(dict(lines)) != len(lines)
    return {}, (), False


def _lowered(line: Any) -> tuple[bytes, Any] | None:
    try:
        name, value = line
    except (TypeError, ValueError):
        return None
    if isinstance(name, str):
        return name.encode("utf-8", "replace").lower(), value
    # Anything else is no name; of a number, bytes() would make as many NULs.
    return (bytes(name).lower(), value) if isinstance(name, (bytes, bytearray, memoryview)) else None


def below(scope: Mapping[str, Any], path: str) -> tuple[str, str]:
    """The root path that the server gave, and *path* below it.

    ASGI's ``path`` holds the root path; some servers leave it out, and then nothing is taken off.
    """
    root = scope.get("root_path")
    if not isinstance(root, str) or not root or root == "/":
        return "", path
    root = root.rstrip("/")
    if path == root or path.startswith(root + "/"):
        return root, path[len(root) :] or "/"
    return root, path


def unquotable(query: str) -> str:
    """*query* for upstream, which unquotes it once for ``http.url``: escaped control characters stay escaped there."""
    return _CONTROL_ESCAPES.sub("%25", query) if "%" in query else query


def peer_of(scope: Mapping[str, Any]) -> Endpoint:
    """The socket's peer; nothing for a Unix socket."""
    return _endpoint(scope.get("client"))


def bound_to(scope: Mapping[str, Any]) -> Endpoint:
    """Where the server is bound; nothing for a Unix socket."""
    return _endpoint(scope.get("server"))


def _endpoint(pair: Any) -> Endpoint:
    address = machine_in(pair[0]) if isinstance(pair, (tuple, list)) and pair else None
    if address is None:
        return Endpoint()
    return Endpoint(address, port_in(pair[1]) if len(pair) > 1 else None)


def shadow(
    exchange: Exchange, connection: Connection, query: str, version: str | None, agent: str | None
) -> dict[str, Any]:
    """The request that upstream is shown: small, well-formed and without secrets.

    Where only stable conventions are reported, upstream copies server, client and query as they are, and unquotes the query once
    more for a URL that nobody gets: they are noted as facts instead.

    Args:
        exchange: The request.
        connection: After trust.
        query: Safe to be shown.
        version: Of the protocol.
        agent: The user agent to show; ``None`` for none.
    """
    headers: list[tuple[bytes, bytes]] = []
    if agent is not None:
        headers.append((b"user-agent", agent.encode("utf-8", "replace")))
    shown: dict[str, Any] = {
        "type": exchange.kind,
        "method": exchange.request.method,
        "path": exchange.safe_path,
        "scheme": connection.scheme,
        "http_version": version,
        "headers": headers,
    }
    if exchange.plan.measurement.old:
        client, host, port = connection.client, connection.host, connection.server.port
        if host:
            headers.append((b"host", (connection.authority or host).encode("utf-8", "replace")))
            shown["server"] = (host, port or 80)
        shown["query_string"] = unquotable(query).encode("utf-8", "replace")
        shown["client"] = (client.address, client.port) if client.address else None
    return shown
