"""``python serving.py wsgiref 8000``: bare applications on servers that are started by a program and have no command."""

from __future__ import annotations

import sys
from wsgiref.simple_server import make_server

from bare_apps import wsgi_app
from werkzeug.serving import run_simple


def main(server, port):
    if server == "wsgiref":
        make_server("127.0.0.1", port, wsgi_app).serve_forever()
    elif server == "werkzeug":
        run_simple("127.0.0.1", port, wsgi_app)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
