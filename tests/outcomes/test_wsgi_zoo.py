"""Nobody can notice the instrumentation: a zoo of WSGI applications, bare and instrumented, side by side."""

from __future__ import annotations

import threading
from wsgiref.validate import validator

import pytest
from opentelemetry import context as otel_context
from opentelemetry import trace
from wsgi_zoo import ZOO, Closing, environ_of, keeps_context_kind, run

from otel_middleware import TenantFromHeader
from otel_middleware.wsgi import instrument

OPTIONS = {
    "default": {},
    "everything": {
        "routes": ["/zoo"],
        "tenant": TenantFromHeader("x-tenant-id"),
        "http_capture_headers_server_response": [".*"],
        "http_capture_headers_server_request": [".*"],
        "server_response_hook": lambda *_: None,
        "metric_attributes": lambda response: {"status": response.status or 0},
    },
    "excluded": {"excluded_urls": "zoo"},
}


def compare(bare, seen):
    """All that a server can observe is the same; exceptions are the very objects."""
    assert seen.error is bare.error or (type(seen.error), str(seen.error)) == (type(bare.error), str(bare.error))
    assert seen.calls == bare.calls
    assert seen.chunks == bare.chunks
    assert seen.length == bare.length
    assert seen.wrapped == bare.wrapped
    assert seen.log == bare.log
    assert seen.environ == bare.environ
    assert seen.context_kept == bare.context_kept
    assert all(seen.context_kept)


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("kind", ZOO, ids=lambda kind: kind.id)
def test_instrumented_is_as_bare(telemetry, kind, options):
    """Calls, chunks, length, close(), exception, environ and context are those of the bare application."""
    bare = run(kind.app, kind)
    app = instrument(kind.app, **telemetry.providers, **OPTIONS[options])
    compare(bare, run(app, kind))
    compare(bare, run(app, kind))


@pytest.mark.parametrize("kind", ZOO, ids=lambda kind: kind.id)
def test_each_request_is_one_span_and_one_point(telemetry, kind):
    """Whatever the application does: one server span with an outcome, one duration with the same facts, nothing active."""
    run(instrument(kind.app, **telemetry.providers, routes=["/zoo"]), kind)

    (span,) = (span for span in telemetry.spans if span.kind.name == "SERVER")
    point = telemetry.metric("http.server.request.duration")
    assert point.count == 1
    for key in ("http.response.status_code", "error.type", "http.route"):
        assert point.attributes.get(key) == span.attributes.get(key)
    assert (span.status.status_code.name == "ERROR") == ("error.type" in span.attributes)
    assert telemetry.metric("http.server.active_requests").value == 0


def test_the_zoo_is_large_enough():
    """At least 40 kinds, each with a reason."""
    assert len({kind.id for kind in ZOO}) == len(ZOO) >= 40
    assert all(kind.why for kind in ZOO)


@pytest.mark.parametrize("outside", [True, False], ids=["server side", "application side"])
@pytest.mark.parametrize("kind", [kind for kind in ZOO if kind.valid], ids=lambda kind: kind.id)
def test_wsgirefs_validator_finds_nothing(telemetry, kind, outside):
    """What keeps PEP 3333 bare keeps it instrumented, seen by the server and by the application."""
    app = (
        validator(instrument(kind.app, **telemetry.providers))
        if outside
        else instrument(validator(kind.app), **telemetry.providers)
    )
    environ = environ_of(kind, [])
    del environ["wsgi.file_wrapper"]

    chunks = []
    body = app(environ, lambda status, headers, exc_info=None: chunks.append)
    chunks += body
    body.close()

    assert b"".join(chunks) == b"".join(run(kind.app, kind).chunks)
    assert len(telemetry.requests) == 1


def serve(app, kind, log=None):
    return app(environ_of(kind, log if log is not None else []), lambda *_: lambda data: None)


def test_interleaved_responses_are_two_traces(telemetry):
    """Two streams on one thread, step by step in turns: two root spans, each with its own child, nothing stays current."""
    tracer = telemetry.tracer_provider.get_tracer("app")

    def app(environ, start_response):
        start_response("200 OK", [])
        for number in range(2):
            with tracer.start_as_current_span(f"chunk {number}"):
                yield b"x"

    streams = [serve(instrument(app, **telemetry.providers), ZOO[0]) for _ in range(2)]
    for _ in range(2):
        for stream in streams:
            next(stream)
            assert trace.get_current_span() is trace.INVALID_SPAN
    for stream in streams:
        assert list(stream) == []
        stream.close()

    servers = telemetry.requests
    assert len({span.context.trace_id for span in servers}) == 2
    for server in servers:
        assert server.parent is None
        children = [span for span in telemetry.spans if span.parent and span.parent.span_id == server.context.span_id]
        assert [span.name for span in children] == ["chunk 0", "chunk 1"]


def test_context_of_a_generator_lives_on_in_its_next_step(telemetry):
    """What an application attaches is there after a yield, as bare, and never outside of it."""
    body = serve(instrument(keeps_context_kind.app, **telemetry.providers), keeps_context_kind)

    assert next(body) == b"1"
    assert otel_context.get_value("mine") is None
    assert [next(body), *body] == [b"1"]


def test_closed_in_another_thread(telemetry):
    """A server may close where it did not iterate: the span ends, both threads' contexts are what they were."""
    log, kept = [], []
    body = serve(instrument(lambda e, s: s("200 OK", []) and Closing(log), **telemetry.providers), ZOO[0])
    iterator = iter(body)
    next(iterator)

    def close():
        before = otel_context.get_current()
        body.close()
        kept.append(otel_context.get_current() is before)

    thread = threading.Thread(target=close)
    thread.start()
    thread.join()

    assert log == ["iter", "close"]
    assert kept == [True]
    assert telemetry.request().attributes["otel_middleware.outcome"] == "client_disconnected"


@pytest.mark.parametrize("times", [1, 2, 3])
def test_close_reaches_the_application_once(telemetry, times):
    """However often a server closes, the application's close() is called once, and one span ends."""
    log = []
    body = serve(instrument(lambda e, s: s("200 OK", []) and Closing(log), **telemetry.providers), ZOO[0])
    for _ in range(times):
        body.close()

    assert log == ["close"]
    assert len(telemetry.requests) == 1


def test_body_is_reached_through(telemetry):
    """Attributes of the application's iterable are there for a server or middleware that knows them."""

    class Chunks:
        block_size = 7

        def __iter__(self):
            return iter((b"a",))

    body = serve(instrument(lambda e, s: s("200 OK", []) and Chunks(), **telemetry.providers), ZOO[0])

    assert body.block_size == 7
    assert not hasattr(body, "fileno")
    assert not hasattr(body, "__len__")
    assert not hasattr(body, "__next__")
    body.close()


def test_generators_are_their_own_iterator(telemetry):
    """``iter(body) is body`` where the bare one's is, and a list gives a new iterator each time."""
    stream = serve(instrument(lambda e, s: s("200 OK", []) and iter([b"a"]), **telemetry.providers), ZOO[0])
    chunks = serve(instrument(lambda e, s: s("200 OK", []) and [b"a"], **telemetry.providers), ZOO[0])

    assert iter(stream) is stream
    assert iter(chunks) is not iter(chunks)
    assert list(zip(chunks, chunks, strict=True)) == [(b"a", b"a")]


def test_forgotten_bodies_end_their_spans(telemetry):
    """A server that drops a body without closing it leaves no span open, and no request active."""
    serve(instrument(lambda e, s: s("200 OK", []) and Closing([]), **telemetry.providers), ZOO[0])

    assert telemetry.request().attributes["otel_middleware.outcome"] == "client_disconnected"
    assert telemetry.metric("http.server.active_requests").value == 0


def test_iterating_a_temporary_keeps_it_open(telemetry):
    """``for chunk in app(...)`` keeps only the iterator: the response is complete all the same."""
    app = instrument(lambda e, s: s("200 OK", []) and Closing([]), **telemetry.providers)
    assert list(iter(serve(app, ZOO[0]))) == [b"a", b"b"]

    assert "otel_middleware.outcome" not in telemetry.request().attributes


def test_excluded_streams_are_silent_to_the_end(telemetry):
    """Children of an excluded request are not recorded from its generator either."""
    tracer = telemetry.tracer_provider.get_tracer("app")

    def app(environ, start_response):
        start_response("200 OK", [])
        with tracer.start_as_current_span("child"):
            yield b"a"

    assert list(serve(instrument(app, **telemetry.providers, excluded_urls="zoo"), ZOO[0])) == [b"a"]
    assert not telemetry.spans
