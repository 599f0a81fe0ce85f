"""The same outcomes over real servers, with clients that vanish in mid-body."""

from __future__ import annotations

import asyncio
import functools
import itertools

import pytest
import served
from served import CHUNK, Ended, fetch, leave_websocket, vanish

from otel_middleware import asgi, wsgi

ASGI_SERVERS = {
    "uvicorn-h11": ("uvicorn", functools.partial(served.uvicorn, http="h11")),
    "uvicorn-httptools": ("httptools", functools.partial(served.uvicorn, http="httptools")),
    "hypercorn": ("hypercorn", served.hypercorn),
}
WSGI_SERVERS = {"waitress": ("waitress", served.waitress), "wsgiref": ("wsgiref", served.wsgiref)}
MANY = 2_000
SOCKETS = ["/listening_socket", "/sending_socket"]


def start(status=200, headers=()):
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


def body(content, *, more=False):
    return {"type": "http.response.body", "body": content, "more_body": more}


class Served:
    """The applications of these tests, by path."""

    async def asgi(self, scope, receive, send):
        await getattr(self, "asgi_" + scope["path"].strip("/"))(receive, send)

    async def asgi_listening_socket(self, receive, send):
        """A websocket that waits for its client."""
        await receive()
        await send({"type": "websocket.accept"})
        while (await receive())["type"] != "websocket.disconnect":
            pass

    async def asgi_sending_socket(self, receive, send):
        """A websocket that never listens."""
        await receive()
        await send({"type": "websocket.accept"})
        for _ in range(MANY):
            await send({"type": "websocket.send", "bytes": CHUNK})
            await asyncio.sleep(0)

    async def asgi_stream(self, receive, send):
        """Streams without ever listening for the client."""
        await send(start())
        for _ in range(MANY):
            await send(body(CHUNK, more=True))
            await asyncio.sleep(0)
        await send(body(b""))

    async def asgi_listening(self, receive, send):
        """Streams until it is told that the client has left."""

        async def left():
            while (await receive())["type"] != "http.disconnect":
                pass

        listening = asyncio.create_task(left())
        await send(start())
        while not listening.done():
            await send(body(CHUNK, more=True))
            await asyncio.sleep(0)

    async def asgi_plain(self, receive, send):
        await send(start(headers=[(b"content-length", b"2")]))
        await send(body(b"ok"))

    async def asgi_short(self, receive, send):
        await send(start())
        await send(body(b"a", more=True))

    async def asgi_raises(self, receive, send):
        raise KeyError("x")

    async def asgi_breaks(self, receive, send):
        await send(start())
        await send(body(b"a", more=True))
        raise KeyError("x")

    async def asgi_silent(self, receive, send):
        return

    async def asgi_answers(self, receive, send):
        await send(start(503, [(b"content-length", b"0")]))
        await send(body(b""))

    def wsgi(self, environ, start_response):
        return getattr(self, "wsgi_" + environ["PATH_INFO"].strip("/"))(environ, start_response)

    def wsgi_stream(self, environ, start_response):
        start_response("200 OK", [])
        return itertools.repeat(CHUNK, MANY)

    def wsgi_listening(self, environ, start_response):
        """A generator application."""
        start_response("200 OK", [])
        for _ in range(MANY):
            yield CHUNK

    def wsgi_plain(self, environ, start_response):
        start_response("200 OK", [])
        return [b"ok"]

    def wsgi_raises(self, environ, start_response):
        raise KeyError("x")

    def wsgi_breaks(self, environ, start_response):
        start_response("200 OK", [])
        yield b"a"
        raise KeyError("x")

    def wsgi_late(self, environ, start_response):
        """Raises before the first byte: no header has gone, and the server answers 500."""
        start_response("200 OK", [])
        raise KeyError("x")

    def wsgi_silent(self, environ, start_response):
        return [b"x"]

    def wsgi_answers(self, environ, start_response):
        start_response("503 No", [])
        return [b""]


def told(telemetry):
    span = telemetry.request()
    point = telemetry.metric("http.server.request.duration")
    assert point.attributes.get("error.type") == span.attributes.get("error.type")
    return tuple(
        span.attributes.get(key) for key in ("http.response.status_code", "error.type", "otel_middleware.outcome")
    )


@pytest.fixture(params=[*ASGI_SERVERS, *WSGI_SERVERS])
def server(request, telemetry):
    """A server's name, its port, and what tells that a span has ended."""
    name, protocol = request.param, "asgi" if request.param in ASGI_SERVERS else "wsgi"
    needed, serve = (ASGI_SERVERS | WSGI_SERVERS)[name]
    pytest.importorskip(needed)
    ended = Ended()
    telemetry.tracer_provider.add_span_processor(ended)
    module = {"asgi": asgi, "wsgi": wsgi}[protocol]
    app = module.instrument(getattr(Served(), protocol), **telemetry.providers, routes=SOCKETS)
    with serve(app) as port:
        yield protocol, port, ended


@pytest.mark.parametrize("path", ["/stream", "/listening"])
def test_a_client_that_vanishes_in_mid_body_is_no_error(telemetry, server, path):
    """Closing the socket is the client's own affair, whether or not the application listens for it."""
    _, port, ended = server
    vanish(port, path)
    ended.wait()

    assert told(telemetry) == (200, None, "client_disconnected")


@pytest.mark.parametrize("path", ["/listening_socket", "/sending_socket"])
def test_a_websocket_whose_client_vanishes_is_no_error(telemetry, server, path):
    """No closing handshake, no warning: the session ends, and the client has ended it."""
    protocol, port, ended = server
    if protocol == "wsgi":
        pytest.skip("a row of the other protocol")
    leave_websocket(port, path)
    ended.wait()

    span = telemetry.request()
    assert (span.name, span.status.status_code.name) == ("WS " + path, "UNSET")
    assert span.attributes["http.response.status_code"] == 101
    assert "otel_middleware.outcome" not in span.attributes
    if path == "/listening_socket":
        assert span.attributes["otel_middleware.websocket.closed_by"] == "client"


@pytest.mark.parametrize(
    ("path", "on_the_wire", "expected"),
    [
        ("/plain", 200, (200, None, None)),
        ("/answers", 503, (503, "503", "failed")),
        ("/raises", 500, (500, "KeyError", "failed")),
        ("/breaks", 200, (200, "KeyError", "failed")),
        ("/silent", 500, (500, "response_missing", "missing")),
        ("/late", 500, (500, "KeyError", "failed")),
        ("/short", 200, (200, "response_truncated", "truncated")),
    ],
)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_the_span_has_the_status_that_the_client_got(telemetry, server, path, on_the_wire, expected, capfd):
    """What a server makes of an application that fails is what is reported."""
    protocol, port, ended = server
    if not hasattr(Served, f"{protocol}_{path[1:]}"):
        pytest.skip("a row of the other protocol")
    answer = fetch(port, path)
    ended.wait()

    assert int(answer.split()[1]) == on_the_wire
    assert told(telemetry) == expected
    capfd.readouterr()  # servers write tracebacks


def test_one_chunk_still_gets_its_content_length(telemetry, server):
    """WSGI servers measure a list of one chunk; instrumented they still can."""
    _, port, ended = server
    answer = fetch(port, "/plain")
    ended.wait()

    assert b"\r\ncontent-length: 2\r\n" in answer.lower()
    assert answer.endswith(b"\r\n\r\nok")
