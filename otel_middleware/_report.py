"""The decision at a request's end: the truth on its span, and the metrics that upstream proposed, settled."""

from __future__ import annotations

from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from opentelemetry.trace import StatusCode

from otel_middleware import _attributes as names
from otel_middleware._beginning import put_route, span_name
from otel_middleware._exception_event import exception_event, status_of
from otel_middleware._guard import guarded
from otel_middleware._outcome import COMPLETED, Verdict, decide, judged
from otel_middleware._route_sources import INFERRED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opentelemetry.trace import Span

    from otel_middleware._exchange import Exchange

__all__ = ["settle"]

_NANOSECONDS = 1e9


def settle(exchange: Exchange) -> None:
    """Decide how *exchange* ended, write the truth on its span, end it, and record its metrics."""
    elapsed = (exchange.last_byte or perf_counter_ns()) - exchange.clock
    verdict = decide(exchange)
    if exchange.source is None or exchange.source == INFERRED:
        _infer(exchange, verdict.status)
    if exchange.judge is not None:
        answered = exchange.known_error if exchange.error is None else None
        verdict = judged(verdict, guarded("the error policy", exchange.judge, exchange.response(verdict)), answered)
    span = exchange.span
    if span is not None:
        if span.is_recording():
            verdict = _write(exchange, span, verdict)
        if getattr(span, "end_time", None) is None:  # the application may have ended it itself
            span.end(exchange.start + elapsed)
    if exchange.proposals:
        exchange.plan.measurement.settle(exchange, elapsed, verdict)
    if exchange.plan.queue is not None:
        exchange.plan.queue.record(exchange)


def _infer(exchange: Exchange, status: int | None) -> None:
    template = exchange.plan.routes.inferred(exchange.safe_path, status)
    exchange.template, exchange.source = (None, None) if template is None else (template, INFERRED)


def _write(exchange: Exchange, span: Span, verdict: Verdict) -> Verdict:
    verdict = _with_status(exchange, span, verdict)
    attributes = _outcome(exchange, verdict)
    if exchange.template is not None and exchange.template != exchange.begun.get(names.HTTP_ROUTE):
        put_route(exchange, attributes)
    if exchange.tenants is not None:
        attributes[exchange.tenants.attribute] = exchange.tenant
    if exchange.captured:
        attributes.update(exchange.captured)
    if exchange.first_byte is not None:
        attributes[names.TIME_TO_FIRST_BYTE] = (exchange.first_byte - exchange.clock) / _NANOSECONDS
    if exchange.messages is not None:
        _put_session(exchange, attributes)
    _put(exchange, span, attributes)
    if verdict.error is not None:
        span.add_event("exception", exception_event(verdict.error, exchange.plan.sanitizer))
    return verdict


def _outcome(exchange: Exchange, verdict: Verdict) -> dict[str, Any]:
    attributes: dict[str, Any] = {}
    if verdict.status is not None:
        for key in exchange.plan.measurement.status_keys:
            attributes[key] = verdict.status
    if verdict.error_type is not None:
        attributes[names.ERROR_TYPE] = verdict.error_type
    if verdict.outcome != COMPLETED:
        attributes[names.OUTCOME] = verdict.outcome
    return attributes


def _put(exchange: Exchange, span: Span, attributes: dict[str, Any]) -> None:
    written: Mapping[str, Any] | None = getattr(span, "attributes", None)
    begun = exchange.begun
    if written is not None and (
        len(written) != len(begun)
        or getattr(span, "dropped_attributes", False)  # as many came as went
        or (names.HTTP_ROUTE in attributes and names.HTTP_ROUTE in begun)
    ):
        tenant = names.TENANT_ID if exchange.tenants is None else exchange.tenants.attribute
        for key in (names.HTTP_ROUTE, names.URL_TEMPLATE, names.ROUTE_SOURCE, tenant):
            if key in attributes and written.get(key) not in (None, begun.get(key)):
                del attributes[key]  # the application wrote it itself
    span.set_attributes(attributes)
    if exchange.template == exchange.named_for or exchange.named_by_user:
        return
    if getattr(span, "name", exchange.name) == exchange.name:  # else the application has renamed it
        span.update_name(span_name(exchange))


def _with_status(exchange: Exchange, span: Span, verdict: Verdict) -> Verdict:
    """Set the span's status, unless the application has set its own, and agree with it."""
    current = getattr(span, "status", None)
    code = StatusCode.UNSET if current is None else current.status_code
    if code is StatusCode.ERROR:
        return verdict._replace(error_type=_own_error_type(span) or verdict.error_type or names.OTHER_ERROR_TYPE)
    if code is StatusCode.OK:  # its last word on the matter (specification, "Set Status")
        return judged(verdict, False, exchange.known_error if exchange.error is None else None)  # noqa: FBT003
    if verdict.error_type is not None:
        verdict = verdict._replace(error_type=_own_error_type(span) or verdict.error_type)
        described = verdict.error if verdict.described else None
        span.set_status(status_of(described, exchange.plan.sanitizer))
    return verdict


def _own_error_type(span: Span) -> str | None:
    """``error.type`` as the application has written it."""
    own = (getattr(span, "attributes", None) or {}).get(names.ERROR_TYPE)
    return own if isinstance(own, str) else None


def _put_session(exchange: Exchange, attributes: dict[str, Any]) -> None:
    received, sent = exchange.messages or (0, 0)
    attributes[names.MESSAGES_RECEIVED], attributes[names.MESSAGES_SENT] = received, sent
    attributes[names.BYTES_RECEIVED], attributes[names.BYTES_SENT] = exchange.bytes_received, exchange.bytes_sent or 0
    if exchange.close_code is not None:
        attributes[names.CLOSE_CODE] = exchange.close_code
    if exchange.closed_by is not None:
        attributes[names.CLOSED_BY] = exchange.closed_by
