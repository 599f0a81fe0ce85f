"""One finished request, as the views show it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from opentelemetry.trace import StatusCode

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

__all__ = ["Seen"]

_MARKS = ("REDACTED", "hmac:")
_STATUS = ("http.response.status_code", "http.status_code")
_TEMPLATE = ("http.route", "url.template")
NONE = "-"


@dataclass(frozen=True)
class Seen:
    """One request. Texts are as they are exported: escape them for the medium.

    Args:
        name: The span's name.
        status: The status code as text, ``-`` when there was none.
        outcome: ``completed``, or what the attribute says.
        error: ``error.type``; empty when the request is no error.
        failed: Whether the span's status is ERROR.
        tenant: ``tenant.id``, ``-`` without one.
        route: The template; the span's name where there is none.
        source: Where the template comes from, ``-`` where there is none.
        redacted: The attributes in which something was masked.
        started: Unix time in seconds.
        seconds: How long it took.
        trace_id: Of its trace, 32 hexadecimal digits.
        span_id: Its own, 16 hexadecimal digits.
    """

    name: str
    status: str
    outcome: str
    error: str
    failed: bool
    tenant: str
    route: str
    source: str
    redacted: tuple[str, ...]
    started: float
    seconds: float
    trace_id: str
    span_id: str

    @classmethod
    def of(cls, span: ReadableSpan) -> Seen:
        """Read a finished SERVER span."""
        attributes = dict(span.attributes or {})

        def first(*names: str, otherwise: str = NONE) -> str:
            return next((str(attributes[name]) for name in names if name in attributes), otherwise)

        return cls(
            name=span.name,
            status=first(*_STATUS),
            outcome=first("otel_middleware.outcome", otherwise="completed"),
            error=first("error.type", otherwise=""),
            failed=span.status.status_code is StatusCode.ERROR,
            tenant=first("tenant.id"),
            route=first(*_TEMPLATE, otherwise=span.name),
            source=first("otel_middleware.route.source"),
            redacted=_redacted(span, attributes),
            started=(span.start_time or 0) / 1e9,
            seconds=((span.end_time or 0) - (span.start_time or 0)) / 1e9,
            trace_id=f"{span.context.trace_id:032x}",
            span_id=f"{span.context.span_id:016x}",
        )


def _redacted(span: ReadableSpan, attributes: dict[str, Any]) -> tuple[str, ...]:
    events = {key: value for event in span.events for key, value in (event.attributes or {}).items()}
    told = {**attributes, **events, "status.description": span.status.description or ""}
    return tuple(key for key, value in told.items() if any(mark in str(value) for mark in _MARKS))
