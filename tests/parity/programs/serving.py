"""Serve on a port that is told on standard output, until standard input is closed: what each program ends with."""

# ruff: noqa: PLC0415, T201
# What a program does not need is not imported; the port is printed.

from __future__ import annotations

import socket
import sys
import threading


def serve(app, protocol):
    """Serve *app* by uvicorn or waitress."""
    (serve_asgi if protocol == "asgi" else serve_wsgi)(app)


def serve_asgi(app):
    import uvicorn

    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="auto"))

    def stop():
        sys.stdin.read()
        server.should_exit = True

    threading.Thread(target=stop, daemon=True).start()
    print(listener.getsockname()[1], flush=True)
    server.run(sockets=[listener])


def serve_wsgi(app):
    from waitress.server import create_server

    server = create_server(app, host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    print(server.effective_port, flush=True)
    sys.stdin.read()
    server.close()
    thread.join(10)
