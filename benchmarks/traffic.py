"""The request that is measured, the bare applications that answer it, and how requests are driven: in process, no network.

Every request gets a fresh scope or environ, in every arm: upstream and frameworks change them.
"""

from __future__ import annotations

import asyncio
import itertools
import weakref

METHOD, PATH, SECRET_QUERY = "GET", "/orders/4815", "expand=items&access_token=dGhpcyBpcyBzZWNyZXQ"
HEADERS = (
    ("host", "api.example.com"),
    ("connection", "keep-alive"),
    ("cache-control", "max-age=0"),
    ("sec-ch-ua", '"Chromium";v="126", "Google Chrome";v="126", "Not-A.Brand";v="99"'),
    ("sec-ch-ua-mobile", "?0"),
    ("sec-ch-ua-platform", '"Linux"'),
    ("upgrade-insecure-requests", "1"),
    (
        "user-agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    ),
    ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"),
    ("sec-fetch-site", "same-origin"),
    ("sec-fetch-mode", "navigate"),
    ("sec-fetch-dest", "document"),
    ("referer", "https://shop.example.com/orders"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("accept-language", "en-GB,en;q=0.9,de;q=0.8"),
    ("x-requested-with", "XMLHttpRequest"),
    ("x-request-id", "7f3c2f0e5b1d4c8aa1f2"),
    ("x-tenant-id", "acme"),
    ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ("cookie", "session=3f9a8c1e7b; theme=dark; consent=yes"),
    ("authorization", "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3MzEifQ.c2lnbmF0dXJl"),
)
"""Eighteen as a browser sends them (the tenant's among them), and trace context, cookie and authorization."""

_SPREAD, _ID_BITS = 0x9E3779B97F4A7C15F39D, 80

BODY = b'{"id":4815,"total":"16.23"}'
CHUNKS = 100
CHUNK = b"x" * 1_024

_JSON = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]
_TEXT = [(b"content-type", b"text/plain")]
_START = {"type": "http.response.start", "status": 200}


def _request_ids():
    """Ids of 20 hexadecimal digits, one for each request; the same ones in each run."""
    return (f"{number * _SPREAD % (1 << _ID_BITS):020x}" for number in itertools.count(1))


def scope_for(path=PATH, query=SECRET_QUERY, method=METHOD, headers=HEADERS):
    """Return a maker of fresh scopes, as uvicorn fills them."""
    raw_path, raw_query = path.encode(), query.encode()
    *raw_headers, (id_name, _) = sorted(
        ((name.encode(), value.encode()) for name, value in headers),
        key=lambda line: line[0].lower() == b"x-request-id",
    )
    ids = _request_ids()

    def scope():
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "server": ("127.0.0.1", 8000),
            "client": ("203.0.113.7", 51312),
            "scheme": "http",
            "method": method,
            "root_path": "",
            "path": path,
            "raw_path": raw_path,
            "query_string": raw_query,
            "headers": [*raw_headers, (id_name, next(ids).encode())],
            "state": {},
        }

    return scope


def environ_for(path=PATH, query=SECRET_QUERY, method=METHOD, headers=HEADERS):
    """Return a maker of fresh environs, as gunicorn fills them (with ``RAW_URI``)."""
    named = {name.upper().replace("-", "_"): value for name, value in headers}
    length = {key: named.pop(key) for key in ("CONTENT_LENGTH",) if key in named}
    fixed = {
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": None,
        "wsgi.errors": None,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "RAW_URI": f"{path}?{query}",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "REMOTE_ADDR": "203.0.113.7",
        "REMOTE_PORT": "51312",
        **{f"HTTP_{name}": value for name, value in named.items()},
        **length,
    }
    ids = _request_ids()

    def environ():
        return {**fixed, "HTTP_X_REQUEST_ID": next(ids)}

    return environ


async def asgi_app(scope, receive, send):  # noqa: ARG001 - the protocol's
    """Answer 27 bytes of JSON."""
    await send({**_START, "headers": list(_JSON)})
    await send({"type": "http.response.body", "body": BODY})


async def asgi_stream(scope, receive, send):  # noqa: ARG001 - the protocol's
    """Answer a hundred chunks."""
    await send({**_START, "headers": list(_TEXT)})
    for _ in range(CHUNKS):
        await send({"type": "http.response.body", "body": CHUNK, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def wsgi_app(environ, start_response):  # noqa: ARG001 - the protocol's
    """Answer 27 bytes of JSON."""
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(BODY)))])
    return [BODY]


def wsgi_stream(environ, start_response):  # noqa: ARG001 - the protocol's
    """Answer a hundred chunks."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return (CHUNK for _ in range(CHUNKS))


async def receive():
    """Receive the end of an empty request."""
    return {"type": "http.request", "body": b"", "more_body": False}


async def send(message):
    """Take a message, as a server does."""


def _start_response(status, headers, exc_info=None):  # noqa: ARG001 - the protocol's
    return bytes


def drive_asgi(**request):
    """Return ``drive(app, requests)``, which serves so many requests one after the other in one event loop."""
    loop, scope = asyncio.new_event_loop(), scope_for(**request)

    async def serve(app, requests):
        for _ in range(requests):
            await app(scope(), receive, send)

    def drive(app, requests):
        loop.run_until_complete(serve(app, requests))

    weakref.finalize(drive, loop.close)
    return drive


def drive_wsgi(**request):
    """Return ``drive(app, requests)``: the body of each response is iterated and closed."""
    environ = environ_for(**request)

    def drive(app, requests):
        for _ in range(requests):
            served(app, environ())

    return drive


def served(app, environ):
    """Serve one WSGI request as a server does."""
    body = app(environ, _start_response)
    for _chunk in body:
        pass
    close = getattr(body, "close", None)
    if close is not None:
        close()
