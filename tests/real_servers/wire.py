"""What goes over a socket, byte by byte: a client that hides nothing of what a server answers."""

from __future__ import annotations

import contextlib
import selectors
import socket
import struct
from typing import NamedTuple

DEADLINE = 20
"""Seconds after which a test gives up; never reached unless something is broken."""

CALLER = "00000000000000aa"
OWN_HEADERS = ("date", "server")
"""Headers that differ between two answers of one server, or name it."""


class Asked(NamedTuple):
    """A request."""

    path: str
    method: str = "GET"
    headers: tuple = ()
    body: bytes = b""
    version: str = "1.1"
    trace_id: str = ""

    def lines(self, *, last):
        """Its head; *last* asks the server to close the connection after the answer."""
        headers = [("Host", "127.0.0.1"), ("User-Agent", "wire"), *self.headers]
        if self.trace_id:
            headers.append(("traceparent", self.traceparent))
        if self.body and not self.chunked:
            headers.append(("Content-Length", str(len(self.body))))
        headers.append(("Connection", "close" if last else "keep-alive"))
        head = [f"{self.method} {self.path} HTTP/{self.version}", *(f"{name}: {value}" for name, value in headers)]
        return "\r\n".join([*head, "", ""]).encode()

    @property
    def traceparent(self):
        """As a caller's span, ``CALLER``, in a trace of its own."""
        return f"00-{self.trace_id}-{CALLER}-01"

    @property
    def chunked(self):
        return ("Transfer-Encoding", "chunked") in self.headers

    def message(self, *, last=True):
        """All of it."""
        if not self.chunked:
            return self.lines(last=last) + self.body
        size = 65536
        parts = [self.body[at : at + size] for at in range(0, len(self.body), size)]
        return self.lines(last=last) + b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in [*parts, b""])


class Answer(NamedTuple):
    """A response, with its framing."""

    line: str
    headers: tuple
    chunks: tuple
    whole: bool

    @property
    def status(self):
        return int(self.line.split()[1]) if self.line else None

    @property
    def keeps(self):
        """Whether the connection serves more requests."""
        connection = dict(self.headers).get("connection", "").lower()
        return connection != "close" and (self.line.startswith("HTTP/1.1") or connection == "keep-alive")

    @property
    def body(self):
        return b"".join(self.chunks)


def answers(data, methods):
    """The responses in *data* to requests with these *methods*, interim ones too; what is left over comes last."""
    found = []
    for method in methods:
        while data:
            answer, data = _answer(data, method)
            found.append(answer)
            if answer.status >= 200:
                break
    return [*found, Answer("", (), (data,), whole=True)] if data else found


def _answer(data, method):
    head, blank, rest = data.partition(b"\r\n\r\n")
    line, *lines = head.decode("latin-1").split("\r\n")
    pairs = [(name.lower(), value.strip()) for name, _, value in (text.partition(":") for text in lines)]
    named = dict(pairs)
    if not blank:
        chunks, whole, rest = (), False, b""
    elif method == "HEAD" or line.split()[1] in ("100", "204", "304"):
        chunks, whole = (), True
    elif "chunked" in named.get("transfer-encoding", ""):
        chunks, whole, rest = _chunks(rest)
    elif "content-length" in named:
        size = int(named["content-length"])
        chunks, whole, rest = (rest[:size],), len(rest) >= size, rest[size:]
    else:
        chunks, whole, rest = (rest,), True, b""
    return Answer(line, tuple(pair for pair in pairs if pair[0] not in OWN_HEADERS), chunks, whole), rest


def _chunks(data):
    chunks = []
    while True:
        size, end, rest = data.partition(b"\r\n")
        length = int(size, 16) if end else 0
        if not end or len(rest) < length + 2:
            return tuple(chunks), False, b""
        if not length:
            return tuple(chunks), True, rest[2:]
        chunks.append(rest[:length])
        data = rest[length + 2 :]


class Http1:
    """Asks a server on loopback by HTTP/1.1; every way of asking gives the answers in order."""

    def __init__(self, port):
        self.port = port

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE)

    def alone(self, asked):
        """One request in a connection that the server is asked to close: what comes after the answer counts as well."""
        with self.connect() as client:
            return answers(_sent_and_received(client, asked.message()), [asked.method])

    def in_turn(self, *asked):
        """Requests that each wait for the one before, in one connection for as long as the server keeps it."""
        found = []
        with self.connect() as client:
            for request in asked:
                with contextlib.suppress(ConnectionError):
                    client.sendall(request.message(last=request is asked[-1]))
                received = _received_until(client, lambda data, method=request.method: _is_over(data, [method]))
                found += answers(received, [request.method])
                if not found[-1].keeps:
                    break
        return found

    def at_once(self, *asked):
        """Requests that are sent in one go, in one connection, until all are answered or the server closes it."""
        message = b"".join(request.message(last=request is asked[-1]) for request in asked)
        methods = [request.method for request in asked]
        with self.connect() as client:
            return answers(_sent_and_received(client, message, lambda data: _is_over(data, methods)), methods)

    def vanish_receiving(self, asked, *, rudely=False):
        """Leave after the beginning of the answer, by an orderly end of the connection or *rudely*, by a reset."""
        with self.connect() as client:
            client.sendall(asked.message())
            line = _received_until(client, lambda data: b"\r\n" in data).partition(b"\r\n")[0]
            leave(client, rudely=rudely)
        return [Answer(line.decode(), (), (), whole=False)]

    def vanish_sending(self, asked, *, rudely=False):
        """Leave after half of the body that was announced."""
        message = asked.message()
        with self.connect() as client:
            client.sendall(message[: -len(asked.body) // 2])
            leave(client, rudely=rudely)
        return []

    def give_up(self, asked, marker):
        """Leave when *marker* has come, of an answer that does not end."""
        with self.connect() as client:
            client.sendall(asked.message())
            received = _received_until(client, lambda data: marker in data)
        return answers(received, [asked.method]) if received else []

    def hold(self, asked):
        """Ask, and wait for no answer; the connection stays open."""
        client = self.connect()
        client.sendall(asked.message())
        HELD.append(client)
        return []


HELD = []
"""Connections that are closed with their server."""


def leave(client, *, rudely):
    if rudely:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _is_over(data, methods):
    if b"\r\n\r\n" not in data:
        return False
    found = answers(data, methods)
    return len([answer for answer in found if answer.whole and answer.status >= 200]) == len(methods)


def _received_until(client, over):
    data = b""
    with contextlib.suppress(ConnectionError):
        while not over(data) and (more := client.recv(65536)):
            data += more
    return data


def _sent_and_received(client, message, over=lambda data: False):
    """Send while there is something to send, receive until it is *over*: neither waits for the other."""
    data, left = b"", memoryview(message)
    client.setblocking(False)
    with selectors.DefaultSelector() as selector:
        selector.register(client, selectors.EVENT_READ | selectors.EVENT_WRITE)
        while not over(data):
            ready = selector.select(DEADLINE)
            assert ready, f"nothing happens; received so far: {data[:200]!r}"
            if ready[0][1] & selectors.EVENT_WRITE:
                left = _sent(client, left)
                if not left:
                    selector.modify(client, selectors.EVENT_READ)
            if ready[0][1] & selectors.EVENT_READ:
                more = _received(client)
                if not more:
                    break
                data += more
    return data


def _sent(client, left):
    """What is left after the socket has taken some; nothing when nobody listens any more."""
    try:
        return left[client.send(left[:262144]) :]
    except ConnectionError:
        return left[:0]


def _received(client):
    try:
        return client.recv(65536)
    except ConnectionError:
        return b""
