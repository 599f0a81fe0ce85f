"""Both protocols behind one face: an application is described once, built for either, and driven without a network."""

from __future__ import annotations

import asyncio
import io
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.instrumentation import asgi as upstream_asgi
from opentelemetry.instrumentation import wsgi as upstream_wsgi

from otel_middleware import Sanitizer, asgi, wsgi

UPSTREAM = {"asgi": upstream_asgi.OpenTelemetryMiddleware, "wsgi": upstream_wsgi.OpenTelemetryMiddleware}


@dataclass
class Answer:
    """What the server got."""

    status: int | None = None
    headers: list = field(default_factory=list)
    chunks: list = field(default_factory=list)
    error: BaseException | None = None

    @property
    def body(self):
        return b"".join(self.chunks)


@dataclass
class Described:
    """An application in neutral words: what it does before it answers, its answer, and where it raises.

    ``inside`` is called with the scope or environ while the application runs.
    """

    status: int = 200
    headers: tuple = (("content-type", "text/plain"), ("content-length", "2"))
    chunks: tuple = (b"ok",)
    inside: Any = None
    raises_before: BaseException | None = None
    raises_after_start: BaseException | None = None


class Asgi:
    """Drives ASGI applications."""

    name = "asgi"
    module = asgi

    def build(self, described):
        async def app(scope, receive, send):
            if described.inside is not None:
                described.inside(scope)
            if described.raises_before is not None:
                raise described.raises_before
            headers = [(name.encode(), value.encode()) for name, value in described.headers]
            await send({"type": "http.response.start", "status": described.status, "headers": headers})
            chunks = list(described.chunks)
            for chunk in chunks[:1]:
                more = len(chunks) > 1 or described.raises_after_start is not None
                await send({"type": "http.response.body", "body": chunk, "more_body": more})
            if described.raises_after_start is not None:
                raise described.raises_after_start
            for number, chunk in enumerate(chunks[1:], 2):
                await send({"type": "http.response.body", "body": chunk, "more_body": number < len(chunks)})
            if not chunks:
                await send({"type": "http.response.body", "body": b""})

        return app

    def request(self, method="GET", path="/", query="", headers=(), root_path="", **extra):
        lines = [(b"host", b"shop.example:8080"), *((n.lower().encode(), v.encode()) for n, v in headers)]
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": root_path + path,
            "raw_path": (root_path + path).encode(),
            "root_path": root_path,
            "query_string": query.encode(),
            "headers": lines,
            "client": ("192.0.2.7", 50312),
            "server": ("127.0.0.1", 8000),
            **extra,
        }

    def call(self, app, carrier):
        answer = Answer()

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                answer.headers = [(name.decode(), value.decode()) for name, value in message.get("headers", ())]
            elif message["type"] == "http.response.body":
                answer.chunks.append(message.get("body", b""))

        async def run():
            try:
                await app(carrier, receive, send)
            except BaseException as error:  # the server's place: whatever comes out is the answer
                answer.error = error

        asyncio.run(run())
        return answer

    def get(self, app, path="/", **request):
        return self.call(app, self.request(path=path, **request))


class Wsgi:
    """Drives WSGI applications."""

    name = "wsgi"
    module = wsgi

    def build(self, described):
        def app(environ, start_response):
            if described.inside is not None:
                described.inside(environ)
            if described.raises_before is not None:
                raise described.raises_before
            start_response(f"{described.status} Status", [*described.headers])
            if described.raises_after_start is None:
                return list(described.chunks)
            return self._failing(described)

        return app

    @staticmethod
    def _failing(described):
        yield from described.chunks[:1]
        raise described.raises_after_start

    def request(self, method="GET", path="/", query="", headers=(), root_path="", **extra):
        environ = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": root_path,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_URI": f"{root_path}{path}?{query}" if query else root_path + path,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8000",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "192.0.2.7",
            "REMOTE_PORT": "50312",
            "HTTP_HOST": "shop.example:8080",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(b""),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            **extra,
        }
        for name, value in headers:
            key = name.upper().replace("-", "_")
            environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
        return environ

    def call(self, app, carrier):
        answer = Answer()

        def start_response(status, headers, exc_info=None):
            answer.status = int(status[:3])
            answer.headers = [(name.lower(), value) for name, value in headers]
            return answer.chunks.append

        try:
            body = app(carrier, start_response)
            try:
                answer.chunks.extend(body)
            finally:
                close = getattr(body, "close", None)
                if close is not None:
                    close()
        except BaseException as error:  # the server's place: whatever comes out is the answer
            answer.error = error
        return answer

    def get(self, app, path="/", **request):
        return self.call(app, self.request(path=path, **request))


def by_hand(protocol, telemetry, app=None, layers=(), *, sanitize=False):
    """*app*, or what is described, in *layers* (a name and arguments each, innermost first) inside of upstream's middleware."""
    if app is None or isinstance(app, Described):
        app = protocol.build(app or Described())
    for name, *arguments in layers:
        app = getattr(protocol.module, name)(app, *arguments)
    options = {"exclude_spans": ["receive", "send"]} if protocol.name == "asgi" else {}
    app = UPSTREAM[protocol.name](app, **telemetry.providers, **options)
    sanitizer = Sanitizer() if sanitize is True else sanitize
    return protocol.module.SanitizationMiddleware(app, sanitizer) if sanitizer else app


def inside_a_span(protocol, telemetry, app, name="between"):
    """*app* inside a middleware that opens a span around it."""
    tracer = telemetry.tracer_provider.get_tracer("app")
    if protocol.name == "asgi":

        async def spanning(scope, receive, send):
            with tracer.start_as_current_span(name):
                await app(scope, receive, send)

    else:

        def spanning(environ, start_response):
            with tracer.start_as_current_span(name):
                return app(environ, start_response)

    return spanning
