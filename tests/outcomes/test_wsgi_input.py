"""The request's size on WSGI: the bytes that the application has read, and the very input of the server for all else."""

from __future__ import annotations

import io

import pytest
from harness import Wsgi

WSGI = Wsgi()
BODY = b"one\ntwo\nthree"


class Odd(io.BytesIO):
    """An input with something of the server's own, whose size may be asked by name."""

    own = "of the server"


def sized(telemetry, use, **environ):
    """What *use* gave of the input, and the size that was measured."""
    seen = []

    def app(environ, start_response):
        seen.append(use(environ["wsgi.input"]))
        start_response("200 OK", [("Content-Length", "0")])
        return [b""]

    WSGI.get(WSGI.module.instrument(app, **telemetry.providers), "/", method="POST", **environ)
    points = telemetry.points("http.server.request.body.size")
    return seen[0], points[0].sum if points else None


LENGTH = {"CONTENT_LENGTH": str(len(BODY))}
LONGER = {"CONTENT_LENGTH": "50"}
CHUNKED = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}


@pytest.mark.parametrize(
    ("use", "given", "announced", "size"),
    [
        (lambda body: body.read(), BODY, LENGTH, 13),
        (lambda body: body.read(), BODY, LONGER, 13),  # the client has left, or lied
        (lambda body: body.read(-1), BODY, LONGER, 13),
        (lambda body: body.read(None), BODY, CHUNKED, 13),
        (lambda body: list(iter(lambda: body.read(5), b"")), [b"one\nt", b"wo\nth", b"ree"], CHUNKED, 13),
        (lambda body: list(iter(lambda: body.read(5), b"")), [b"one\nt", b"wo\nth", b"ree"], LONGER, 13),
        (lambda body: list(iter(body.readline, b"")), [b"one\n", b"two\n", b"three"], CHUNKED, 13),
        (lambda body: body.readline(2), b"on", LENGTH, 13),  # not read to its end: what was announced counts
        (lambda body: body.readlines(), [b"one\n", b"two\n", b"three"], LONGER, 13),
        (list, [b"one\n", b"two\n", b"three"], CHUNKED, 13),
        (lambda body: body.read(0), b"", LENGTH, 13),
        (lambda body: body.read(3), b"one", CHUNKED, None),  # nobody knows how much there was
        (lambda body: None, None, LENGTH, 13),  # not read at all
        (lambda body: (body.own, body.tell(), body.read1(2)), ("of the server", 0, b"on"), LENGTH, 13),
        (lambda body: body.read(), BODY, {"CONTENT_LENGTH": ""}, None),  # no body, and none of our business
    ],
)
def test_size_is_what_was_read(telemetry, use, given, announced, size):
    """Counted where the application has read to the end, else as announced; what it reads is what the server gave."""
    assert sized(telemetry, use, **announced, **{"wsgi.input": Odd(BODY)}) == (given, size)


def test_what_reading_raises_comes_through(telemetry):
    """An error of the server's input, or of a call that it does not understand, reaches the application as it is."""

    class Broken(io.BytesIO):
        def read(self, size=-1):
            raise ConnectionResetError(size)

    def use(body):
        with pytest.raises(ConnectionResetError) as raised:
            body.read(4)
        with pytest.raises(TypeError):
            body.readline("many")
        return raised.value.args

    assert sized(telemetry, use, **LENGTH, **{"wsgi.input": Broken(BODY)})[0] == (4,)


def test_a_request_without_a_body_keeps_the_servers_input(telemetry):
    """Nothing is put in its place."""
    body = Odd()
    assert sized(telemetry, lambda given: given is body, **{"wsgi.input": body})[0]
