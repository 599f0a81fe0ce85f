"""Asking upstream about a request: under which parent, with a shadow of the request, and failing open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry import baggage, propagate, trace
from opentelemetry.context import Context, attach, get_current, get_value
from opentelemetry.propagators.textmap import Getter
from opentelemetry.trace import INVALID_SPAN, Link, NonRecordingSpan, SpanContext, SpanKind, set_span_in_context

from otel_middleware._context_keys import EXCHANGE_KEY
from otel_middleware._guard import say_once
from otel_middleware._neighbours import is_of_http
from otel_middleware._proposals import Proposal
from otel_middleware._seams import ASKING
from otel_middleware.request import Request

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_middleware._exchange import Exchange
    from otel_middleware.trust import Belief

__all__ = ["DUMMY_CONTEXT", "ask", "settle_parent"]

_DUMMY = NonRecordingSpan(SpanContext(trace_id=1, span_id=1, is_remote=False))
DUMMY_CONTEXT = set_span_in_context(_DUMMY, Context())
"""While a span is current upstream extracts nothing and attaches no token: both are done here."""


class _RequestGetter(Getter[Request]):
    """Reads propagation headers; never raises, and tells all names, since prefix propagators enumerate them."""

    def get(self, carrier: Request, key: str) -> list[str] | None:
        value = carrier.header(key)
        return None if value is None else [value]

    def keys(self, carrier: Request) -> list[str]:
        return [name for name, _ in carrier.header_lines()]


_GETTER = _RequestGetter()


def ask(upstream: Callable[[Any], None], shadow: Any) -> Proposal | None:
    """Let *upstream* propose span and metrics for *shadow*.

    Returns:
        The proposal; ``None`` when upstream starts no span or failed, and the application is served without telemetry.
    """
    proposal, previous = Proposal(), get_current()
    asking = ASKING.set(proposal)
    attach(set_span_in_context(_DUMMY, previous) if previous else DUMMY_CONTEXT)
    try:
        upstream(shadow)
    except Exception as error:  # noqa: BLE001 - the application was not entered yet: failing open is free
        say_once(
            ("ask", type(error)),
            "asking upstream's OpenTelemetryMiddleware",
            error,
            "requests are served without telemetry",
        )
        return None
    finally:
        attach(previous)
        ASKING.reset(asking)
    return None if proposal.tracer is None else proposal


def settle_parent(exchange: Exchange, belief: Belief | None) -> None:
    """Decide parent, kind and links of the server span.

    The parent is the caller's span; a surrounding live span of the same trace where there is one, so that nothing becomes
    a sibling; without a caller the surrounding live span. What is not believed becomes a link.

    Args:
        exchange: The exchange; its request carries the headers.
        belief: What of the caller is believed; ``None`` believes it all.
    """
    current = get_current()
    surrounding = trace.get_current_span(current) if current else INVALID_SPAN
    if surrounding is not INVALID_SPAN and _has_ended(surrounding):
        current = set_span_in_context(INVALID_SPAN, current)
        surrounding = INVALID_SPAN
    exchange.parent = _extracted(exchange, current, belief)
    if surrounding is not INVALID_SPAN:
        _stay_inside(exchange, current, surrounding)


def _extracted(exchange: Exchange, current: Context, belief: Belief | None) -> Context:
    try:
        context = propagate.extract(exchange.request, current, _GETTER)
    except Exception as error:  # noqa: BLE001 - a propagator of the user's
        say_once("extract", "a propagator", error, "the caller's context is ignored")
        context = current
    if context is None:  # some only inject
        context = current
    if belief is None or (belief.trace_context and belief.baggage):
        return context
    if belief.trace_context:
        return baggage.clear(context)
    claimed = trace.get_current_span(context).get_span_context()
    if claimed.is_valid and claimed != trace.get_current_span(current).get_span_context():
        exchange.links = (Link(claimed),)
    return baggage.clear(current) if baggage.get_all(current) else current


def _stay_inside(exchange: Exchange, current: Context, surrounding: trace.Span) -> None:
    caller = trace.get_current_span(exchange.parent).get_span_context()
    own = surrounding.get_span_context()
    if not own.is_valid or (caller.is_valid and caller.trace_id != own.trace_id):
        return
    exchange.parent = set_span_in_context(surrounding, exchange.parent)
    if getattr(surrounding, "kind", None) is SpanKind.SERVER and not _is_ours(surrounding, current):
        exchange.span_kind = SpanKind.INTERNAL
        exchange.measured_outside = is_of_http(surrounding)


def _has_ended(span: trace.Span) -> bool:
    return not span.is_recording() and not isinstance(span, NonRecordingSpan)


def _is_ours(span: trace.Span, context: Context) -> bool:
    exchange: Any = get_value(EXCHANGE_KEY, context)
    return exchange is not None and exchange.span is span
