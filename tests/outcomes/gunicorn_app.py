"""What gunicorn's workers serve in these tests: each span that ends is one line to the test's socket."""

from __future__ import annotations

import itertools
import json
import os
import socket
from pathlib import Path

from opentelemetry.sdk.trace import SpanProcessor, TracerProvider

from otel_middleware.wsgi import instrument

CHUNK = b"x" * 65536
KEYS = ("http.response.status_code", "error.type", "otel_middleware.outcome")


class Telling(SpanProcessor):
    """Tells the test of each span, from whatever thread or process it ends in."""

    def on_end(self, span):
        with socket.create_connection(("127.0.0.1", int(os.environ["TOLD_TO"]))) as told:
            told.sendall(json.dumps([span.attributes.get(key) for key in KEYS]).encode())


def bare(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/raises":
        raise KeyError("x")
    start_response("200 OK", [])
    if path == "/listening":
        return (CHUNK for _ in range(2_000))
    if path == "/stream":
        return itertools.repeat(CHUNK, 2_000)
    if path == "/file":
        return environ["wsgi.file_wrapper"](Path(__file__).open("rb"))
    return [b"ok"]


provider = TracerProvider(shutdown_on_exit=False)
provider.add_span_processor(Telling())
app = instrument(bare, tracer_provider=provider)
