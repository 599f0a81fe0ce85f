"""What an application sends and receives, noted on the exchange: one wrapper for all concerns."""

from __future__ import annotations

from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from otel_middleware._guard import guarded, say_once
from otel_middleware._outcome import tells_of_client
from otel_middleware._text import members_of
from otel_middleware.asgi._answer import accepted, answered
from otel_middleware.asgi._server_internals import has_left
from otel_middleware.asgi._session import received_in_session, sent_in_session

if TYPE_CHECKING:
    from otel_middleware._exchange import Exchange
    from otel_middleware.asgi._types import Message, Receive, Scope, Send

__all__ = ["Watch"]

_STARTS = frozenset({"http.response.start", "websocket.http.response.start"})


class Watch:
    """The ``receive`` and ``send`` of one request.

    Messages go through untouched, in order; facts are noted on the way. Nothing here raises what the server did not.

    Args:
        exchange: Where facts are noted.
        scope: The scope that the application was given, where frameworks leave their route.
        receive: The server's.
        send: The server's.
    """

    __slots__ = ("_begun", "_exchange", "_receive", "_replaced", "_scope", "_send", "server_error", "trailers")

    def __init__(self, exchange: Exchange, scope: Scope, receive: Receive, send: Send) -> None:
        self._exchange = exchange
        self._scope = scope
        self._receive = receive
        self._send = send
        self._begun = False  # headers have gone
        self._replaced: tuple[Any, ...] | None = None  # what stands when the server refuses another start
        self.server_error: BaseException | None = None
        self.trailers = False

    async def receive(self) -> Message:
        """Receive from the server."""
        try:
            message = await self._receive()
        except Exception as error:
            self.server_error = error
            raise
        if not self._exchange.over:
            try:
                self._received(message)
            except Exception as error:  # noqa: BLE001 - a message of no known form is the application's business
                say_once("receive", "noting a received message", error, "it is not counted")
        return message

    async def send(self, message: Message) -> None:
        """Send to the server."""
        exchange = self._exchange
        noted, kind, chunk = not exchange.over, None, 0
        if noted:
            try:
                kind = message["type"]
                if kind == "http.response.body" and message.get("more_body"):
                    chunk = len(message.get("body") or b"")
                    if chunk and exchange.first_byte is None:
                        exchange.first_byte = perf_counter_ns()
                else:
                    message = self._sending(kind, message)
            except Exception as error:  # noqa: BLE001 - the server says what it thinks of a malformed message
                say_once("sending", "noting a message", error, "it is not counted")
        try:
            await self._send(message)
        except Exception as error:
            self.server_error = error
            guarded("noting a refused message", self._refused, message, error)
            raise
        if chunk:
            self._begun = True
            if exchange.bytes_sent is not None:
                exchange.bytes_sent += chunk
        elif noted and kind != "http.response.start":
            try:
                self._sent(kind, message)
            except Exception as error:  # noqa: BLE001 - the server took it
                say_once("sent", "noting a message", error, "it is not counted")

    def caused(self, error: BaseException) -> bool:
        """Whether *error* is the very error that the server raised, was raised from it, or is a group of such."""
        caused = self.server_error
        if caused is None:
            return False
        members = members_of(error)  # what a task group makes of it
        if members:
            return all(map(self.caused, members))
        return error is caused or error.__cause__ is caused or error.__context__ is caused

    def look_for_client(self) -> None:
        """Note that the client has left, where only the server knows.

        Asked before the last message: a connection may well be closed after it.
        """
        if has_left(self._receive, self._send, streamed=self._begun):
            self._exchange.client_left = True

    def _refused(self, message: Message, error: Exception) -> None:
        exchange = self._exchange
        if exchange.over:
            return
        if tells_of_client(error):
            exchange.client_left = not exchange.complete
        if not self._begun and message["type"] in _STARTS:
            exchange.refused(self._replaced)

    def _received(self, message: Message) -> None:
        exchange, kind = self._exchange, message["type"]
        if kind == "http.request":
            exchange.bytes_received += len(message.get("body") or b"")
            exchange.request_complete = not message.get("more_body")
        elif kind == "http.disconnect":
            exchange.client_left = not exchange.complete
        elif exchange.kind == "websocket":
            received_in_session(exchange, kind, message)

    def _sending(self, kind: Any, message: Message) -> Message:
        if kind == "http.response.start":
            return message if self._begun else self._start(message)
        if kind == "websocket.accept":
            return accepted(self._exchange, message)
        if kind == "websocket.http.response.start":
            self._exchange.status = _status_code(message)
            return answered(self._exchange, self._scope, message)
        if kind == "http.response.body":
            self.look_for_client()
        return message

    def _start(self, message: Message) -> Message:
        exchange = self._exchange
        if exchange.status is not None:
            self._replaced = exchange.answer
            exchange.unanswered()
        exchange.status = _status_code(message)
        self.trailers = bool(message.get("trailers"))
        exchange.plan.routes.told(exchange, self._scope)
        return answered(exchange, self._scope, message)

    def _sent(self, kind: Any, message: Message) -> None:
        if kind != "http.response.body":
            self._other(kind, message)
            return
        exchange = self._exchange
        self._begun = True
        if exchange.bytes_sent is not None:
            exchange.bytes_sent += len(message.get("body") or b"")
        if not message.get("more_body") and not self.trailers:
            exchange.body_ended()

    def _other(self, kind: Any, message: Message) -> None:
        exchange = self._exchange
        if kind == "http.response.trailers":
            if not message.get("more_trailers"):
                exchange.body_ended()
        elif kind in ("http.response.pathsend", "http.response.zerocopysend"):
            self._begun = True
            exchange.bytes_sent = None  # the server reads the file: what was announced counts
            if not message.get("more_body") and not self.trailers:
                exchange.body_ended()
        elif kind == "websocket.http.response.body":
            self._sent("http.response.body", message)
        elif exchange.kind == "websocket":
            sent_in_session(exchange, self._scope, kind, message)


def _status_code(message: Message) -> int | None:
    status = message.get("status")
    return int(status) if isinstance(status, int) else None
