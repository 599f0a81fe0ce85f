"""Applications of both protocols that set up the SDK when they are imported; ``/held`` is answered when the test lets it."""

from __future__ import annotations

import asyncio
import os
import socket

from otel_middleware import asgi, wsgi
from otel_middleware.sdk import init_telemetry

init_telemetry(service_name="ending")


def _gate():
    """A connection to the test: it knows that a request is being served, and closes to let it end."""
    return "127.0.0.1", int(os.environ["GATE"])


async def _asgi(scope, receive, send):
    assert scope["type"] == "http"  # as many do: no lifespan
    if scope["path"] == "/held":
        reader, writer = await asyncio.open_connection(*_gate())
        await reader.read()
        writer.close()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(os.getpid()).encode()})


def _wsgi(environ, start_response):
    if environ["PATH_INFO"] == "/held":
        with socket.create_connection(_gate()) as gate:
            gate.recv(1)
    start_response("200 OK", [("content-type", "text/plain")])
    return [str(os.getpid()).encode()]


asgi_app = asgi.instrument(_asgi)
wsgi_app = wsgi.instrument(_wsgi)


class Told:
    """A body whose end the test is told of, when all that is ours to do is done."""

    def __init__(self, body):
        self._body = body

    def __iter__(self):
        return iter(self._body)

    def close(self):
        if hasattr(self._body, "close"):
            self._body.close()
        socket.create_connection(_gate()).close()


def told_app(environ, start_response):
    """The WSGI application for servers that do not let requests end at SIGTERM: their clients may be earlier than they."""
    return Told(wsgi_app(environ, start_response))
