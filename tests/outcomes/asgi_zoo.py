"""Bare ASGI applications, one for each kind of response, and a server that writes down all it sees."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import Any

from opentelemetry import context as otel_context

OK = [(b"content-length", b"2")]
ERROR = ValueError("the application's own")
GONE = OSError("the client has left")
REFUSED = RuntimeError("the server refuses the message")


class Timeout(BaseException):
    """As gevent's: no ``Exception``."""


TIMEOUT = Timeout("too late")
EXIT = SystemExit(3)
CANCELLED = asyncio.CancelledError("given up")
DATABASE = ConnectionError("the database has left")


@dataclass
class Kind:
    """One application of the zoo and how it is called."""

    app: Any
    why: str
    method: str = "GET"
    type: str = "http"
    inbound: tuple = ()
    refuse: dict = field(default_factory=dict)
    extra: dict = field(default_factory=dict)

    @property
    def id(self):
        return self.app.__name__


ZOO: list[Kind] = []


def kind(why, **how):
    def keep(app):
        ZOO.append(Kind(app, why, **how))
        return app

    return keep


def start(status=200, headers=OK, **more):
    return {"type": "http.response.start", "status": status, "headers": list(headers), **more}


def body(content=b"ok", *, more=False):
    return {"type": "http.response.body", "body": content, "more_body": more}


class Server:
    """Plays *inbound* messages, then a disconnect; writes down what it is sent; raises where it is told to."""

    def __init__(self, inbound=(), refuse=None):
        self.inbound = list(inbound)
        self.refuse = refuse or {}
        self.events = []
        self.sent = 0

    async def receive(self):
        if self.inbound:
            message = self.inbound.pop(0)
            if isinstance(message, BaseException):
                raise message
            return message
        return {"type": "http.disconnect"}

    async def send(self, message):
        number, self.sent = self.sent, self.sent + 1
        if number in self.refuse:
            raise self.refuse[number]
        if isinstance(message, dict) and not isinstance(message.get("headers", ()), (list, tuple)):
            message = {**message, "headers": list(message["headers"])}  # read, as a server does
        self.events.append(message)


def scope_of(kind):
    return {
        "type": kind.type,
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        **({"method": kind.method} if kind.type == "http" else {"subprotocols": []}),
        "scheme": "http" if kind.type == "http" else "ws",
        "path": "/zoo",
        "raw_path": b"/zoo",
        "root_path": "",
        "query_string": b"a=1",
        "headers": [(b"host", b"shop.example")],
        "client": ("192.0.2.7", 50312),
        "server": ("127.0.0.1", 8000),
        "extensions": {},
        **kind.extra,
    }


@dataclass
class Seen:
    """What a server, and whoever stands around it, can observe."""

    events: list
    left_over: list
    result: Any
    error: BaseException | None
    scope: dict
    context_kept: bool


def run(app, kind):
    """One request, as a server would run it, in a context that already carries something."""
    server, scope = Server(kind.inbound, kind.refuse), scope_of(kind)

    async def served():
        otel_context.attach(otel_context.set_value("around", 1))
        before, result, error = otel_context.get_current(), None, None
        try:
            result = await app(scope, server.receive, server.send)
        except BaseException as raised:
            error = raised
        return result, error, otel_context.get_current() is before

    result, error, kept = asyncio.run(served())
    seen = {key: value for key, value in scope.items() if not key.startswith("otel_middleware")}
    return Seen(server.events, server.inbound, result, error, seen, kept)


REQUEST = {"type": "http.request", "body": b"abc", "more_body": False}
UPLOAD = ({"type": "http.request", "body": b"abc", "more_body": True}, REQUEST)
LEFT = ({"type": "http.disconnect"},)
OPEN = {"type": "websocket.connect"}
HELLO = {"type": "websocket.receive", "text": "hello"}
CLOSED = {"type": "websocket.disconnect", "code": 1001}


# -- answered


@kind("one chunk with a length")
async def plain(scope, receive, send):
    await send(start())
    await send(body())


@kind("no body key at all")
async def bare_messages(scope, receive, send):
    await send({"type": "http.response.start", "status": 204})
    await send({"type": "http.response.body"})


@kind("chunks, one of them empty")
async def stream(scope, receive, send):
    await send(start(headers=[(b"content-type", b"text/x")]))
    for chunk in (b"ab", b"", b"c"):
        await send(body(chunk, more=True))
    await send(body(b""))


@kind("an empty first chunk")
async def late_first_byte(scope, receive, send):
    await send(start(headers=[]))
    await send(body(b"", more=True))
    await send(body(b"x"))


@kind("HEAD: announced, not sent", method="HEAD")
async def head(scope, receive, send):
    await send(start(headers=[(b"content-length", b"999")]))
    await send(body(b""))


@kind("HEAD: a body that the server drops", method="HEAD")
async def head_with_body(scope, receive, send):
    await send(start())
    await send(body())


@kind("304 with the length of what is not sent")
async def not_modified(scope, receive, send):
    await send(start(304, [(b"content-length", b"999")]))
    await send(body(b""))


@kind("an error that is answered")
async def answers_500(scope, receive, send):
    await send(start(500))
    await send(body())


@kind("a client's error")
async def answers_404(scope, receive, send):
    await send(start(404))
    await send(body())


@kind("headers as tuples, and twice the same name")
async def tuple_headers(scope, receive, send):
    headers = ((b"set-cookie", b"a=1"), (b"Set-Cookie", b"b=2"), (b"content-length", b"2"))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send(body())


@kind("headers that can be read once only")
async def header_generator(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": (pair for pair in OK)})
    await send(body())


@kind("header bytes that are no text")
async def odd_header_bytes(scope, receive, send):
    await send(start(headers=[(b"x-a", b"\xff\\x"), (b"content-length", b"\xb2")]))
    await send(body())


@kind("an upload that is read to its end", method="POST", inbound=UPLOAD)
async def echo(scope, receive, send):
    content, more = b"", True
    while more:
        message = await receive()
        content, more = content + message["body"], message["more_body"]
    await send(start(headers=[]))
    await send(body(content))


@kind("trailers")
async def trailers(scope, receive, send):
    await send(start(headers=[(b"trailer", b"x-sum")], trailers=True))
    await send(body())
    await send({"type": "http.response.trailers", "headers": [(b"x-sum", b"1")], "more_trailers": True})
    await send({"type": "http.response.trailers", "headers": [(b"x-sum", b"2")]})


@kind("early hints, and a push")
async def early_hints(scope, receive, send):
    await send({"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload"]})
    await send({"type": "http.response.push", "path": "/a.css", "headers": []})
    await send(start())
    await send(body())


@kind("debug information before the response")
async def debug_message(scope, receive, send):
    await send({"type": "http.response.debug", "info": {"template": "x"}})
    await send(start())
    await send(body())


@kind("a file that the server reads")
async def pathsend(scope, receive, send):
    await send(start())
    await send({"type": "http.response.pathsend", "path": __file__})


@kind("a file descriptor, in two parts")
async def zero_copy(scope, receive, send):
    await send(start())
    await send({"type": "http.response.zerocopysend", "file": 7, "count": 1, "more_body": True})
    await send({"type": "http.response.zerocopysend", "file": 7, "offset": 1, "count": 1})


@kind("a status that is corrected before anything went")
async def corrected(scope, receive, send):
    await send(start(500, [(b"content-length", b"9")]))
    await send(start(200))
    await send(body())


@kind("work after the last byte", inbound=(REQUEST,))
async def background(scope, receive, send):
    await send(start())
    await send(body())
    await receive()


@kind("the same message object twice")
async def same_message(scope, receive, send):
    chunk = body(b"x", more=True)
    await send(start(headers=[]))
    await send(chunk)
    await send(chunk)
    await send(body(b""))


@kind("a message of the application's own class")
async def own_message_class(scope, receive, send):
    class Message(dict):
        pass

    await send(Message(start()))
    await send(Message(body()))


@kind("a task of its own answers")
async def answers_in_a_task(scope, receive, send):
    async def answer():
        await send(start())
        await send(body())

    await asyncio.create_task(answer())


@kind("a generator context manager around the response")
async def with_context(scope, receive, send):
    @contextlib.asynccontextmanager
    async def around():
        yield

    async with around():
        await send(start())
        await send(body())


@kind("leaves a value in the context", inbound=(REQUEST,))
async def sets_context(scope, receive, send):
    token = otel_context.attach(otel_context.set_value("mine", 1))
    await send(start())
    otel_context.detach(token)
    await send(body())


@kind("writes into its scope")
async def writes_scope(scope, receive, send):
    scope["state"] = {"user": 1}
    await send(start())
    await send(body())


# -- failing


@kind("raises before it answers")
async def raises_first(scope, receive, send):
    raise ERROR


@kind("raises after the start")
async def raises_after_start(scope, receive, send):
    await send(start())
    raise ERROR


@kind("raises in mid-body")
async def raises_in_body(scope, receive, send):
    await send(start(headers=[]))
    await send(body(b"a", more=True))
    raise ERROR


@kind("answers 500, then raises, as Starlette does")
async def answers_then_raises(scope, receive, send):
    await send(start(500))
    await send(body())
    raise ERROR


@kind("raises when all is sent")
async def raises_in_background(scope, receive, send):
    await send(start())
    await send(body())
    raise ERROR


@kind("no Exception at all")
async def raises_timeout(scope, receive, send):
    raise TIMEOUT


@kind("leaves the process")
async def exits(scope, receive, send):
    await send(start())
    raise EXIT


@kind("is given up")
async def cancelled(scope, receive, send):
    await send(start())
    raise CANCELLED


@kind("returns without an answer")
async def silent(scope, receive, send):
    return


@kind("returns in mid-body")
async def unfinished(scope, receive, send):
    await send(start(headers=[]))
    await send(body(b"a", more=True))


@kind("less than announced")
async def short(scope, receive, send):
    await send(start(headers=[(b"content-length", b"9")]))
    await send(body())


@kind("returns something, which servers complain of")
async def returns_value(scope, receive, send):
    await send(start())
    await send(body())
    return "not None"


# -- the client leaves


@kind("sees the client leave", inbound=LEFT)
async def sees_disconnect(scope, receive, send):
    await send(start(headers=[]))
    await send(body(b"a", more=True))
    assert (await receive())["type"] == "http.disconnect"


@kind("the server says so by OSError", refuse={1: GONE})
async def server_raises(scope, receive, send):
    await send(start(headers=[]))
    await send(body(b"a", more=True))


@kind("a framework's error about the server's error", refuse={1: GONE})
async def wraps_server_error(scope, receive, send):
    await send(start(headers=[]))
    try:
        await send(body(b"a", more=True))
    except OSError:
        raise ERROR from None


@kind("a database's ConnectionError")
async def database_left(scope, receive, send):
    raise DATABASE


@kind("receiving fails", inbound=(GONE,))
async def receive_raises(scope, receive, send):
    await receive()


# -- forbidden by the specification: no different from the bare application


@kind("a start that the server refuses, then another", refuse={0: REFUSED})
async def refused_start(scope, receive, send):
    with contextlib.suppress(RuntimeError):
        await send(start(headers=[(b"bad header", b"\n")]))
    await send(start(400))
    await send(body())


@kind("a second start after the body began", refuse={2: REFUSED})
async def second_start(scope, receive, send):
    await send(start(headers=[]))
    await send(body(b"a", more=True))
    with contextlib.suppress(RuntimeError):
        await send(start(500))
    await send(body(b""))


@kind("a body before the start", refuse={0: REFUSED})
async def body_first(scope, receive, send):
    await send(body())


@kind("a message without a type")
async def no_type(scope, receive, send):
    await send({})


@kind("a message that is no mapping")
async def no_message(scope, receive, send):
    await send(None)


@kind("the server refuses what is no mapping", refuse={0: REFUSED})
async def refused_no_message(scope, receive, send):
    await send(None)


@kind("a status that is none")
async def odd_status(scope, receive, send):
    await send({"type": "http.response.start", "status": "200"})
    await send(body())


@kind("headers that are none")
async def odd_headers(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [b"xy"]})
    await send(body())


@kind("a body that is no bytes")
async def odd_body(scope, receive, send):
    await send(start(headers=[]))
    await send({"type": "http.response.body", "body": 7})


@kind("more after the end", refuse={2: REFUSED})
async def after_the_end(scope, receive, send):
    await send(start())
    await send(body())
    await send(body())


@kind("received messages of no known form", inbound=({"type": "x"}, {}, None))
async def odd_received(scope, receive, send):
    for _ in range(3):
        await receive()
    await send(start())
    await send(body())


# -- websockets


@kind("echoes, until the client closes", type="websocket", inbound=(OPEN, HELLO, CLOSED))
async def ws_echo(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": (await receive())["text"]})
    await receive()


@kind("closes itself", type="websocket", inbound=(OPEN,))
async def ws_closes(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept", "subprotocol": "x"})
    await send({"type": "websocket.close", "code": 4000, "reason": "enough"})


@kind("closes before it accepts", type="websocket", inbound=(OPEN,))
async def ws_denies(scope, receive, send):
    await receive()
    await send({"type": "websocket.close"})


@kind("denies with a response", type="websocket", inbound=(OPEN,))
async def ws_denial_response(scope, receive, send):
    await receive()
    await send({"type": "websocket.http.response.start", "status": 401, "headers": OK})
    await send({"type": "websocket.http.response.body", "body": b"n", "more_body": True})
    await send({"type": "websocket.http.response.body", "body": b"o"})


@kind("fails in the session", type="websocket", inbound=(OPEN,))
async def ws_raises(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    raise ERROR


@kind("no known kind of connection", type="lifespan", inbound=({"type": "lifespan.startup"},))
async def lifespan(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.complete"})
