"""Real servers in this process, one thread each, and a client that vanishes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
import threading
from wsgiref.simple_server import WSGIRequestHandler, make_server

from opentelemetry.sdk.trace import SpanProcessor

DEADLINE = 30
"""Seconds after which a test gives up; never reached unless something is broken."""

CHUNK = b"x" * 65536


class Ended(SpanProcessor):
    """Says when a server span has ended."""

    def __init__(self):
        self.event = threading.Event()

    def on_end(self, span):
        if span.kind.name == "SERVER":
            self.event.set()

    def wait(self):
        assert self.event.wait(DEADLINE), "no span has ended"
        self.event.clear()


@contextlib.contextmanager
def connected(port, path="/stream", method="GET"):
    """A client's socket with the request sent."""
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as client:
        client.sendall(f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        yield client


def vanish(port, path="/stream"):
    """Read the beginning of the response, then close the socket in mid-body with a reset."""
    with connected(port, path) as client:
        assert client.recv(100).split()[1] == b"200"
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def leave_websocket(port, path):
    """Open a websocket, then close the socket without a closing handshake."""
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as client:
        upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n{upgrade}dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode())
        assert client.recv(100).split()[1] == b"101"


def fetch(port, path="/", method="GET"):
    """The whole response, as bytes."""
    with connected(port, path, method) as client:
        return b"".join(iter(lambda: client.recv(65536), b""))


@contextlib.contextmanager
def in_thread(run, stop):
    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop()
        thread.join(DEADLINE)
        assert not thread.is_alive()


def listening():
    """A socket on a free port."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
    return listener


@contextlib.contextmanager
def uvicorn(app, http):
    import uvicorn as server_package  # noqa: PLC0415

    config = server_package.Config(app, http=http, lifespan="off", log_level="critical", timeout_graceful_shutdown=1)
    server = server_package.Server(config)
    server.config.setup_event_loop = lambda: None
    with listening() as listener:

        def run():
            asyncio.run(server.serve(sockets=[listener]))

        with in_thread(run, lambda: setattr(server, "should_exit", True)):
            yield listener.getsockname()[1]


@contextlib.contextmanager
def hypercorn(app):
    from hypercorn.asyncio import serve  # noqa: PLC0415
    from hypercorn.config import Config  # noqa: PLC0415

    config = Config()
    config.errorlog = config.accesslog = None
    loop, stop = asyncio.new_event_loop(), asyncio.Event()
    with listening() as listener:
        config.bind = [f"fd://{os.dup(listener.fileno())}"]

        def run():
            asyncio.set_event_loop(loop)
            loop.run_until_complete(serve(app, config, shutdown_trigger=stop.wait))
            loop.close()

        with in_thread(run, lambda: loop.call_soon_threadsafe(stop.set)):
            yield listener.getsockname()[1]


@contextlib.contextmanager
def waitress(app):
    from waitress.server import create_server  # noqa: PLC0415

    with listening() as listener:
        server = create_server(app, sockets=[listener], threads=2, asyncore_use_poll=True)

        def run():
            with contextlib.suppress(OSError):
                server.run()

        def stop():
            server.trigger.pull_trigger(server.close)

        with in_thread(run, stop):
            yield listener.getsockname()[1]
        # Connections that were open when it stopped by an error.
        server.asyncore.close_all(server._map, ignore_all=True)


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


@contextlib.contextmanager
def wsgiref(app):
    server = make_server("127.0.0.1", 0, app, handler_class=Quiet)
    with in_thread(lambda: server.serve_forever(poll_interval=0.01), server.shutdown):
        yield server.server_port
    server.server_close()
