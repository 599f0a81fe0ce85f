"""Forged and unparsable requests: reported safely, and the application gets them as they came."""

from __future__ import annotations

import re

import pytest
from hearing import Hearing, said
from test_leaks import CAPTURE, UPSTREAM, capture_everything

BROKEN = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]")

HOSTS = [
    "[x",  # urllib raises for it
    "[::1",
    "[::ffff:1.2.3.4.5]:80",
    "user:pw@h",
    "user:pw@[x",
    "h:99999999999999999999",
    "h:-1",
    "h:p@rt",
    "a b",
    "h\r\nx: y",
    "h\x00",
    "",
    "%",
    "\xe9",
    "x" * 10_000,
]
TARGETS = [
    "http://user:pw@evil/admin",  # absolute form, where a server leaves it in the path
    "http://[x/admin",
    "//user:pw@evil/admin",
    "*",
    "evil:443",  # CONNECT
    "/a\r\nSet-Cookie: x",
    "/\x00/\x1b[31m",
    "/\u2028/\u2029",
    "/%00%0d%0a",
    "/%zz/%",
    "/\xff\xfe",
    "",
    "/" * 5_000,
]
QUERIES = [
    "a=\r\n",
    "a=%0d%0a",
    "%",
    "a=%zz",
    "\x00",
    "\xff\xfe",
    "[x",
    "http://[x?a=b",
    "&" * 5_000,
    "a=" + "%25" * 5_000,
]
HEADERS = [
    ("user-agent", "a\r\nb"),
    ("user-agent", "\x00"),
    ("referer", "http://[x"),
    ("referer", "\xff\xfe"),
    ("cookie", "\r\n"),
    ("content-length", "x"),
    ("content-length", "\u0664"),
    ("traceparent", "00-\r\n"),
    ("baggage", "a=\r\n,=,;"),
    ("x-odd", "\x7f\x85"),
]
METHODS = ["GET\r\nX", "", "G\x00T", "\xc9", "X" * 5_000]
SERVERS = ["token=pw", "a\r\nb", "\ud800", "/run/app.sock", ""]


def raw(protocol, **request):
    """A request that a careless server passes on as it came."""
    carrier = protocol.request(method=request.get("method", "GET"))
    path, query = request.get("path", "/"), request.get("query", "")
    if protocol.name == "asgi":
        bare = [line for line in carrier["headers"] if "host" not in request or line[0] != b"host"]
        host = [("host", request["host"])] if "host" in request else []
        added = [(name.encode(), value.encode("utf-8")) for name, value in [*host, *request.get("headers", ())]]
        carrier.update(path=path, query_string=query.encode("utf-8"), headers=[*bare, *added])
        if "server" in request:
            odd = request["server"]
            carrier.update(client=(odd, 1), server=(odd, 2), scheme=odd, http_version=odd)
    else:
        carrier.update(PATH_INFO=path, QUERY_STRING=query, REQUEST_URI=f"{path}?{query}", RAW_URI=f"{path}?{query}")
        for name, value in request.get("headers", ()):
            key = name.upper().replace("-", "_")
            carrier[key if key == "CONTENT_LENGTH" else f"HTTP_{key}"] = value
        if "host" in request:
            carrier["HTTP_HOST"] = request["host"]
        if "server" in request:
            names = ("SERVER_NAME", "SERVER_PORT", "REMOTE_ADDR", "REMOTE_PORT", "REMOTE_HOST", "SERVER_PROTOCOL")
            carrier.update(dict.fromkeys((*names, "wsgi.url_scheme"), request["server"]))
    return carrier


FORGED = [
    *({"host": host} for host in HOSTS),
    *({"path": path} for path in TARGETS),
    *({"query": query} for query in QUERIES),
    *({"headers": [line]} for line in HEADERS),
    *({"method": method} for method in METHODS),
    *({"server": odd} for odd in SERVERS),
    {"headers": [("x-lone", "\ufffd")], "path": "/\ud800", "method": "\ud800"},
]


def echo(protocol, served):
    """An application that keeps what it was given."""
    if protocol.name == "asgi":

        async def app(scope, receive, send):
            served.append(scope)
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"ok"})

    else:

        def app(environ, start_response):
            served.append(environ)
            start_response("200 OK", [])
            return [b"ok"]

    return app


def strings(value):
    """All text inside of *value*."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict) or hasattr(value, "items"):
        for key, item in value.items():
            yield from (*strings(key), *strings(item))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from strings(item)


def reported(hearing):
    """All text on spans and metric points."""
    for span in hearing.spans:
        yield from (span.name, span.status.description or "")
        yield from strings(dict(span.attributes))
        for event in span.events:
            yield from (event.name, *strings(dict(event.attributes)))
    for point in hearing.points():
        yield from strings(dict(point.attributes))


@pytest.mark.parametrize("by_hand", [False, True], ids=["instrumented", "by hand"])
@pytest.mark.parametrize("number", range(len(FORGED)))
def test_forged_requests_are_reported_safely(protocol, number, by_hand, monkeypatch):
    """Nothing raises, no control character or lone surrogate gets out, no password, and the application is none the wiser."""
    served, forged = [], FORGED[number]
    with Hearing() as hearing:
        if by_hand:
            capture_everything(monkeypatch)
            upstream = UPSTREAM[protocol.name](echo(protocol, served), **hearing.providers)
            app = protocol.module.SanitizationMiddleware(upstream)
        else:
            app = protocol.module.instrument(echo(protocol, served), **CAPTURE, **hearing.providers)
        carrier = raw(protocol, **forged)
        before = dict(carrier)
        answer = protocol.call(app, carrier)

    assert (answer.error, answer.status, answer.body) == (None, 200, b"ok")
    (given,) = served
    assert {key: value for key, value in given.items() if not key.startswith("otel_middleware")} == before
    (span,) = [span for span in hearing.spans if span.kind.name == "SERVER"]
    assert span.end_time
    found = list(reported(hearing))
    assert found
    assert [text for text in found if BROKEN.search(text)] == []
    assert "pw" not in said(span)
    assert max(map(len, found)) <= 16_384
