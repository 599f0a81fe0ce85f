"""The ASGI application that every server serves: by hand, without a framework, one behaviour a path."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

from opentelemetry import trace

CHUNK = b"x" * 65536
MANY = 600
"""Chunks of an endless response: more than all buffers between a server and its client hold."""

FILE = Path(__file__)
CONTENT = FILE.read_bytes()
tracer = trace.get_tracer("shop")


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    name = scope["path"].split("/")[1]
    await (SOCKETS if scope["type"] == "websocket" else PATHS)[name](scope, receive, send)


def start(status=200, headers=()):
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


def body(content=b"", *, more=False):
    return {"type": "http.response.body", "body": content, "more_body": more}


async def answer(send, content, status=200, headers=()):
    await send(start(status, [(b"content-length", b"%d" % len(content)), *headers]))
    await send(body(content))


async def plain(scope, receive, send):
    headers = [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"), (b"x-shop", b"caf\xe9")]
    await send(start(200, [(b"content-length", b"2"), *headers]))
    await send(body(b"" if scope["method"] == "HEAD" else b"ok"))


async def careless(scope, receive, send):
    """Gives a body whatever was asked; the server's business."""
    await answer(send, b"ok")


async def missing(scope, receive, send):
    await answer(send, b"no", 404)


async def unavailable(scope, receive, send):
    await answer(send, b"later", 503)


async def empty(scope, receive, send):
    await send(start(204))
    await send(body())


async def raises(scope, receive, send):
    raise KeyError("x")


async def breaks(scope, receive, send):
    await send(start())
    await send(body(b"begun", more=True))
    raise KeyError("x")


async def silent(scope, receive, send):
    """Returns without an answer."""


async def short(scope, receive, send):
    await send(start(headers=[(b"content-length", b"10")]))
    await send(body(b"ok"))


async def stream(scope, receive, send):
    """Three chunks without a Content-Length, each made under a span of its own."""
    await send(start())
    for chunk in (b"one", b"two", b"three"):
        with tracer.start_as_current_span(chunk.decode()):
            await send(body(chunk, more=True))
    await send(body())


async def endless(scope, receive, send):
    """Never listens for its client, but lets the server run."""
    await send(start())
    for _ in range(MANY):
        await send(body(CHUNK, more=True))
        await asyncio.sleep(0)
    await send(body())


async def flooding(scope, receive, send):
    """Neither listens for its client, nor lets the server run by itself."""
    await send(start())
    for _ in range(MANY):
        await send(body(CHUNK, more=True))
    await send(body())


async def listening(scope, receive, send):
    """Streams until it is told that its client has left."""

    async def left():
        while (await receive())["type"] != "http.disconnect":
            pass

    listener = asyncio.create_task(left())
    await send(start())
    while not listener.done():
        await send(body(CHUNK, more=True))
        await asyncio.sleep(0)


async def read(scope, receive, send):
    """Tells how much has arrived, and what; leaves when its client does."""
    digest, size, more = hashlib.sha1(usedforsecurity=False), 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        digest.update(message.get("body", b""))
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    await answer(send, f"{size} {digest.hexdigest()}".encode())


async def unread(scope, receive, send):
    await answer(send, b"not wanted", 413)


async def file(scope, receive, send):
    """A file, sent by the server itself where it can."""
    await send(start(headers=[(b"content-length", b"%d" % len(CONTENT))]))
    if "http.response.pathsend" in (scope.get("extensions") or {}):
        await send({"type": "http.response.pathsend", "path": str(FILE)})
    else:
        await send(body(CONTENT))


async def echo(scope, receive, send):
    """Answers each message with itself, until its client closes."""
    await receive()
    await send({"type": "websocket.accept", "subprotocol": "shop", "headers": [(b"x-shop", b"open")]})
    while (message := await receive())["type"] == "websocket.receive":
        with tracer.start_as_current_span("message"):
            await send(
                {"type": "websocket.send", **{key: message[key] for key in ("text", "bytes") if message.get(key)}}
            )


def closing(code, reason):
    async def closes(scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "hello"})
        await send({"type": "websocket.close", "code": code, "reason": reason})

    return closes


async def denies(scope, receive, send):
    await receive()
    await send({"type": "websocket.close"})


async def explains(scope, receive, send):
    """Denies with a response of its own, where the server can send one."""
    await receive()
    if "websocket.http.response" in (scope.get("extensions") or {}):
        await send({"type": "websocket.http.response.start", "status": 401, "headers": [(b"content-length", b"5")]})
        await send({"type": "websocket.http.response.body", "body": b"login"})
    else:
        await send({"type": "websocket.close"})


async def drops(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": "hello"})
    raise KeyError("x")


PATHS = {
    handler.__name__: handler
    for handler in (
        *(plain, careless, missing, unavailable, empty, raises, breaks, silent, short),
        *(stream, endless, flooding, listening, read, unread, file),
    )
}
SOCKETS = {
    "echo": echo,
    "done": closing(1000, "done"),
    "busy": closing(1013, "busy"),
    "denies": denies,
    "explains": explains,
    "raises": raises,
    "drops": drops,
}
