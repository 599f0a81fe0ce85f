"""The same by HTTP/2 without TLS, which client and server know beforehand ("prior knowledge", RFC 9113, 3.3)."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import httpx
from real_servers.wire import DEADLINE, OWN_HEADERS, Answer, leave


class Http2:
    """Asks a server on loopback by HTTP/2; every way of asking gives the answers in order."""

    def __init__(self, port):
        self.port = port

    def connect(self):
        return httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}",
            http1=False,
            http2=True,
            timeout=DEADLINE,
            limits=httpx.Limits(max_connections=1),
        )

    def alone(self, asked):
        """One request in a connection of its own."""
        return self.in_turn(asked)

    def in_turn(self, *asked):
        """Requests that each wait for the one before, in one connection."""
        with self.connect() as client:
            return [_answer(client, request) for request in asked]

    def at_once(self, *asked):
        """Requests in one connection, as streams beside each other."""
        with self.connect() as client, ThreadPoolExecutor(len(asked)) as threads:
            return list(threads.map(lambda request: _answer(client, request), asked))

    def vanish_receiving(self, asked, *, rudely=False):
        """Leave after the beginning of the answer, by an orderly end of the connection or *rudely*, by a reset."""
        with self.connect() as client, _streamed(client, asked) as response:
            next(response.iter_raw())
            leave(response.extensions["network_stream"].get_extra_info("socket"), rudely=rudely)
            return [Answer(f"HTTP/2 {response.status_code}", (), (), whole=False)]

    def vanish_sending(self, asked, *, rudely=False):
        """Leave after half of the body that was announced."""

        class HalfwayError(Exception):
            pass

        def half():
            yield asked.body[: len(asked.body) // 2]
            raise HalfwayError

        with self.connect() as client:
            try:
                client.request(asked.method, asked.path, content=half(), headers=_headers(asked))
            except HalfwayError:
                return []
        raise AssertionError("answered before the body was sent")

    def cancel(self, asked, then):
        """Reset the stream of *asked* when its answer has begun, as browsers do; the status of *then* in the same connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE) as client:
            connection = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding=None))
            connection.initiate_connection()
            connection.send_headers(1, _pseudo(asked), end_stream=True)
            _until(client, connection, h2.events.DataReceived)
            connection.reset_stream(1, error_code=8)
            connection.send_headers(3, _pseudo(then), end_stream=True)
            # To the end: where a connection ends before the body does, Hypercorn leaves its application waiting.
            events = _until(client, connection, h2.events.StreamEnded)
            [answer] = [event for event in events if isinstance(event, h2.events.ResponseReceived)]
            return int(dict(answer.headers)[b":status"])


def _until(client, connection, awaited):
    """What the server says until an event of the kind *awaited* is among it."""
    client.sendall(connection.data_to_send())
    events = []
    while data := client.recv(65536):
        events += connection.receive_data(data)
        client.sendall(connection.data_to_send())
        if any(isinstance(event, awaited) for event in events):
            return events
    raise AssertionError("the server has closed the connection")


def _pseudo(asked):
    return [
        *((":method", asked.method), (":scheme", "http"), (":authority", "127.0.0.1"), (":path", asked.path)),
        *_headers(asked).items(),
    ]


def _headers(asked):
    headers = {"user-agent": "wire", **dict(asked.headers)}
    if asked.body:
        headers["content-length"] = str(len(asked.body))
    if asked.trace_id:
        headers["traceparent"] = asked.traceparent
    return headers


def _streamed(client, asked):
    return client.stream(asked.method, asked.path, headers=_headers(asked), content=asked.body or None)


def _answer(client, asked):
    line, headers, chunks, whole = "", (), [], False
    try:
        with _streamed(client, asked) as response:
            line = f"HTTP/2 {response.status_code}"
            headers = tuple(pair for pair in response.headers.multi_items() if pair[0] not in OWN_HEADERS)
            chunks.extend(response.iter_raw())
            whole = True
    except httpx.RemoteProtocolError:
        pass  # the stream was reset
    except (httpx.LocalProtocolError, h2.exceptions.ProtocolError):
        return Answer("", (), (), whole=False)  # malformed; how much of it was seen depends on how it was cut
    return Answer(line, headers, (b"".join(chunks),), whole)
