"""Spans beside the server span: for a message, and for background work that failed."""

from __future__ import annotations

from time import perf_counter_ns
from typing import TYPE_CHECKING

from opentelemetry.context import get_current, get_value
from opentelemetry.trace import Status, StatusCode, set_span_in_context

from otel_middleware import _attributes as names
from otel_middleware._beginning import span_name
from otel_middleware._context_keys import EXCHANGE_KEY
from otel_middleware._exception_event import exception_event, status_of
from otel_middleware._text import qualified_name

if TYPE_CHECKING:
    from opentelemetry.trace import Span

    from otel_middleware._exchange import Exchange

__all__ = ["background_failed", "message_span", "put_status"]


def message_span(exchange: Exchange, direction: str) -> Span:
    """A span for one ASGI message, named as upstream names it; a child of the application's own where one is current."""
    name = exchange.name if exchange.named_by_user else span_name(exchange)
    inside = get_value(EXCHANGE_KEY) is exchange
    context = get_current() if inside else exchange.context
    return exchange.plan.tracer.start_span(f"{name} {exchange.kind} {direction}", context=context)


def put_status(exchange: Exchange, span: Span, status: int) -> None:
    """Put the status code on a message span."""
    for key in exchange.plan.measurement.status_keys:
        span.set_attribute(key, status)
    if status >= 500:  # noqa: PLR2004 - the first server error
        span.set_status(Status(StatusCode.ERROR))
        if exchange.plan.measurement.new:
            span.set_attribute(names.ERROR_TYPE, str(status))


def background_failed(exchange: Exchange, error: BaseException) -> None:
    """Put an exception after the last byte on a child span of its own: the response stays what it was."""
    span = exchange.span
    if span is None or not span.get_span_context().trace_flags.sampled:
        return
    started = exchange.start + (exchange.last_byte or exchange.clock) - exchange.clock
    name = getattr(span, "name", exchange.name)
    child = exchange.plan.tracer.start_span(
        f"{name} background", context=set_span_in_context(span, exchange.parent), start_time=started
    )
    child.set_attribute(names.ERROR_TYPE, qualified_name(error))
    child.add_event("exception", exception_event(error, exchange.plan.sanitizer))
    child.set_status(status_of(error, exchange.plan.sanitizer))
    child.end(exchange.start + perf_counter_ns() - exchange.clock)
