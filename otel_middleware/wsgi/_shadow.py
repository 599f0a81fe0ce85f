"""An environ as policies see it, and the shadow of it that upstream is asked about."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from otel_middleware import _attributes as names
from otel_middleware._connection import Endpoint
from otel_middleware._headers import Spelling
from otel_middleware._host import port_in
from otel_middleware._native_text import decoded
from otel_middleware._wire import machine_in, scheme_in
from otel_middleware.request import Request, authority_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from otel_middleware._connection import Connection
    from otel_middleware._exchange import Exchange

__all__ = ["SPELLING", "EnvironRequest", "below", "bound_to", "decoded", "peer_of", "shadow"]

_WITHOUT_PREFIX = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}
"""Request headers that CGI names without ``HTTP_``."""


class EnvironRequest(Request):
    """A request over a WSGI environ; values are decoded when they are asked.

    Never raises, whatever a careless server put into the environ.
    """

    __slots__ = ("_environ", "below")

    def __init__(self, environ: Mapping[str, Any]) -> None:
        self._environ = environ
        method = environ.get("REQUEST_METHOD")
        self._method = method if isinstance(method, str) and method else "GET"
        root, below = environ.get("SCRIPT_NAME"), decoded(environ.get("PATH_INFO"))
        root = decoded(root) if root else ""
        self._path = root + below or "/"
        self.below = root.rstrip("/"), below or "/"
        """``SCRIPT_NAME`` as the server gave it, and the path below it, both decoded."""
        scheme = environ.get("wsgi.url_scheme")
        self._scheme = scheme if scheme == "http" else scheme_in(scheme)
        self._client = None
        target = environ.get("REQUEST_URI") or environ.get("RAW_URI") or self._path
        self._host = None if not isinstance(target, str) or target[0] == "/" else authority_of(target)

    @property
    def query(self) -> str:
        """The query string as received, without ``?``."""
        return decoded(self._environ.get("QUERY_STRING"))

    def header(self, name: str) -> str | None:
        """The value of a request header, or ``None``. *name* in any case; servers join several values."""
        value = self._environ.get(_key_of(name))
        if not value or not isinstance(value, str):
            return None
        return value if value.isascii() else decoded(value)

    def header_lines(self) -> Iterable[tuple[str, str]]:
        """All request headers as pairs of lower-case name and value."""
        lines = []
        for key, value in self._environ.items():
            name = _name_of(key)
            text = _text_of(key, value) if name else None
            if text is not None:
                lines.append((name, text))
        return lines


@lru_cache(maxsize=1_024)  # asked by code, not by clients
def _key_of(name: str) -> str:
    """The environ's key of the header *name*."""
    lowered = name.lower()
    return _WITHOUT_PREFIX.get(lowered) or "HTTP_" + lowered.upper().replace("-", "_")


def _name_of(key: Any) -> str:
    """The header of an environ's *key*; empty for what is none."""
    if not isinstance(key, str) or not (key.startswith("HTTP_") or key in _WITHOUT_PREFIX.values()):
        return ""
    return key.removeprefix("HTTP_").lower().replace("_", "-")


def _text_of(key: str, value: Any) -> str | None:
    """The header's value; ``None`` for what is none, such as the empty ``CONTENT_LENGTH`` of a request without a body."""
    if not isinstance(value, str) or not (value or key.startswith("HTTP_")):
        return None
    return decoded(value)


SPELLING = Spelling(_name_of, _text_of, str)
"""Of the items of an environ."""


def below(environ: Mapping[str, Any]) -> tuple[str, str]:
    """``SCRIPT_NAME`` as the server gave it, and the path below it, both decoded."""
    return decoded(environ.get("SCRIPT_NAME")).rstrip("/"), decoded(environ.get("PATH_INFO")) or "/"


def peer_of(environ: Mapping[str, Any]) -> Endpoint:
    """The socket's peer; nothing for a Unix socket."""
    return _endpoint(environ.get("REMOTE_ADDR"), environ.get("REMOTE_PORT"))


def bound_to(environ: Mapping[str, Any]) -> Endpoint:
    """Where the server is bound; nothing for a Unix socket."""
    return _endpoint(environ.get("SERVER_NAME"), environ.get("SERVER_PORT"))


def _endpoint(address: Any, port: Any) -> Endpoint:
    address = machine_in(address)
    return Endpoint() if address is None else Endpoint(address, port_in(port))


def shadow(
    exchange: Exchange,
    connection: Connection,
    environ: Mapping[str, Any],
    query: str,
    version: str | None,
    agent: str | None,
) -> dict[str, Any]:
    """The request that upstream is shown: small, well-formed and without secrets.

    The query travels in up to three keys of an environ; here it stands in one form in all of them. Where only stable conventions
    are reported, upstream copies query, server and client as they are: they are noted as facts instead.

    Args:
        exchange: The request.
        connection: After trust.
        environ: As the server gave it.
        query: Safe to be shown.
        version: Of the protocol.
        agent: The user agent to show; ``None`` for none.
    """
    path = exchange.safe_path
    shown: dict[str, Any] = {
        "REQUEST_METHOD": exchange.request.method,
        "wsgi.url_scheme": connection.scheme,
        "PATH_INFO": path,
        "SERVER_PROTOCOL": version or "",
    }
    if exchange.plan.measurement.old:
        _show_old(shown, connection, environ, path, query)
        if exchange.plan.measurement.new:
            exchange.facts[names.URL_PATH] = path  # upstream takes it from a request target, where there is one
    else:
        shown["REQUEST_URI"] = path  # else there would be no url.path
    if agent is not None:
        shown["HTTP_USER_AGENT"] = agent
    return shown


def _show_old(shown: dict[str, Any], connection: Connection, environ: Mapping[str, Any], path: str, query: str) -> None:
    client, port = connection.client, connection.server.port
    shown["SCRIPT_NAME"], shown["QUERY_STRING"] = "", query
    shown["SERVER_NAME"], shown["SERVER_PORT"] = machine_in(environ.get("SERVER_NAME")) or "", str(port) if port else ""
    if connection.authority:
        shown["HTTP_HOST"] = connection.authority
    if "RAW_URI" in environ or "REQUEST_URI" in environ:
        shown["REQUEST_URI"] = f"{path}?{query}" if query else path
    elif not path.isascii():
        shown["PATH_INFO"] = path.encode().decode("latin-1")  # upstream builds http.url from it, as PEP 3333 spells it
    if client.address:
        shown["REMOTE_ADDR"], shown["REMOTE_PORT"] = client
        if client is connection.peer:
            shown["REMOTE_HOST"] = machine_in(environ.get("REMOTE_HOST")) or ""
