"""How WSGI responses end: ``write`` that fails, servers that close early, and work in ``close()``."""

from __future__ import annotations

import contextlib
import gc
import io
import sys
import weakref
from time import time_ns

import pytest
from wsgi_zoo import PLAIN, Closing, Kind, environ_of

from otel_middleware import record_error
from otel_middleware.wsgi import instrument

GONE = BrokenPipeError("the client has left")


class OutOfStock(Exception):
    """Raised by the application under test."""


def serve(telemetry, app, write=None, **options):
    """The body of one request, whose server's ``write`` is *write*."""
    environ = environ_of(Kind(app, ""), [])
    return instrument(app, **telemetry.providers, **options)(environ, lambda *_: write or (lambda data: None))


def told(telemetry):
    span = telemetry.request()
    keys = ("http.response.status_code", "error.type", "otel_middleware.outcome")
    return tuple(span.attributes.get(key) for key in keys)


def gone(data):
    raise GONE


def reraised(error):
    raise error


def caused(error):
    raise OutOfStock from error


@pytest.mark.parametrize("make", [reraised, caused])
def test_the_servers_own_error_in_write_tells_of_the_client(telemetry, make):
    """What the server's ``write`` raises because the client has left is no error, in the application or from it."""

    def app(environ, start_response):
        write = start_response("200 OK", [*PLAIN])
        try:
            write(b"x")
        except OSError as error:
            make(error)

    with pytest.raises((BrokenPipeError, OutOfStock)):
        serve(telemetry, app, gone)
    assert told(telemetry) == (200, None, "client_disconnected")


def test_an_os_error_of_the_applications_own_is_its_own(telemetry):
    """The same type from anywhere else is an error."""

    def app(environ, start_response):
        start_response("200 OK", [*PLAIN])(b"x")
        raise BrokenPipeError("a database's")

    with pytest.raises(BrokenPipeError):
        serve(telemetry, app)
    assert told(telemetry) == (200, "BrokenPipeError", "failed")


def test_an_error_after_a_broken_write_is_an_error(telemetry):
    """An application that lives with a broken write is not excused for what it does later."""

    def app(environ, start_response):
        write = start_response("200 OK", [*PLAIN])
        with contextlib.suppress(OSError):
            write(b"x")
        raise KeyError

    with pytest.raises(KeyError):
        serve(telemetry, app, gone)
    assert told(telemetry)[1:] == ("KeyError", "failed")


def test_a_server_without_write_gives_none(telemetry):
    """What ``start_response`` gives is what the server's gives."""
    seen = []

    def app(environ, start_response):
        seen.append(start_response("200 OK", [*PLAIN]))
        return []

    instrument(app, **telemetry.providers)(environ_of(Kind(app, ""), []), lambda *_: None)
    assert seen == [None]


def test_a_response_that_never_started_is_missing(telemetry):
    """The server refuses its first chunk, and that is not the error."""
    body = serve(telemetry, lambda e, s: Closing([]))
    next(iter(body))
    try:
        raise AssertionError("write() before start_response()")
    except AssertionError:
        body.close()

    assert told(telemetry) == (500, "response_missing", "missing")


def test_written_responses_are_counted_and_timed(telemetry):
    """``write`` streams: its bytes are the body's size, its first call the first byte."""

    def app(environ, start_response):
        write = start_response("200 OK", [*PLAIN])
        write(b"abc")
        write(b"de")
        return [b"f"]

    body = serve(telemetry, app)
    list(body)
    body.close()
    assert telemetry.metric("http.server.response.body.size").sum == 6
    assert "otel_middleware.time_to_first_byte" in telemetry.request().attributes


ALL_SENT = [*PLAIN, ("Content-Length", "2")]


@pytest.mark.parametrize(
    ("headers", "raised", "expected"),
    [
        pytest.param(ALL_SENT, None, (200, None, None), id="all that was announced has gone"),
        pytest.param(ALL_SENT, GONE, (200, None, "client_disconnected"), id="the last chunk could not be sent"),
        pytest.param(PLAIN, None, (200, None, "client_disconnected"), id="closed before the end"),
        pytest.param(PLAIN, GONE, (200, None, "client_disconnected"), id="the socket is broken"),
        pytest.param(PLAIN, KeyError(), (200, "KeyError", "failed"), id="the server fails"),
        pytest.param(PLAIN, SystemExit(), (200, "SystemExit", "failed"), id="the worker is told to exit"),
        pytest.param(PLAIN, GeneratorExit(), (200, None, "client_disconnected"), id="an outer generator is closed"),
    ],
)
def test_why_a_server_closes_early(telemetry, headers, raised, expected):
    """What the server is handling while it closes says why."""
    body = serve(telemetry, lambda e, s: s("200 OK", [*headers]) and Closing([], (b"ok", b"")))
    next(iter(body))
    try:
        if raised is not None:
            raise raised
    except BaseException:
        body.close()
    else:
        body.close()

    assert told(telemetry) == expected


@pytest.mark.parametrize("whole", [True, False])
def test_work_in_close_does_not_lengthen_the_span(telemetry, whole):
    """The response is over with its last byte, or when its server gives up; what ``close()`` does comes after it."""
    seen = []

    class Body(Closing):
        def close(self):
            seen.append((len(telemetry.requests), time_ns()))
            sum(range(100_000))

    body = serve(telemetry, lambda e, s: s("200 OK", []) and Body([]))
    assert list(body) == [b"a", b"b"] if whole else next(iter(body)) == b"a"
    body.close()

    assert seen[0][0] == whole
    assert telemetry.request().end_time <= seen[0][1]


@pytest.mark.parametrize("status", [200, 500])
def test_close_that_fails(telemetry, status):
    """After a good response it is background work, a child span; a 5xx response waited for its error."""
    body = serve(telemetry, lambda e, s: s(f"{status} X", []) and Closing([], error=OutOfStock("token=s3cr3t")))
    list(body)
    with pytest.raises(OutOfStock):
        body.close()

    name = "test_wsgi_endings.OutOfStock"
    if status == 200:
        (child,) = (span for span in telemetry.spans if span.kind.name == "INTERNAL")
        assert (child.name, child.attributes["error.type"]) == (f"{telemetry.request().name} background", name)
        assert told(telemetry) == (200, None, None)
    else:
        assert told(telemetry) == (500, name, "failed")
        assert len(telemetry.spans) == 1
    assert "s3cr3t" not in "".join(span.to_json() for span in telemetry.spans)


def test_cleaning_up_after_a_client_may_fail(telemetry):
    """A client that left excuses no bug in the cleaning up."""

    def app(environ, start_response):
        start_response("200 OK", [])
        try:
            yield b"a"
            yield b"b"
        finally:
            raise OutOfStock

    body = serve(telemetry, app)
    next(body)
    with pytest.raises(OutOfStock):
        body.close()
    assert told(telemetry) == (200, "test_wsgi_endings.OutOfStock", "failed")


def test_a_corrected_response_leaves_nothing_of_the_first(telemetry):
    """Status, error, length and captured headers are those of the response that went."""

    def app(environ, start_response):
        start_response("500 Oops", [("X-A", "1"), ("Content-Length", "99")])
        try:
            raise OutOfStock
        except OutOfStock:
            start_response("200 OK", [("X-B", "2")], sys.exc_info())
        return [b"ok"]

    body = serve(telemetry, app, http_capture_headers_server_response=["x-.*"])
    list(body)
    body.close()

    attributes = telemetry.request().attributes
    assert told(telemetry) == (200, None, None)
    assert "http.response.header.x_a" not in attributes
    assert attributes["http.response.header.x_b"] == ("2",)
    assert not telemetry.request().events


def test_the_error_that_exc_info_gives_is_the_responses(telemetry):
    """A response that stays an error is named by its ``exc_info``, unless the application says otherwise later."""

    def app(environ, start_response):
        try:
            raise OutOfStock
        except OutOfStock:
            start_response("500 Oops", [], sys.exc_info())
        if environ["QUERY_STRING"] == "named":
            record_error("mine")
        return [b""]

    body = serve(telemetry, app)
    list(body)
    body.close()
    assert told(telemetry) == (500, "test_wsgi_endings.OutOfStock", "failed")


class Slotted:
    """A file wrapper as one written in C: nothing can be set on it."""

    __slots__ = ("file",)

    def __init__(self, file, block_size=1):
        self.file = file

    def __iter__(self):
        return iter(self.file.read, b"")


class Plain:
    """A file wrapper in Python."""

    def __init__(self, file, block_size=1):
        self.file = file

    def __iter__(self):
        return iter(self.file.read, b"")

    def close(self):
        self.file.close()


@pytest.mark.parametrize(
    ("wrapper", "raised", "outcome"),
    [(Plain, None, None), (Plain, GONE, "client_disconnected"), (Slotted, None, None), (Slotted, GONE, None)],
)
def test_files_go_as_they_are(telemetry, wrapper, raised, outcome):
    """The server gets its own wrapper; closing it closes the file and ends the span, with what the server knows."""
    file = io.BytesIO(b"abc")

    def app(environ, start_response):
        start_response("200 OK", [("Content-Length", "3")])
        return environ["wsgi.file_wrapper"](file)

    environ = {**environ_of(Kind(app, ""), []), "wsgi.file_wrapper": wrapper}
    body = instrument(app, **telemetry.providers)(environ, lambda *_: None)
    assert type(body) is wrapper
    if wrapper is Plain:
        try:
            if raised is not None:
                raise raised
        except OSError:
            body.close()
        else:
            body.close()
        assert file.closed

    assert told(telemetry) == (200, None, outcome)
    assert telemetry.metric("http.server.response.body.size").sum == 3


def test_a_closed_file_waits_for_no_collector(telemetry):
    """The wrapper goes when the server lets go of it, as the bare one does."""

    def app(environ, start_response):
        start_response("200 OK", [])
        return environ["wsgi.file_wrapper"](io.BytesIO(b"abc"))

    environ = {**environ_of(Kind(app, ""), []), "wsgi.file_wrapper": Plain}
    body = instrument(app, **telemetry.providers)(environ, lambda *_: None)
    gone = weakref.ref(body)
    gc.disable()
    try:
        body.close()
        body.close()
        del body
        assert gone() is None
    finally:
        gc.enable()


class Broken(dict):
    """An environ that cannot be enumerated."""

    def items(self):
        raise OutOfStock


def test_a_request_that_cannot_be_prepared_is_served_and_not_counted(telemetry):
    """What fails before the application is entered costs the telemetry of this request, and leaves it not active."""

    def app(environ, start_response):
        start_response("200 OK", [])
        return [b"ok"]

    served = instrument(app, **telemetry.providers, http_capture_headers_server_request=[".*"])
    assert list(served(Broken(environ_of(Kind(app, ""), [])), lambda *_: None)) == [b"ok"]
    assert not telemetry.spans
    assert telemetry.metric("http.server.active_requests").value == 0
