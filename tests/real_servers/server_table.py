"""Every server that is driven: how it is started, and which protocol its application speaks."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

SCRIPT = str(Path(__file__).with_name("serve_by_script.py"))


class Server(NamedTuple):
    """A row."""

    needs: tuple
    """Modules without which it cannot run."""
    protocol: str
    """``asgi`` or ``wsgi``."""
    command: tuple
    """``{port}`` and ``{app}`` are put in."""
    version: str = "1.1"
    """Of HTTP, as its client speaks it."""


def _uvicorn(http, ws):
    command = ("uvicorn", "--port", "{port}", "--http", http, "--ws", ws, "--no-access-log", "{app}")
    return Server(("uvicorn", http, ws.partition("-")[0]), "asgi", command)


def _gunicorn(worker, protocol="wsgi", needs=()):
    options = ("--bind", "127.0.0.1:{port}", "--no-control-socket", "--threads", "2" if worker == "gthread" else "1")
    return Server(("gunicorn", *needs), protocol, ("gunicorn", *options, "-k", worker, "{app}"))


def _hypercorn(version):
    """It leaves what has failed in HTTP/2 to its timeouts."""
    timeouts = ("--keep-alive", "1", "--graceful-timeout", "1") if version == "2" else ()
    needs = ("hypercorn", "h2") if version == "2" else ("hypercorn",)
    return Server(needs, "asgi", ("hypercorn", "--bind", "127.0.0.1:{port}", *timeouts, "{app}"), version)


def _granian(protocol, version="1.1"):
    command = (
        "granian",
        "--port",
        "{port}",
        "--interface",
        protocol,
        "--no-ws" if protocol == "wsgi" else "--ws",
        "{app}",
    )
    return Server(("granian",), protocol, command, version)


def _uwsgi(option, *more):
    command = (
        "uwsgi",
        option,
        "127.0.0.1:{port}",
        *more,
        "--master",
        "--die-on-term",
        "--need-app",
        "--module",
        "{app}",
    )
    return Server(("uwsgidecorators",), "wsgi", command)


def _script(server):
    needs = () if server == "wsgiref" else (server,)
    return Server(needs, "wsgi", (sys.executable, SCRIPT, server, "{port}", "{app}"))


SERVERS = {
    "uvicorn-h11": _uvicorn("h11", "wsproto"),
    "uvicorn-httptools": _uvicorn("httptools", "websockets-sansio"),
    "hypercorn-h11": _hypercorn("1.1"),
    "hypercorn-h2": _hypercorn("2"),
    "granian-asgi": _granian("asgi"),
    "granian-asgi-h2": _granian("asgi", "2"),
    "daphne": Server(("daphne",), "asgi", ("daphne", "--port", "{port}", "{app}")),
    "gunicorn-uvicorn": _gunicorn("uvicorn.workers.UvicornWorker", "asgi", ("uvicorn",)),
    "granian-wsgi": _granian("wsgi"),
    "gunicorn-sync": _gunicorn("sync"),
    "gunicorn-gthread": _gunicorn("gthread"),
    "gunicorn-gevent": _gunicorn("gevent", needs=("gevent",)),
    "waitress": Server(("waitress",), "wsgi", ("waitress-serve", "--listen", "127.0.0.1:{port}", "{app}")),
    "uwsgi": _uwsgi("--http-socket"),
    "wsgiref": _script("wsgiref"),
    "werkzeug": _script("werkzeug"),
    "cheroot": Server(("cheroot",), "wsgi", ("cheroot", "--bind", "127.0.0.1:{port}", "{app}")),
}
