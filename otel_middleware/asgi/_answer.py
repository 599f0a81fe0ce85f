"""When the response starts: headers captured, the hook called, the trace told to the client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.instrumentation.propagators import get_global_response_propagator
from opentelemetry.propagators.textmap import Setter

from otel_middleware._guard import guarded, say_once
from otel_middleware._wire import length_in
from otel_middleware.asgi._shadow import decoded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from otel_middleware._exchange import Exchange
    from otel_middleware.asgi._types import Message, Scope

__all__ = ["accepted", "answered", "lines"]


def answered(exchange: Exchange, scope: Scope, message: Message) -> Message:
    """Note the response headers of a start message; the message to forward.

    The very message of the application, unless its headers can be read only once, or a response propagator adds to them: then
    a copy with a list of its own.
    """
    headers = message.get("headers")
    if type(headers) is not list and type(headers) is not tuple:
        message, headers = _read(message, headers)
    exchange.response_headers = lambda: lines(headers)
    options = exchange.plan.options
    try:
        exchange.expected_bytes = _content_length(headers)
        if options.capture_response is not None:
            exchange.capture(options.capture_response.attributes(lines(headers)))
    except Exception as error:  # noqa: BLE001 - the server says what it thinks of malformed headers
        say_once("headers", "noting response headers", error, "they are not noted")
    if options.server_response_hook is not None:
        guarded(
            "server_response_hook", options.server_response_hook, exchange.span, scope, message.get("status"), headers
        )
    return _propagated(exchange, message)


def accepted(exchange: Exchange, message: Message) -> Message:
    """Capture the headers that a websocket's handshake answers with; the message to forward."""
    capture = exchange.plan.options.capture_response
    headers = message.get("headers")
    if capture is not None:
        if type(headers) is not list and type(headers) is not tuple:
            message, headers = _read(message, headers)
        try:
            exchange.capture(capture.attributes(lines(headers)))
        except Exception as error:  # noqa: BLE001 - as above
            say_once("headers", "noting response headers", error, "they are not noted")
    return _propagated(exchange, message)


def _read(message: Message, headers: Any) -> tuple[Message, Sequence[Any]]:
    """The message to forward, and its *headers*: ASGI takes any iterable of them, one that can be read only once as well."""
    if headers is None:
        return message, ()
    read: list[Any] = []
    try:
        read.extend(headers)
    except Exception as error:  # noqa: BLE001 - the server is to meet it, where it would have met it
        return {**message, "headers": _again(read, error)}, read
    return ({**message, "headers": read} if iter(headers) is headers else message), read


def _again(read: list[Any], error: Exception) -> Iterator[Any]:
    yield from read
    raise error


def _propagated(exchange: Exchange, message: Message) -> Message:
    """*message*, or a copy with a list of its own when a response propagator adds headers."""
    propagator = get_global_response_propagator()  # type: ignore[no-untyped-call]
    if propagator is None:
        return message
    added: list[tuple[bytes, bytes]] = []
    guarded("the response propagator", propagator.inject, added, exchange.context, _SETTER)
    return {**message, "headers": [*(message.get("headers") or ()), *added]} if added else message


class _HeaderSetter(Setter[list[tuple[bytes, bytes]]]):
    def set(self, carrier: list[tuple[bytes, bytes]], key: str, value: str) -> None:
        carrier.append((key.lower().encode("latin-1"), value.encode("latin-1", "replace")))


_SETTER = _HeaderSetter()


def lines(headers: Any) -> list[tuple[str, str]]:
    """Response headers as pairs of lower-case name and text."""
    return [(decoded(name).lower(), decoded(value)) for name, value in headers]


def _content_length(headers: Any) -> int | None:
    for name, value in headers:
        if name == b"content-length" or name.lower() == b"content-length":
            return length_in(decoded(value))
    return None
