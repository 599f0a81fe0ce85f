"""Real servers on loopback, in threads of the test's own process."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress

import uvicorn
from waitress.server import create_server
from werkzeug.serving import make_server


@contextmanager
def uvicorn_serving(app, **options):
    """Serve an ASGI application; gives its base URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="error", **{"lifespan": "off", "ws": "none", "loop": "asyncio", **options})
    )
    started = threading.Event()
    startup = server.startup

    async def announced(*args, **kwargs):
        await startup(*args, **kwargs)
        started.set()

    server.startup = announced
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    assert started.wait(20)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)
        listener.close()


@contextmanager
def waitress_serving(app, threads=4):
    """Serve a WSGI application; gives its base URL."""
    server = create_server(app, host="127.0.0.1", port=0, threads=threads, clear_untrusted_proxy_headers=False)

    def run():
        with suppress(OSError):  # its sockets are closed from outside
            server.run()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.close()
        server.task_dispatcher.shutdown()
        thread.join(20)
        server.asyncore.close_all(server._map, ignore_all=True)  # connections that were open


@contextmanager
def werkzeug_serving(app):
    """Serve a WSGI application by Werkzeug's development server; gives its base URL."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(20)
