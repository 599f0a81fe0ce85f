"""Applications that are served bare and instrumented, and what a server sees of either."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import GeneratorType

from opentelemetry.context import attach, detach, get_current, set_value

OURS = "otel_middleware"
NATIVE = ("fastapi.telemetry", "starlette.opentelemetry")


class Boom(Exception):
    """Raised by applications; ``str()`` of it raises as well."""

    def __str__(self):
        raise RuntimeError("no text")


def seen(value, depth=6):
    """What can be seen of a carrier: the same for two that were built alike."""
    if isinstance(value, dict):
        if depth == 0:
            return "..."
        items = [(seen(key), seen(item, depth - 1)) for key, item in value.items() if not _is_ours(key)]
        return f"{{{', '.join(f'{key}: {item}' for key, item in sorted(items))}}}"
    if isinstance(value, (list, tuple)):
        return f"{type(value).__name__}({', '.join(seen(item, depth - 1) for item in value)})" if depth else "..."
    if isinstance(value, (set, frozenset)):
        return f"set({sorted(map(seen, value))})"
    if isinstance(value, memoryview):
        return f"memoryview({value.tobytes()!r})"
    if isinstance(value, int):
        return f"{type(value).__name__}({int(value):x})"
    if isinstance(value, (str, bytes, bytearray, float)) or value is None:
        return f"{type(value).__name__}({value!r})"
    if isinstance(value, GeneratorType) or type(value).__name__.endswith("iterator"):
        return f"once({', '.join(seen(item) for item in value)})"
    return type(value).__name__


def _is_ours(key):
    return isinstance(key, str) and key.startswith(OURS)


@dataclass
class Served:
    """All that a server sees of one request."""

    events: list = field(default_factory=list)
    error: BaseException | None = None

    @property
    def answered(self):
        """Whether the application came to its end."""
        return self.error is None

    def __eq__(self, other):
        mine, theirs = self.error, other.error
        same = mine is theirs or (type(mine) is type(theirs) and _args(mine) == _args(theirs))
        return self.events == other.events and same

    __hash__ = None

    def __repr__(self):
        return f"Served({self.events!r:.2000}, {type(self.error).__name__}{_args(self.error)!r:.200})"


def _args(error):
    return getattr(error, "args", ())


class Sent:
    """The server's side of an ASGI application, without a loop: nothing in these applications waits."""

    def __init__(self, scope):
        kind = scope.get("type")
        self._inputs = [dict(message) for message in _INPUTS.get(str(kind), _INPUTS["http"])]
        self.served = Served()

    async def receive(self):
        return self._inputs.pop(0) if self._inputs else {"type": "http.disconnect"}

    async def send(self, message):
        self.served.events.append(dict(message))


_INPUTS = {
    "http": [
        {"type": "http.request", "body": b"fo", "more_body": True},
        {"type": "http.request", "body": b"ur", "more_body": False},
        {"type": "http.disconnect"},
    ],
    "websocket": [
        {"type": "websocket.connect"},
        {"type": "websocket.receive", "text": "\udcff\r\n"},
        {"type": "websocket.receive", "bytes": b"\xff\x00"},
        {"type": "websocket.disconnect", "code": 1000},
    ],
    "lifespan": [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}],
}


def serve_asgi(app, scope):
    """Serve one connection, in this context."""
    sent = Sent(scope)
    try:
        app(scope, sent.receive, sent.send).send(None)
        sent.served.error = AssertionError("the application waits")
    except StopIteration as stop:
        sent.served.events.append(("returned", stop.value))
    except Exception as error:  # the server's place
        sent.served.error = error
    return sent.served


def serve_wsgi(app, environ):
    """Serve one request as PEP 3333 says."""
    served = Served()

    def start_response(status, headers, exc_info=None):
        served.events.append(("start", status, list(headers), exc_info is not None))
        return lambda data: served.events.append(("written", data))

    try:
        body = app(environ, start_response)
        served.events.append(("sized", len(body) if hasattr(body, "__len__") else None))
        try:
            served.events.extend(("chunk", chunk) for chunk in body)
        finally:
            close = getattr(body, "close", None)
            if close is not None:
                close()
            served.events.append(("closed by its server", getattr(body, "closed", None)))
    except Exception as error:  # the server's place
        served.error = error
    return served


# -- applications

_LENGTH = "content-length"


async def asgi_echo(scope, receive, send):
    """Answers with all that it sees."""
    heard = []
    while len(heard) < 4 and (not heard or heard[-1].get("more_body") or "websocket" in str(heard[-1]["type"])):
        heard.append(await receive())
    body = f"{seen(scope)} {heard}".encode("utf-8", "backslashreplace")
    if scope.get("type") == "websocket":
        await send({"type": "websocket.accept", "headers": [(b"x-odd", b"\xff\\x")]})
        await send({"type": "websocket.send", "bytes": body})
        await send({"type": "websocket.close", "code": 1000})
        return
    headers = [(b"content-type", b"text/plain"), (b"x-odd", b"\xff\\x\r\n"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def asgi_streaming(scope, receive, send):
    """Answers in chunks, one of them empty; refuses websockets."""
    if scope.get("type") == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 4401})
        return
    await send({"type": "http.response.start", "status": 503})
    for chunk in (b"a", b"", b"\xff" * 1_000):
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body"})


BOOM = Boom("boom", 7)


async def asgi_raising(scope, receive, send):
    """Raises before it answers."""
    raise BOOM


async def asgi_vandal(scope, receive, send):
    """Spoils the scope and the messages, then answers."""
    kind = scope.get("type")
    scope.clear()
    scope.update({"type": None, "path": 7, "headers": 7, "route": 7, "root_path": b"", "method": ["x"]})
    message = await receive()
    message.clear()
    if kind == "websocket":
        await send({"type": "websocket.close"})
        return
    await send({"type": "http.response.start", "status": 404, "headers": ()})
    await send({"type": "http.response.body", "body": b"", "more_body": None, "extra": object})


def wsgi_echo(environ, start_response):
    """Answers with all that it sees."""
    body = seen(environ).encode("utf-8", "backslashreplace")
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Odd", "\xff\\x"), (_LENGTH, str(len(body)))])
    return [body]


class Chunks:
    """A body that counts how often it is closed."""

    closed = 0

    def __iter__(self):
        yield b""
        yield b"\xff" * 1_000

    def close(self):
        self.closed += 1


def wsgi_streaming(environ, start_response):
    """Answers in chunks, one of them empty, one of them written the old way."""
    start_response("503 Odd", [])(b"a")
    return Chunks()


def wsgi_raising(environ, start_response):
    """Raises before it answers."""
    raise BOOM


def wsgi_vandal(environ, start_response):
    """Spoils the environ, then answers without a reason phrase."""
    environ.clear()
    environ.update({"REQUEST_METHOD": None, "PATH_INFO": 7, "SCRIPT_NAME": b"", "wsgi.url_scheme": []})
    start_response("404", [])
    return ()


APPLICATIONS = {
    "asgi": {
        "echoing": asgi_echo,
        "streaming": asgi_streaming,
        "raising": asgi_raising,
        "vandal": asgi_vandal,
    },
    "wsgi": {
        "echoing": wsgi_echo,
        "streaming": wsgi_streaming,
        "raising": wsgi_raising,
        "vandal": wsgi_vandal,
    },
}
SERVERS = {"asgi": serve_asgi, "wsgi": serve_wsgi}


def serve(protocol, app, carrier):
    """Serve one request; the context must be left as it was found."""
    token = attach(set_value("hostile", "before"))
    before = get_current()
    try:
        served = SERVERS[protocol](app, carrier)
        if get_current() is not before:
            served.events.append("the context is another one")
    finally:
        detach(token)
    return served


def is_a_request(carrier, protocol):
    """Whether there is a request to report: HTTP and websocket are, a lifespan and the unknown are not."""
    kind = carrier.get("type")
    return protocol == "wsgi" or (isinstance(kind, str) and kind in ("http", "websocket"))
