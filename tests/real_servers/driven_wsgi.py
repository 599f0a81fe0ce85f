"""The WSGI application that every server serves: by hand, without a framework, one behaviour a path."""

from __future__ import annotations

import hashlib
import itertools
from pathlib import Path

from opentelemetry import trace

CHUNK = b"x" * 65536
MANY = 600
"""Chunks of an endless response: more than all buffers between a server and its client hold."""

FILE = Path(__file__)
tracer = trace.get_tracer("shop")


def app(environ, start_response):
    return PATHS[environ["PATH_INFO"].split("/")[1]](environ, start_response)


def plain(environ, start_response):
    headers = [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-Shop", "caf\xe9")]
    start_response("200 Fine", [("Content-Length", "2"), *headers])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [b"ok"]


def missing(environ, start_response):
    start_response("404 Not Found", [("Content-Length", "2")])
    return [b"no"]


def unavailable(environ, start_response):
    start_response("503 Later", [("Content-Length", "5")])
    return [b"later"]


def empty(environ, start_response):
    start_response("204 No Content", [])
    return []


def unsized(environ, start_response):
    """A list of one chunk: the server can measure it."""
    start_response("200 OK", [])
    return [b"measured"]


def raises(environ, start_response):
    raise KeyError("x")


def late(environ, start_response):
    """Raises before the first byte: no header has gone, and the server answers 500."""
    start_response("200 OK", [])
    raise KeyError("x")


def breaks(environ, start_response):
    start_response("200 OK", [])
    yield b"begun"
    raise KeyError("x")


def short(environ, start_response):
    start_response("200 OK", [("Content-Length", "10")])
    return [b"ok"]


class Closing:
    """Chunks, each made under a span of its own, and a ``close`` that tells of itself by a span."""

    def __init__(self, *chunks):
        self._chunks = chunks

    def __iter__(self):
        for chunk in self._chunks:
            with tracer.start_as_current_span(chunk.decode()):
                made = chunk
            yield made

    def close(self):
        with tracer.start_as_current_span("close"):
            pass


def stream(environ, start_response):
    """Three chunks without a Content-Length."""
    start_response("200 OK", [])
    return Closing(b"one", b"two", b"three")


def written(environ, start_response):
    """The old way."""
    write = start_response("200 OK", [])
    write(b"one")
    write(b"two")
    return [b"three"]


def endless(environ, start_response):
    start_response("200 OK", [])
    return itertools.repeat(CHUNK, MANY)


def careless(environ, start_response):
    """Gives a body whatever was asked; the server's business."""
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]


def generated(environ, start_response):
    """Endless as well, and a generator: its code runs in the server's steps."""
    start_response("200 OK", [])
    for _ in range(MANY):
        yield CHUNK


def read(environ, start_response):
    """Tells how much has arrived, and what."""
    digest, size, left = hashlib.sha1(usedforsecurity=False), 0, int(environ.get("CONTENT_LENGTH") or 0)
    if not left and environ.get("wsgi.input_terminated"):
        left = float("inf")
    while left and (data := environ["wsgi.input"].read(min(left, len(CHUNK)))):
        digest.update(data)
        size, left = size + len(data), left - len(data)
    content = f"{size} {digest.hexdigest()}"
    start_response("200 OK", [("Content-Length", str(len(content)))])
    return [content.encode()]


def unread(environ, start_response):
    start_response("413 Too Large", [("Content-Length", "10")])
    return [b"not wanted"]


def file(environ, start_response):
    """A file, sent by the server itself where it can."""
    start_response("200 OK", [("Content-Length", str(FILE.stat().st_size))])
    opened = FILE.open("rb")
    wrapper = environ.get("wsgi.file_wrapper")
    return wrapper(opened) if wrapper is not None else iter(lambda: opened.read(len(CHUNK)), b"")


PATHS = {
    handler.__name__: handler
    for handler in (
        *(plain, missing, unavailable, empty, unsized, raises, late, breaks, short),
        *(careless, stream, written, endless, generated, read, unread, file),
    )
}
