"""How a request ended that has no exchange: the verdict of ``instrument``, as far as a span can take it that upstream ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.trace import Status, StatusCode

from otel_middleware import _attributes as names
from otel_middleware._default_sanitizer import default_sanitizer
from otel_middleware._exception_event import exception_event, status_code_of
from otel_middleware._guard import guarded
from otel_middleware._outcome import decide, judged
from otel_middleware.request import Response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from opentelemetry.trace import Span

    from otel_middleware._outcome import Verdict
    from otel_middleware.request import Request

__all__ = ["Outcome"]

_SERVER_ERROR = 500


class Outcome:
    """What is known of a response, noted as it comes and written at once: nobody knows when upstream ends its span.

    Args:
        span: Upstream's span.
        request: The request as policies see it.
        kind: ``http`` or ``websocket``.
        alone: Whether no layer of ours serves this request, and nobody tells how it is answered.
    """

    # Facts of the outcome table that nobody notes here.
    cancelled = client_left = False
    complete = True
    expected_bytes: int | None = None
    bytes_sent: int | None = None
    close_code: int | None = None
    closed_by: str | None = None

    def __init__(self, span: Span, request: Request, kind: str, *, alone: bool) -> None:
        self.span = span
        self.request = request
        self.kind = kind
        self.template: str | None = None
        self.judge: Callable[[Response], bool | None] | None = None
        self.accepted = False
        self.status: int | None = None
        self.error: BaseException | None = None
        self.recorded: BaseException | str | None = None
        self.logged: tuple[int, BaseException] | None = None  # with the level that it was logged at
        self._headers: Callable[[], Iterable[tuple[str, str]]] | tuple[()] = ()
        self._alone = alone
        self._shown: BaseException | None = None  # the exception whose event is on the span

    @property
    def over(self) -> bool:
        """Whether upstream has ended the span, and nothing can be said any more."""
        return not self.span.is_recording()

    @property
    def known_error(self) -> BaseException | str | None:
        """The error that the application answered itself: as it said, else as it was logged."""
        if self.recorded is not None or self.logged is None:
            return self.recorded
        return self.logged[1]

    def set_verdict(self, judge: Callable[[Response], bool | None]) -> None:
        """Say who decides whether the response is an error."""
        self.judge = judge

    def record(self, error: BaseException | str) -> None:
        """Note the error that the application answers itself."""
        self.recorded = error
        if self._alone:  # the application says it of a 5xx response, which may have started already
            told = _attributes(self.span)
            self.status = told.get(names.HTTP_RESPONSE_STATUS_CODE, told.get(names.OLD_HTTP_STATUS_CODE, _SERVER_ERROR))
        if self.status is not None:
            self._settle()

    def answered(self, status: Any, headers: Callable[[], Iterable[tuple[str, str]]]) -> None:
        """Note the start of the response, after upstream has seen it and written its own."""
        if isinstance(status, int):
            self.status, self._headers = status, headers
            self._settle()

    def failed(self, error: Exception, *, sent: bool) -> None:
        """Note that the application raised *error*, before upstream records it.

        Args:
            error: The exception.
            sent: Whether headers went to the client; else the server answers 500, whatever was started.
        """
        if not sent:
            self.status, self._headers = None, ()
        self.error = error
        self._settle()

    def _settle(self) -> None:
        if not self.over and (self.judge is not None or (self.recorded is not None and self.error is None)):
            guarded("the outcome", self._decide)

    def _decide(self) -> None:
        verdict = known = decide(self)
        if self.judge is not None:
            opinion = guarded("the error policy", self.judge, self._response(verdict))
            verdict = judged(verdict, opinion, self.known_error if self.error is None else None)
        if self.error is not None and self.status is None and not self.accepted:
            self.span.set_attributes(dict.fromkeys(_status_keys(self.span), verdict.status))
        if status_code_of(self.span) is StatusCode.OK:
            return  # the application's own word, or ours, which nothing takes back
        if verdict.error_type is not None:
            self._write(verdict.error_type, verdict.error)
        elif known.error_type is not None:
            # Nothing else takes an ERROR back (specification, "Set Status").
            self.span.set_status(Status(StatusCode.OK))

    def _response(self, verdict: Verdict) -> Response:
        return Response(
            self.request,
            status=verdict.status,
            headers=self._headers,
            error=self.known_error if verdict.error is None else verdict.error,
            template=self.template,
            outcome=verdict.outcome,
        )

    def _write(self, error_type: str, error: BaseException | None) -> None:
        self.span.set_attribute(names.ERROR_TYPE, error_type)
        if self.error is not None:
            return  # upstream sees it next: status and event are its own
        if self.judge is not None and status_code_of(self.span) is StatusCode.UNSET:
            self.span.set_status(Status(StatusCode.ERROR))
        if error is not None and error is not self._shown:
            self._shown = error
            self.span.add_event("exception", exception_event(error, default_sanitizer()))


def _attributes(span: Span) -> Mapping[str, Any]:
    return getattr(span, "attributes", None) or {}


def _status_keys(span: Span) -> list[str]:
    """What the status is called on *span*: by the conventions that its method, or its scheme, is named by."""
    told = _attributes(span)
    old = names.OLD_HTTP_METHOD in told or names.OLD_HTTP_SCHEME in told
    new = names.HTTP_REQUEST_METHOD in told or names.URL_SCHEME in told or not old
    return [names.HTTP_RESPONSE_STATUS_CODE] * new + [names.OLD_HTTP_STATUS_CODE] * old
