"""A request that came over a bridge between ASGI and WSGI: an instrumented application outside has its exchange already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.context import get_value

from otel_middleware._context_keys import EXCHANGE_KEY

if TYPE_CHECKING:
    from opentelemetry.context import Context

    from otel_middleware._exchange import Exchange
    from otel_middleware.request import Request

__all__ = ["same_request"]

_OWN_HEADERS = ("host", "user-agent", "traceparent")
"""What tells one request from another that an application makes of a service in its own process, of the same path."""


def same_request(context: Context, request: Request) -> Exchange | None:
    """The live exchange in *context* that *request*, of the other protocol, is a part of; ``None`` when there is none.

    Bridges make a new environ or scope, and hand over nothing but the context.
    """
    exchange: Any = get_value(EXCHANGE_KEY, context)
    if exchange is None or exchange.over or type(exchange.request) is type(request):
        return None
    outer = exchange.request
    if (outer.method, outer.path, outer.query) != (request.method, request.path, request.query):
        return None
    same = all(outer.header(name) == request.header(name) for name in _OWN_HEADERS)
    return exchange if same else None
