"""How an exchange ended: the outcome table, as a pure decision over its facts."""

from __future__ import annotations

from asyncio import CancelledError
from typing import TYPE_CHECKING, NamedTuple, Protocol

from otel_middleware import _attributes as names
from otel_middleware._text import qualified_name

if TYPE_CHECKING:
    from otel_middleware.request import Request

__all__ = ["COMPLETED", "Verdict", "decide", "has_no_body", "is_cancellation", "judged", "tells_of_client"]

COMPLETED = "completed"
FAILED = "failed"
CLIENT_DISCONNECTED = "client_disconnected"
CANCELLED = "cancelled"
TRUNCATED = "truncated"
MISSING = "missing"

_SERVER_ERROR = 500
_NO_CONTENT = 204
_NOT_MODIFIED = 304
_SWITCHING_PROTOCOLS = 101
_DENIED = 403

# RFC 6455 7.4.1 and the IANA registry: abnormal closure, and the server's own failures.
_WEBSOCKET_ERRORS = frozenset({1006, 1011, 1012, 1013, 1014})
_WEBSOCKET_NORMAL = frozenset({1000, 1001, 1005})

_CANCELLATIONS = frozenset({"Cancelled", "GreenletExit"})
"""How trio and gevent say it, which cannot be imported to be compared with."""


class Facts(Protocol):
    """What the table looks at."""

    @property
    def request(self) -> Request: ...
    @property
    def kind(self) -> str: ...
    @property
    def accepted(self) -> bool: ...
    @property
    def status(self) -> int | None: ...
    @property
    def error(self) -> BaseException | None: ...
    @property
    def known_error(self) -> BaseException | str | None: ...
    @property
    def cancelled(self) -> bool: ...
    @property
    def client_left(self) -> bool: ...
    @property
    def complete(self) -> bool: ...
    @property
    def expected_bytes(self) -> int | None: ...
    @property
    def bytes_sent(self) -> int | None: ...
    @property
    def close_code(self) -> int | None: ...
    @property
    def closed_by(self) -> str | None: ...


class Verdict(NamedTuple):
    """What is reported of an exchange, on its span and its metrics alike."""

    status: int | None
    """``http.response.status_code``."""
    error_type: str | None = None
    """``error.type``; ``None`` when the request is no error."""
    error: BaseException | None = None
    """The exception for the span's event."""
    described: bool = False
    """Whether the span status carries ``Type: message``; where a status was sent it says enough (semconv, "Status")."""
    outcome: str = COMPLETED
    """``otel_middleware.outcome``."""


def decide(x: Facts) -> Verdict:
    """The verdict of the facts alone, before a policy is asked. Contract: design, "Outcomes"."""
    if x.kind == "websocket" and (x.accepted or x.status is None):
        return _websocket(x)
    return _http(x)


def judged(verdict: Verdict, opinion: bool | None, recorded: BaseException | str | None) -> Verdict:  # noqa: FBT001 - the policy's three answers
    """*verdict* as a policy sees it: ``True`` an error, ``False`` not an error, ``None`` no opinion."""
    if opinion is None:
        return verdict
    if not opinion:
        outcome = COMPLETED if verdict.outcome == FAILED else verdict.outcome
        error = None if verdict.error is recorded else verdict.error  # raised, it is an event all the same
        return verdict._replace(error_type=None, error=error, described=False, outcome=outcome)
    outcome = FAILED if verdict.outcome == COMPLETED else verdict.outcome
    error_type = verdict.error_type or _name(recorded) or _of_status(verdict.status)
    return verdict._replace(
        error_type=error_type, error=_exception(recorded) if verdict.error is None else verdict.error, outcome=outcome
    )


def is_cancellation(error: BaseException) -> bool:
    """Whether *error* says that the server or a caller gave up the work, and nothing of the work itself."""
    if isinstance(error, Exception):
        return False
    return isinstance(error, (CancelledError, GeneratorExit)) or type(error).__name__ in _CANCELLATIONS


def tells_of_client(error: BaseException | None) -> bool:
    """Whether *error*, which the server raised itself, says that its client has left."""
    return isinstance(error, OSError) or "Disconnect" in type(error).__name__


def _http(x: Facts) -> Verdict:
    status, error = x.status, x.error
    if error is not None:
        return Verdict(status or _SERVER_ERROR, qualified_name(error), error, status is None, FAILED)
    if status is not None and status >= _SERVER_ERROR:
        known = x.known_error
        return Verdict(status, _name(known) or str(status), _exception(known), outcome=FAILED)
    if x.cancelled or x.client_left:
        return Verdict(status, outcome=CANCELLED if x.cancelled else CLIENT_DISCONNECTED)
    if status is None:
        return Verdict(_SERVER_ERROR, "response_missing", outcome=MISSING)
    if _is_short(x, status):
        return Verdict(status, "response_truncated", outcome=TRUNCATED)
    return Verdict(status)


def _is_short(x: Facts, status: int) -> bool:
    if not x.complete:
        return True
    if x.expected_bytes is None or x.bytes_sent is None or x.bytes_sent >= x.expected_bytes:
        return False
    return not has_no_body(x, status)


def has_no_body(x: Facts, status: int) -> bool:
    """Whether the response carries no content, whatever its Content-Length says (RFC 9110, 6.4.1)."""
    return x.request.method == "HEAD" or status in (_NO_CONTENT, _NOT_MODIFIED)


def _websocket(x: Facts) -> Verdict:
    status = _SWITCHING_PROTOCOLS if x.accepted else None
    if x.error is not None:
        return Verdict(status or _SERVER_ERROR, qualified_name(x.error), x.error, not x.accepted, FAILED)
    if x.cancelled:
        return Verdict(status, outcome=CANCELLED)
    if not x.accepted:
        return _unaccepted(x)
    code = x.close_code
    if code is None or x.closed_by != "application" or code in _WEBSOCKET_NORMAL:
        return Verdict(status)
    return Verdict(status, str(code) if code in _WEBSOCKET_ERRORS else None, outcome=FAILED)


def _unaccepted(x: Facts) -> Verdict:
    if x.closed_by == "application":  # ASGI: closing before accepting denies with 403
        return Verdict(_DENIED)
    if x.client_left:
        return Verdict(None, outcome=CLIENT_DISCONNECTED)
    return Verdict(_SERVER_ERROR, "response_missing", outcome=MISSING)


def _of_status(status: int | None) -> str:
    return names.OTHER_ERROR_TYPE if status is None else str(status)


def _name(recorded: BaseException | str | None) -> str | None:
    return qualified_name(recorded) if isinstance(recorded, BaseException) else recorded


def _exception(recorded: BaseException | str | None) -> BaseException | None:
    return recorded if isinstance(recorded, BaseException) else None
