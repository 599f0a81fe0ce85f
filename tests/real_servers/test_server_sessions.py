"""Websockets and streams of HTTP/2, over the sockets of the servers that have them."""

from __future__ import annotations

import socket

import pytest
from real_servers.clients import client_of
from real_servers.contract import Told, child, failed, told_of
from real_servers.server_table import SERVERS
from real_servers.wire import DEADLINE, Asked
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

WITH_WEBSOCKETS = [name for name, server in SERVERS.items() if server.protocol == "asgi" and server.version == "1.1"]
WITH_HTTP2 = [name for name, server in SERVERS.items() if server.version == "2"]


def opened(name, code=101, **told):
    return Told(f"WS /{name}/{{item}}", code=code, **told)


ECHO = opened("echo")
HELLO = ("accepted", None, "message", "hello")
SESSIONS = {
    "echo": (
        ("accepted", "shop", "message", "one", "message", b"two", "closed", 1000, ""),
        (ECHO, child("message", ECHO.name), child("message", ECHO.name)),
    ),
    "done": ((*HELLO, "closed", 1000, "done"), (opened("done"),)),
    "busy": (
        (*HELLO, "closed", 1013, "busy"),
        (opened("busy", status="ERROR", error="1013", outcome="failed"),),
    ),
    "denies": (("denied", 403), (opened("denies", 403),)),
    "explains": (("denied", 401, b"login"), (opened("explains", 401),)),
    "raises": (("denied", 500), (failed("WS /raises/{item}", 500, "KeyError", "KeyError"),)),
    "drops": ((*HELLO, "closed", 1011), (failed("WS /drops/{item}", 101, "KeyError", "KeyError"),)),
}
"""What the client sees, at least in the beginning, and the spans; by path."""

EXCEPTIONS = {
    **{
        (server, "drops"): ("closes the socket without a closing handshake", (*HELLO, "closed", 1006))
        for server in ("uvicorn-h11", "uvicorn-httptools", "gunicorn-uvicorn")
    },
    ("granian-asgi", "drops"): ("closes without a code", (*HELLO, "closed", 1005)),
    ("granian-asgi", "raises"): ("denies with 403", ("denied", 403)),
    ("daphne", "done"): ("gives no reason", (*HELLO, "closed", 1000, "")),
    ("daphne", "busy"): (
        "raises in send() at a code that is not 1000 or the application's own",
        (*HELLO, "closed"),
        (failed("WS /busy/{item}", 101, "Exception", "Exception"),),
    ),
    ("daphne", "explains"): (
        "cannot send a response of the application's",
        ("denied", 403),
        (opened("explains", 403),),
    ),
}
"""By server and path: why, what the client sees instead, and the spans where they differ."""


def seen(port, name, trace):
    """What a client sees of a session, as one flat tuple."""
    headers = {"traceparent": trace}
    try:
        session = connect(
            f"ws://127.0.0.1:{port}/{name}/7",
            additional_headers=headers,
            subprotocols=["shop"] if name == "echo" else None,
            compression=None,
            open_timeout=DEADLINE,
            close_timeout=DEADLINE,
        )
    except InvalidStatus as denied:
        return ("denied", denied.response.status_code, denied.response.body)
    with session:
        events = ["accepted", session.subprotocol]
        try:
            if name == "echo":
                for message in ("one", b"two"):
                    session.send(message)
                    events += ["message", session.recv(DEADLINE)]
                session.close()
            while True:
                events += ["message", session.recv(DEADLINE)]
        except ConnectionClosed:
            return (*events, "closed", session.close_code, session.close_reason)


def arrived(pair, number):
    return told_of(pair.spans(number))


@pytest.mark.parametrize(
    ("pair", "name"),
    [(server, name) for server in WITH_WEBSOCKETS for name in SESSIONS],
    indirect=["pair"],
)
def test_a_websocket_is_what_the_bare_application_makes_it(pair, name):
    """Handshake, messages, closing code and reason are the bare application's; one span tells how the session ended."""
    _, *instead = EXCEPTIONS.get((pair.name, name), ("",))
    wire, spans = (*instead, *SESSIONS[name][len(instead) :])
    trace = Asked("/", trace_id=pair.trace_id()).traceparent
    bare, instrumented = seen(pair.bare.port, name, trace), seen(pair.instrumented.port, name, trace)

    assert arrived(pair, len(spans)) == list(spans)
    assert instrumented == bare
    assert bare[: len(wire)] == wire


@pytest.mark.parametrize("pair", WITH_WEBSOCKETS, indirect=True)
def test_a_websocket_whose_client_vanishes_is_no_error(pair):
    """No closing handshake, no warning: the session ends, and the client has ended it."""
    upgrade = "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    with socket.create_connection(("127.0.0.1", pair.instrumented.port), timeout=DEADLINE) as client:
        trace = Asked("/", trace_id=pair.trace_id()).traceparent
        client.sendall(
            f"GET /echo/7 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\ntraceparent: {trace}\r\n"
            f"Sec-WebSocket-Protocol: shop\r\n{upgrade}\r\n".encode()
        )
        assert client.recv(100).split()[1] == b"101"

    assert arrived(pair, 1) == [ECHO]


@pytest.mark.parametrize("pair", WITH_HTTP2, indirect=True)
def test_a_stream_that_is_reset_is_no_error(pair):
    """A browser that cancels resets one stream of HTTP/2; the connection goes on."""
    stream = Asked("/listening/7", trace_id=pair.trace_id())
    then = Asked("/plain/7", trace_id=pair.trace_id())
    for process in (pair.bare, pair.instrumented):
        assert client_of("2")(process.port).cancel(stream, then) == 200

    assert arrived(pair, 2) == [
        Told("GET /listening/{item}", outcome="client_disconnected"),
        Told("GET /plain/{item}"),
    ]


@pytest.mark.parametrize("pair", SERVERS, indirect=True)
def test_the_span_tells_of_the_connection(pair):
    """Address, port, scheme and version are the socket's, whatever the server calls them; a secret does not get out."""
    client = client_of(pair.server.version)(pair.instrumented.port)
    client.alone(Asked("/plain/7?token=hush&page=2", trace_id=pair.trace_id()))
    [span] = pair.spans(1)

    told = {
        name: span["attributes"].get(name)
        for name in ("url.scheme", "url.path", "url.query", "server.address", "client.address")
    }
    assert told == {
        "url.scheme": "http",
        "url.path": "/plain/7",
        "url.query": "token=REDACTED&page=2",
        "server.address": "127.0.0.1",
        "client.address": "127.0.0.1",
    }
    assert span["attributes"]["http.route"] == "/plain/{item}"
    assert span["attributes"]["network.peer.address"] == "127.0.0.1"
    assert span["attributes"]["network.protocol.version"] == pair.server.version


def test_every_exception_is_of_a_session_that_is_driven():
    """A row of the table of exceptions that no test asserts would be a silent one."""
    assert {server for server, _ in EXCEPTIONS} <= set(WITH_WEBSOCKETS)
    assert {name for _, name in EXCEPTIONS} <= set(SESSIONS)
