"""Real servers on free loopback ports, for as long as a ``with`` block lasts."""

from __future__ import annotations

import logging
import socket
import time
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING, Any

import uvicorn
from waitress import create_server  # type: ignore[import-untyped]  # it has no types

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["listening", "serving_asgi", "serving_wsgi", "url_of"]

_STARTING = 10.0  # seconds until a server that does not come up is given up


def listening() -> socket.socket:
    """Return a socket that is bound to a free loopback port: known before anything is served on it."""
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    bound.listen()
    return bound


def url_of(bound: socket.socket) -> str:
    """Return the base URL of *bound*."""
    return f"http://127.0.0.1:{bound.getsockname()[1]}"


@contextmanager
def serving_asgi(app: Any, bound: socket.socket) -> Iterator[None]:
    """Serve *app* on uvicorn.

    Raises:
        RuntimeError: When it does not come up.
    """
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL + 1)  # applications of the demo fail on purpose
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="on"))
    thread = Thread(target=server.run, args=([bound],), daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + _STARTING
        while not server.started:
            if not thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("uvicorn did not start")
            time.sleep(0.005)
        yield
    finally:
        server.should_exit = True
        thread.join(_STARTING)


@contextmanager
def serving_wsgi(app: Any, bound: socket.socket) -> Iterator[None]:
    """Serve *app* on waitress."""
    logging.getLogger("waitress").setLevel(logging.CRITICAL + 1)  # as above
    connections: dict[int, Any] = {}
    server = create_server(app, map=connections, sockets=[bound], threads=2)
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        # waitress has no public way to stop from another thread: its loop ends when its map is empty.
        left = dict(connections)
        connections.clear()
        server.pull_trigger()
        thread.join(_STARTING)
        server.task_dispatcher.shutdown()
        server.asyncore.close_all(left)
