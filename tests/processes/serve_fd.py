"""``python serve_fd.py waitress 7``: servers that a program runs, on file descriptor 7."""

# ruff: noqa: PLC0415
# Only the server that is asked for is imported.

from __future__ import annotations

import asyncio
import socket
import sys

from ending_apps import asgi_app, told_app


def waitress(listener):
    from waitress import serve

    serve(told_app, sockets=[listener])


def hypercorn(listener):
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    asyncio.run(serve(asgi_app, config))


def wsgiref(listener):
    from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

    server = WSGIServer(("127.0.0.1", 0), WSGIRequestHandler, bind_and_activate=False)
    server.socket.close()
    server.socket = listener
    server.server_name, server.server_port = "127.0.0.1", listener.getsockname()[1]
    server.setup_environ()
    server.set_app(told_app)
    server.serve_forever()


if __name__ == "__main__":
    globals()[sys.argv[1]](socket.socket(fileno=int(sys.argv[2])))
