"""How a request's server span starts: as upstream proposes it, corrected by the exchange's facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.context import Context
from opentelemetry.trace import set_span_in_context

from otel_middleware import _attributes as names
from otel_middleware._context_keys import EXCHANGE_KEY
from otel_middleware._labeler import with_labeler
from otel_middleware._route_sources import INFERRED

if TYPE_CHECKING:
    from otel_middleware._exchange import Exchange
    from otel_middleware._proposals import Proposal

__all__ = ["begin", "put_route", "span_name"]


def begin(exchange: Exchange, proposal: Proposal) -> None:
    """Start the server span that upstream proposes, corrected, and count the request as active until it is over."""
    tracer = proposal.tracer or exchange.plan.tracer
    merged = {**proposal.attributes, **exchange.facts}
    if None in exchange.facts.values():  # upstream said what is not so
        merged = {key: value for key, value in merged.items() if value is not None}
    template = exchange.template
    if template is not None and exchange.source != INFERRED:
        put_route(exchange, merged)  # a guess waits: attributes cannot be taken back
    exchange.begun = merged
    exchange.named_for = template
    if exchange.name:
        exchange.named_by_user = True
    else:
        exchange.name = span_name(exchange)
    # A span processor finds this exchange, and not the one of a request around it.
    context = Context({**exchange.parent, EXCHANGE_KEY: exchange})  # type: ignore[dict-item]  # set with the connection
    exchange.span = span = tracer.start_span(
        exchange.name,
        context=context,
        kind=exchange.span_kind,
        attributes=merged,
        links=exchange.links,
        start_time=exchange.start,
    )
    exchange.context = with_labeler(set_span_in_context(span, context))
    if exchange.measured_outside or exchange.plan.meters.silent:
        return
    exchange.proposals, exchange.settled = proposal.records, proposal.settled
    if proposal.active is not None:
        active, attributes = proposal.active
        if not proposal.settled:
            attributes = exchange.plan.measurement.bounded(attributes, exchange)
        exchange.active = active, active.entered(tuple(attributes.items()))


def span_name(exchange: Exchange) -> str:
    """The method, and the template where one is known (semantic conventions, "Name")."""
    method = "WS" if exchange.kind == "websocket" else exchange.plan.method_in_name(exchange.request.method)
    return method if exchange.template is None else f"{method} {exchange.template}"


def put_route(exchange: Exchange, attributes: dict[str, Any]) -> None:
    """Put template and source on *attributes*: a guess is no ``http.route``."""
    attributes[names.URL_TEMPLATE if exchange.source == INFERRED else names.HTTP_ROUTE] = exchange.template
    attributes[names.ROUTE_SOURCE] = exchange.source
