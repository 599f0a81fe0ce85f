"""The facts of one request and its response: all that a policy may read.

A policy (tenant, status, trust, exclusion, metric attributes) never meets a scope or an environ. It reads these two, which
are decoded only where they are asked, never raise, and are the same for ASGI and WSGI.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["Request", "Response", "authority_of", "path_of"]

_ABSOLUTE = re.compile(r"https?://([^/?#]*)(.*)", re.IGNORECASE | re.DOTALL)


class Request:
    """One request as its policies see it.

    The protocol layers hand out subclasses that decode lazily; this class itself serves tests and tools.

    Args:
        method: As received, for example ``GET``. A websocket's is ``GET``.
        path: Decoded path with the leading slash, ``root_path`` / ``SCRIPT_NAME`` included.
        query: Query string without ``?``, as received; empty when there is none.
        scheme: ``http``, ``https``, ``ws`` or ``wss``.
        host: The Host header as received, or the authority of a target in absolute form, or ``None``.
        client: Address of the client that the trust policy believes, or ``None``.
        headers: Header names in any case, with their values; several values of one name are joined by ``, ``.
    """

    __slots__ = ("_client", "_headers", "_host", "_method", "_path", "_query", "_scheme")

    def __init__(
        self,
        *,
        method: str = "GET",
        path: str = "/",
        query: str = "",
        scheme: str = "http",
        host: str | None = None,
        client: str | None = None,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    ) -> None:
        self._method = method
        self._path = path
        self._query = query
        self._scheme = scheme
        self._host = host
        self._client = client
        self._headers = _joined(headers.items() if hasattr(headers, "items") else headers)

    @property
    def method(self) -> str:
        """The method as received; ``GET`` for a websocket."""
        return self._method

    @property
    def path(self) -> str:
        """The decoded path, mount prefix included."""
        return self._path

    @property
    def query(self) -> str:
        """The query string as received, without ``?``."""
        return self._query

    @property
    def scheme(self) -> str:
        """``http``, ``https``, ``ws`` or ``wss``."""
        return self._scheme

    @property
    def host(self) -> str | None:
        """The Host header as received; the authority of a target in absolute form."""
        return self.header("host") if self._host is None else self._host

    @property
    def client(self) -> str | None:
        """The client's address, as far as the trust policy believes it."""
        return self._client

    def header(self, name: str) -> str | None:
        """The value of a request header, or ``None``. *name* in any case; several values are joined by ``, ``."""
        return self._headers.get(name.lower())

    def believe(self, client: str | None, scheme: str) -> None:
        """Settle client and scheme as the trust policy believes them, before a policy reads them."""
        self._client, self._scheme = client, scheme

    def header_lines(self) -> Iterable[tuple[str, str]]:
        """All request headers as pairs of lower-case name and value, one a line."""
        return self._headers.items()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.method} {self.path}>"


class Response:
    """How one request was answered, as its policies see it.

    Args:
        request: The request.
        status: The status that was sent, 500 when the application raised before it sent one, ``None`` when none is known yet.
        headers: Response headers; several values of one name are joined by ``, ``.
        error: The exception, or the name that was given to ``record_error``; ``None`` when there is none.
        template: The route template, or ``None``.
        outcome: ``completed``, ``failed``, ``client_disconnected``, ``cancelled``, ``truncated`` or ``missing``.
    """

    __slots__ = ("_error", "_headers", "_outcome", "_request", "_status", "_template")

    def __init__(
        self,
        request: Request,
        *,
        status: int | None = None,
        headers: Callable[[], Iterable[tuple[str, str]]] | Mapping[str, str] | Iterable[tuple[str, str]] = (),
        error: BaseException | str | None = None,
        template: str | None = None,
        outcome: str = "completed",
    ) -> None:
        self._request = request
        self._status = status
        self._headers = headers
        self._error = error
        self._template = template
        self._outcome = outcome

    @property
    def request(self) -> Request:
        """The request that is answered."""
        return self._request

    @property
    def status(self) -> int | None:
        """The status code."""
        return self._status

    @property
    def error(self) -> BaseException | str | None:
        """The exception, or the name of an error that the application answered itself."""
        return self._error

    @property
    def template(self) -> str | None:
        """The route template, known or inferred."""
        return self._template

    @property
    def outcome(self) -> str:
        """How the exchange ended."""
        return self._outcome

    def header(self, name: str) -> str | None:
        """The value of a response header, or ``None``. *name* in any case; several values are joined by ``, ``."""
        headers = self._headers() if callable(self._headers) else self._headers
        return _joined(headers.items() if hasattr(headers, "items") else headers).get(name.lower())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.status} {self.outcome} to {self.request!r}>"


def authority_of(target: str) -> str | None:
    """The authority of a target in absolute form, which stands in place of Host (RFC 9112 section 3.2.2), or ``None``."""
    found = _ABSOLUTE.match(target)
    return found[1] if found else None


def path_of(path: str) -> str:
    """*path* without scheme and authority, which some servers leave in it when the target has absolute form."""
    found = None if path.startswith("/") else _ABSOLUTE.match(path)
    return found[2] or "/" if found else path


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        key = name.lower()
        joined[key] = f"{joined[key]}, {value}" if key in joined else value
    return joined
