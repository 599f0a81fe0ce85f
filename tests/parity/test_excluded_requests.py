"""Excluded requests, over both protocols: nothing of them is reported, and nothing that a client sends decides it."""

from __future__ import annotations

import pytest
from harness import Described, Wsgi
from opentelemetry.instrumentation.utils import suppress_http_instrumentation, suppress_instrumentation
from plain import DURATIONS, ours

from otel_middleware import wsgi

ACTIVE = "http.server.active_requests"


def childful(telemetry, chunks=(b"ok",)):
    """An application that starts a span, and another one for each chunk that it streams."""
    tracer = telemetry.tracer_provider.get_tracer("app")

    class Streaming(tuple):
        __slots__ = ()

        def __iter__(self):
            for chunk in super().__iter__():
                tracer.start_span("chunk").end()
                yield chunk

    return Described(headers=(), chunks=Streaming(chunks), inside=lambda _: tracer.start_span("child").end())


def is_silent(telemetry):
    return not telemetry.spans and not any(telemetry.points(name) for name in (ACTIVE, *DURATIONS))


EXCLUSIONS = {
    # what is excluded: the option, a request that is, a request that is not
    "a path": ("healthz", {"path": "/healthz"}, {"path": "/orders"}),
    "paths": (["^/a$", "^/b$"], {"path": "/b"}, {"path": "/bb"}),
    "a path below a mount": ("^/app/healthz$", {"path": "/healthz", "root_path": "/app"}, {"path": "/healthz"}),
    "a method": (lambda request: request.method == "HEAD", {"method": "HEAD"}, {}),
    "a header": (
        lambda request: (request.header("user-agent") or "").startswith("kube-probe"),
        {"headers": [("user-agent", "kube-probe/1.30")]},
        {"headers": [("user-agent", "curl")]},
    ),
    "a query": (lambda request: "probe=1" in request.query, {"query": "probe=1"}, {"query": "probe=0"}),
    "a whole URL": ("^http://shop.example:8080/in", {"path": "/in"}, {"path": "/out"}),
}


@pytest.mark.parametrize("case", EXCLUSIONS)
def test_an_excluded_request_is_silent(protocol, telemetry, case):
    """No span, no child while it runs or streams, no metric; any other request has them all, and both get their answer."""
    option, excluded, other = EXCLUSIONS[case]
    app = ours(protocol, childful(telemetry, (b"a", b"b")), telemetry, excluded_urls=option)
    answer = protocol.get(app, **excluded)

    assert (answer.status, answer.body) == (200, b"ab")
    assert is_silent(telemetry)
    protocol.get(app, **other)
    assert [span.name for span in telemetry.spans].count("child") == len(telemetry.requests) == 1


def test_a_lazy_body_is_silent_too(telemetry):
    """A WSGI body that is made while the server iterates it starts no trace of its own."""
    tracer = telemetry.tracer_provider.get_tracer("app")

    def app(environ, start_response):
        start_response("200 OK", [])
        for _ in range(3):
            tracer.start_span("chunk").end()
            yield b"a"

    protocol = Wsgi()
    instrumented = wsgi.instrument(app, excluded_urls="healthz", **telemetry.providers)
    assert protocol.get(instrumented, "/healthz").body == b"aaa"
    assert is_silent(telemetry)
    protocol.get(instrumented, "/orders")
    assert len(telemetry.spans) == 4


@pytest.mark.parametrize("host", ["healthz", "healthz.example", "x/healthz", "a?healthz", "healthz:80", "[healthz"])
def test_a_forged_host_evades_nothing(protocol, telemetry, host):
    """A path pattern is searched in the path alone: whatever Host says, the request is traced."""
    app = ours(protocol, Described(), telemetry, excluded_urls="healthz")
    carrier = protocol.request(path="/admin/delete", query="a=healthz")
    if protocol.name == "asgi":
        carrier["headers"] = [(b"host", host.encode())]
    else:
        carrier["HTTP_HOST"] = host
    protocol.call(app, carrier)

    assert len(telemetry.requests) == 1


@pytest.mark.parametrize("bad", [b"\xff\\x", b"", b"\x00"])
def test_an_excluded_request_is_not_decoded(protocol, telemetry, bad):
    """A Host that cannot be read changes nothing: the path is excluded before any header is looked at."""
    app = ours(protocol, Described(), telemetry, excluded_urls="healthz")
    carrier = protocol.request(path="/healthz")
    if protocol.name == "asgi":
        carrier["headers"] = [(b"host", bad), (b"\xff\\x", bad)]
    else:
        carrier["HTTP_HOST"] = bad.decode("latin-1")

    assert protocol.call(app, carrier).status == 200
    assert is_silent(telemetry)


def test_a_predicate_that_raises_excludes_nothing(protocol, telemetry, caplog):
    """It is said once, and the request is traced."""
    app = ours(protocol, Described(), telemetry, excluded_urls=lambda request: 1 / 0)
    for _ in range(2):
        protocol.get(app)

    assert len(telemetry.requests) == 2
    assert len([record for record in caplog.records if record.name == "otel_middleware"]) == 1


@pytest.mark.parametrize("suppressing", [suppress_instrumentation, suppress_http_instrumentation])
def test_suppression_is_obeyed(protocol, telemetry, suppressing):
    """In upstream's two contexts a request is served as it is; after them it is traced again."""
    app = ours(protocol, Described(), telemetry)
    with suppressing():
        assert protocol.get(app).body == b"ok"
    assert is_silent(telemetry)

    protocol.get(app)
    assert len(telemetry.requests) == 1
