"""``python serve_by_script.py wsgiref 8000 module:attribute``: servers that have no command."""

from __future__ import annotations

import sys
from importlib import import_module
from wsgiref.simple_server import make_server

from werkzeug.serving import run_simple


def main(server, port, application):
    module, _, name = application.partition(":")
    app = getattr(import_module(module), name)
    if server == "wsgiref":
        make_server("127.0.0.1", port, app).serve_forever()
    else:
        run_simple("127.0.0.1", port, app, threaded=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
