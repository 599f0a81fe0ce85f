"""Real servers in a thread of their own, for as long as a ``with`` block lasts."""

from __future__ import annotations

import errno
import logging
import socket
import time
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING, Any

import uvicorn
from waitress import create_server  # type: ignore[import-untyped]  # it has no types

from otel_middleware.cli._giving_up import give_up

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["listening", "quiet_servers", "serving_asgi", "serving_wsgi", "url_of"]

_STARTING = 10.0  # seconds until a server that does not come up is given up
_STOPPING = 3  # seconds for open connections after a request to stop
_LONGEST = 30.0  # seconds that a startup of the application's own may take


def listening(host: str = "127.0.0.1", port: int = 0) -> socket.socket:
    """Return a socket that is bound and listens; one line and exit status 2 when it cannot.

    Args:
        host: Name or address.
        port: 0 takes a free one.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except (OSError, OverflowError) as error:
        give_up(_unbindable(host, port, error))
    bound.listen(socket.SOMAXCONN)
    return bound


def url_of(bound: socket.socket) -> str:
    """Return the base URL of *bound*."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def quiet_servers(level: int = logging.CRITICAL + 1) -> None:
    """Leave out what servers log below *level*; by default all, as applications of the demo fail on purpose."""
    for name in ("uvicorn.error", "waitress"):
        logging.getLogger(name).setLevel(level)


@contextmanager
def serving_asgi(app: Any, bound: socket.socket) -> Iterator[Thread]:
    """Serve *app* on uvicorn; gives its thread.

    Raises:
        RuntimeError: When it does not come up.
    """
    # Whom to believe about the client is the application's and our own policy, not the server's.
    config = uvicorn.Config(
        app, log_config=None, access_log=False, proxy_headers=False, timeout_graceful_shutdown=_STOPPING
    )
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, args=([bound],), daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + _LONGEST
        while not server.started:
            if not thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("uvicorn did not start")
            time.sleep(0.005)
        yield thread
    finally:
        server.should_exit = True
        thread.join(_STARTING)


@contextmanager
def serving_wsgi(app: Any, bound: socket.socket, threads: int = 4) -> Iterator[Thread]:
    """Serve *app* on waitress; gives its thread."""
    connections: dict[int, Any] = {}
    server = create_server(app, map=connections, sockets=[bound], threads=threads)
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield thread
    finally:
        # waitress has no public way to stop from another thread: its loop ends when its map is empty.
        left = dict(connections)
        connections.clear()
        server.pull_trigger()
        thread.join(_STARTING)
        server.task_dispatcher.shutdown()
        server.asyncore.close_all(left)


def _unbindable(host: str, port: int, error: Exception) -> str:
    number = getattr(error, "errno", None)
    if number == errno.EADDRINUSE:
        return f"port {port} on {host} is in use: stop what listens there, or choose another with --port"
    if number == errno.EACCES:
        return f"port {port} on {host} needs privileges: choose one above 1023 with --port"
    return f"--host {host} --port {port} cannot be listened on: {error}"
