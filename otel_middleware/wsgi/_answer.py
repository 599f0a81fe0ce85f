"""When the response starts: headers captured, the hook called, the trace told to the client."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from opentelemetry.instrumentation.propagators import get_global_response_propagator
from opentelemetry.propagators.textmap import Setter

from otel_middleware._guard import guarded
from otel_middleware._wire import length_in
from otel_middleware.wsgi._shadow import decoded

if TYPE_CHECKING:
    from otel_middleware._exchange import Exchange
    from otel_middleware.wsgi._types import Environ

__all__ = ["answered", "lines", "status_code"]

_DIGITS = 3


def answered(exchange: Exchange, environ: Environ, status: Any, headers: Any) -> Any:
    """Note what ``start_response`` was given; the headers to forward.

    The very list of the application, unless a response propagator adds to it: then a list of its own.
    """
    if exchange.status is not None:
        exchange.unanswered()
    exchange.status = status_code(status)
    exchange.response_headers = lambda: lines(headers)
    exchange.expected_bytes = _content_length(headers)
    options = exchange.plan.options
    if options.capture_response is not None:
        exchange.capture(options.capture_response.joined_attributes(lines(headers)))
    if options.server_response_hook is not None:
        guarded("server_response_hook", options.server_response_hook, exchange.span, environ, status, headers)
    propagator = get_global_response_propagator()  # type: ignore[no-untyped-call]
    return headers if propagator is None else _propagated(propagator, exchange, headers)


def status_code(status: Any) -> int | None:
    """The number of a status line, with or without a reason phrase; ``None`` for what is none."""
    return _code_in(status) if isinstance(status, str) else None


@lru_cache(maxsize=256)  # an application has few status lines
def _code_in(status: str) -> int | None:
    code = status.strip()[:_DIGITS]
    return int(code) if len(code) == _DIGITS and code.isascii() and code.isdigit() else None


def _propagated(propagator: Any, exchange: Exchange, headers: Any) -> Any:
    added: list[tuple[str, str]] = []
    guarded("the response propagator", propagator.inject, added, exchange.context, _SETTER)
    return [*headers, *added] if added else headers


class _HeaderSetter(Setter[list[tuple[str, str]]]):
    def set(self, carrier: list[tuple[str, str]], key: str, value: str) -> None:
        carrier.append((key, value))


_SETTER = _HeaderSetter()


def lines(headers: Any) -> list[tuple[str, str]]:
    """Response headers as pairs of lower-case name and text."""
    return [(decoded(name).lower(), decoded(value)) for name, value in headers]


def _content_length(headers: Any) -> int | None:
    for name, value in headers:
        if name.lower() == "content-length":
            return length_in(value)
    return None
