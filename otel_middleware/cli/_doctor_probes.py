"""The requests that the doctor sends, with planted secrets that must not come out again."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

__all__ = ["CANARIES", "HOSTILE", "NO_PAGE", "PAGE", "Answer", "Probe", "many", "probes_for"]

PAGE, NO_PAGE, HOSTILE = "a page", "a page that is not there", "hostile bytes"
"""Titles of requests that are judged beside each other."""

_MANY = 50
_PLACE = "{n}"
_FIRST = 1001

CANARIES = {
    "the token in the query": "cnrq" + secrets.token_hex(12),
    "the authorization header": "cnra" + secrets.token_hex(12),
    "the session cookie": "cnrc" + secrets.token_hex(12),
    "the password in the referer": "cnru" + secrets.token_hex(12),
    "the token in the referer": "cnrr" + secrets.token_hex(12),
    "the secret link in the path": "cnrp" + secrets.token_hex(12) + "Q7",
}
"""Planted secrets by where they stand. New in each process, so that nobody can know them beforehand."""


@dataclass(frozen=True)
class Probe:
    """One request.

    Args:
        title: What it tries, for a person.
        path: Decoded, as bytes: it need not be UTF-8.
        method: ``GET``, ``HEAD``; a websocket is a GET.
        query: As it is sent.
        headers: More headers.
        kind: ``http`` or ``websocket``.
        leaves: Whether the client goes away after the first part of the answer.
        trace_id: By which its spans are found.
    """

    title: str
    path: bytes
    method: str = "GET"
    query: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    kind: str = "http"
    leaves: bool = False
    trace_id: str = field(default_factory=lambda: secrets.token_hex(16))

    @property
    def all_headers(self) -> list[tuple[bytes, bytes]]:
        """The headers, with a sampled parent, so that no sampler of the application hides the span."""
        parent = f"00-{self.trace_id}-{secrets.token_hex(8)}-01".encode()
        usual = [(b"host", b"doctor.invalid"), (b"user-agent", b"otel-middleware doctor"), (b"traceparent", parent)]
        return [*usual, *self.headers]


@dataclass
class Answer:
    """What came back.

    Args:
        status: The status, ``None`` when there was no answer.
        raised: What the application raised, as ``Type: message``; empty when it did not.
        parts: Parts of the body that were not empty.
    """

    status: int | None = None
    raised: str = ""
    parts: int = 0


def probes_for(path: str, raises: str | None, *, asgi: bool) -> list[Probe]:
    """Return the probes, the order is that of the report.

    Args:
        path: One that is answered; ``{n}`` in it becomes a number.
        raises: One that raises, if there is any.
        asgi: Whether there are websockets.
    """
    good = path.replace(_PLACE, str(_FIRST)).encode()
    found = [
        Probe(PAGE, good),
        Probe(NO_PAGE, f"/no-such-page-{secrets.token_hex(4)}".encode()),
        Probe("HEAD", good, method="HEAD"),
        Probe("a client that leaves", good, leaves=True),
        *_hostile(good),
        *(Probe(f"health check {name}", f"/{name}".encode()) for name in ("healthz", "health", "livez", "readyz")),
    ]
    if raises is not None:
        found.append(Probe("an exception", raises.encode()))
    if asgi:
        found.append(Probe("a websocket", good, kind="websocket"))
    return found


def many(path: str) -> list[Probe]:
    """Return 50 requests of as many paths: below *path*, or with ``{n}`` in it counted up."""
    pattern = path if _PLACE in path else f"{path.rstrip('/')}/{_PLACE}"
    numbers = range(_FIRST, _FIRST + _MANY)
    return [Probe("many paths", pattern.replace(_PLACE, str(number)).encode()) for number in numbers]


def _hostile(good: bytes) -> list[Probe]:
    secret = {place: value.encode() for place, value in CANARIES.items()}
    headers = (
        (b"authorization", b"Bearer " + secret["the authorization header"]),
        (b"cookie", b"sid=" + secret["the session cookie"]),
        (
            b"referer",
            b"https://user:%b@example.com/?access_token=%b"
            % (secret["the password in the referer"], secret["the token in the referer"]),
        ),
    )
    query = b"page=2&token=" + secret["the token in the query"]
    return [
        Probe("secrets in query and headers", good, query=query, headers=headers),
        Probe("a secret in the path", b"/reset/" + secret["the secret link in the path"]),
        Probe(
            HOSTILE,
            b"/doctor-\xff\x00\x1b[31m",
            query=b"a=%ff%00&" + query,
            headers=((b"x-hostile", b"\xff\xfe\x1b[31m"),),
        ),
    ]
