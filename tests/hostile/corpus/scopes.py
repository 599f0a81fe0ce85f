"""ASGI alone: keys that are missing or of a wrong type, odd addresses, extensions, other kinds of scopes."""

from __future__ import annotations

from enum import IntEnum
from http import HTTPStatus

from .entry import MISSING, Made, scope


class _Text(str):
    """Text of a careless framework."""

    __slots__ = ()


class _Port(IntEnum):
    HTTPS = 443


class _Bytes(bytes):
    """Bytes of a careless framework."""


_NEEDED = [
    *("asgi", "http_version", "method", "scheme", "path", "query_string", "root_path", "headers", "client", "server"),
    "state",
]

_VALUES = [("None", None), ("a number", 7), ("a list", [b"x"]), ("bytes", b"x"), ("an object", Made(object))]

_TYPED = ["asgi", "http_version", "method", "scheme", "path", "headers", "client", "server"]

_HEADERS = [
    ("as text", "a test client", [("Host", "a.example"), ("X-Odd", "v")]),
    ("as text with surrogates", "a test client", [("x-\ud800", "\udcff"), ("user-agent", "\ud800")]),
    ("as a tuple", "hypercorn", ((b"host", b"a.example"),)),
    ("as a dict", "a careless test client", {b"host": b"a.example"}),
    ("as a set", "a careless test client", frozenset({(b"host", b"a.example")})),
    ("as a generator", "once only", Made(lambda: (line for line in [(b"host", b"a.example")]))),
    ("as a range", "iterates over numbers", range(3)),
    ("as lists", "hypercorn's pairs", [[b"host", b"a.example"], [b"x-odd", b"v"]]),
    ("with triples", "never-indexed marks of HPACK", [(b"host", b"a.example", True)]),
    ("with single names", "broken", [(b"host",), ()]),
    ("with None", "broken", [None, (None, None), (b"x", None), (None, b"v")]),
    ("with numbers", "broken", [(b"content-length", 4), (5, b"v"), 7]),
    ("with a huge number as a name", "bytes(n) makes n bytes", [(2**40, b"v"), (10**30, b"v")]),
    ("with lists inside", "unhashable", [([b"x"], [b"v"])]),
    ("with bytearrays", "unhashable", [(bytearray(b"host"), bytearray(b"a.example"))]),
    ("with memoryviews", "a zero-copy server", [(memoryview(b"host"), memoryview(b"a.example"))]),
    ("with subclasses", "a careless framework", [(_Bytes(b"user-agent"), _Bytes(b"v"))]),
    ("as a text", "iterates over characters", "host: a.example"),
    ("as pairs of characters", "unpacks into two", ["ab", b"cd"]),
    ("name twice in two types", "one header", [("host", "a.example"), (b"host", b"b.example")]),
]

_ADDRESSES = [
    ("None", "a Unix socket or a test client", None),
    ("empty tuple", "a careless server", ()),
    ("one item", "a careless server", ("192.0.2.7",)),
    ("three items", "a careless server", ("192.0.2.7", 1, 2)),
    ("IPv6 of Python", "four items", ("2001:db8::1", 1, 0, 0)),
    ("list", "ASGI's own words", ["192.0.2.7", 50_312]),
    ("text", "a careless server", "192.0.2.7:80"),
    ("bytes", "a careless server", (b"192.0.2.7", 80)),
    ("address None", "a careless server", (None, 80)),
    ("both None", "a careless server", (None, None)),
    ("address a number", "a careless server", (3221225991, 80)),
    ("address empty", "a careless server", ("", 80)),
    ("Unix socket", "uvicorn", ("/run/app.sock", None)),
    ("abstract socket", "begins with NUL", ("\x00app", None)),
    ("zone", "a link-local peer", ("fe80::1%eth0", 80)),
    ("name", "not resolved", ("localhost", 80)),
    ("testclient", "Starlette's", ("testclient", 50_000)),
    ("CR LF", "a believed header", ("192.0.2.7\r\nx: y", 80)),
    ("surrogate", "cannot be encoded", ("\udcff", 80)),
    ("8 kB", "a believed header", ("1" * 8_192, 80)),
    ("a secret", "a believed header", ("token=hunter2", 80)),
    ("port None", "not known", ("192.0.2.7", None)),
    ("port as text", "a careless server", ("192.0.2.7", "80")),
    ("port as bytes", "a careless server", ("192.0.2.7", b"80")),
    ("port negative", "no port", ("192.0.2.7", -1)),
    ("port 0", "Daphne's, hypercorn's", ("192.0.2.7", 0)),
    ("port too large", "no port", ("192.0.2.7", 65_536)),
    ("port overflows", "cannot be exported", ("192.0.2.7", 2**63)),
    ("port of 5,000 digits", "str() refuses it", ("192.0.2.7", 10**5_000)),
    ("port a fraction", "no port", ("192.0.2.7", 80.5)),
    ("port NaN", "no port", ("192.0.2.7", float("nan"))),
    ("port True", "an int for Python", ("192.0.2.7", True)),
    ("port an enum", "an int for Python", ("192.0.2.7", _Port.HTTPS)),
    ("a dict", "a careless server", {"host": "192.0.2.7", "port": 80}),
]

_MESSAGES = {"type": "websocket", "scheme": "ws", "method": MISSING}


def _socket(name, reason, changes):
    return scope(f"websocket: {name}", reason, {**_MESSAGES, **changes})


_SOCKETS = [
    _socket("ordinary", "as servers send it", {"subprotocols": ["chat"]}),
    _socket("with method", "Starlette's test client", {"method": "GET"}),
    _socket("with POST", "forged", {"method": "POST"}),
    _socket("with a forged method", "injection", {"method": "GET\r\nx"}),
    _socket("https", "a careless server", {"scheme": "https"}),
    _socket("wss", "encrypted", {"scheme": "wss"}),
    _socket("no scheme", "optional", {"scheme": MISSING}),
    _socket("subprotocols None", "a careless server", {"subprotocols": None}),
    _socket("subprotocols missing", "optional", {}),
    _socket("subprotocols as text", "a careless server", {"subprotocols": "chat"}),
    _socket("subprotocols forged", "injection", {"subprotocols": ["a\r\nb", "\x00", "\udcff", "x" * 65_536]}),
    _socket("10,000 subprotocols", "without end", {"subprotocols": [f"p{number}" for number in range(10_000)]}),
    _socket("subprotocols of numbers", "a careless server", {"subprotocols": [1, None]}),
    _socket("subprotocols generator", "once only", {"subprotocols": Made(lambda: iter(["chat"]))}),
    _socket("key missing", "no handshake", {"headers": []}),
    _socket("key broken", "injection", {"headers": [(b"sec-websocket-key", b"\r\n\x00\xff\\x")]}),
    _socket("version 99", "unknown", {"headers": [(b"sec-websocket-version", b"99")]}),
    _socket("extensions bomb", "slow", {"headers": [(b"sec-websocket-extensions", b"permessage-deflate;" * 5_000)]}),
    _socket("HTTP/2", "RFC 8441", {"http_version": "2", "extensions": {"websocket.http.response": {}}}),
    _socket("denial extension None", "a careless server", {"extensions": None}),
    _socket("path empty", "no slash", {"path": ""}),
    _socket("path forged", "injection", {"path": "/ws\r\n\x00\u2028"}),
    _socket("path None", "a careless server", {"path": None}),
    _socket("query forged", "no UTF-8", {"query_string": b"token=hunter2&a=\xff\r\n"}),
    _socket("client None", "a Unix socket", {"client": None, "server": None}),
    _socket("host forged", "userinfo", {"headers": [(b"host", b"user:hunter2@[x")]}),
    _socket("traceparent", "a caller", {"headers": [(b"traceparent", b"00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-00")]}),
    _socket("200 headers", "more than a span has attributes", {"headers": [(b"x-%d" % n, b"v") for n in range(200)]}),
    _socket("only its type", "the least there can be", dict.fromkeys([*_NEEDED, "raw_path"], MISSING)),
]

_KINDS = [
    scope("lifespan", "no request", {"type": "lifespan"}),
    scope("lifespan alone", "as servers send it", {"type": "lifespan", **dict.fromkeys(_NEEDED, MISSING)}),
    scope("type missing", "no ASGI", {"type": MISSING}),
    scope("type None", "no ASGI", {"type": None}),
    scope("type empty", "no ASGI", {"type": ""}),
    scope("type unknown", "another protocol", {"type": "mqtt"}),
    scope("type in capitals", "no HTTP", {"type": "HTTP"}),
    scope("type bytes", "a careless server", {"type": b"http"}),
    scope("type a list", "unhashable", {"type": ["http"]}),
    scope("type a dict", "unhashable", {"type": {}}),
    scope("type a number", "a careless server", {"type": 7}),
    scope("type with CR LF", "injection", {"type": "http\r\n"}),
    scope("type of channels", "Django Channels' own", {"type": "websocket.connect"}),
    scope("type email", "an old idea", {"type": "email"}),
    scope("webtransport", "HTTP/3's", {"type": "webtransport"}),
    scope("type a subclass", "text all the same", {"type": _Text("http")}),
]


def _loop():
    loop = {}
    loop["loop"] = loop
    return loop


_EXTENSIONS = [
    ("None", None),
    ("empty", {}),
    ("a list", ["http.response.push"]),
    ("trailers", {"http.response.trailers": {}}),
    ("path send", {"http.response.pathsend": {}}),
    ("early hints", {"http.response.early_hint": {}}),
    ("push", {"http.response.push": None}),
    ("debug", {"http.response.debug": {}}),
    ("TLS", {"tls": {"client_cert_name": "CN=\r\n", "client_cert_chain": ["x" * 65_536], "tls_version": 0x0304}}),
    ("TLS broken", {"tls": None}),
    ("keys of no text", {None: None, 7: 7, b"x": b"y"}),
    ("itself inside", Made(_loop)),
]


ASGI = [
    *(scope(f"no {key}", "a careless server", {key: MISSING}) for key in _NEEDED),
    scope("only type", "the least there can be", dict.fromkeys([*_NEEDED, "raw_path"], MISSING)),
    *(
        scope(f"{key} is {what}", "a careless server", {key: value})
        for key in _TYPED
        for what, value in _VALUES
        if not (key in ("client", "server") and value is None)
    ),
    scope("method a status", "an enum", {"method": HTTPStatus.OK}),
    scope("texts of a subclass", "text all the same", {"path": _Text("/a"), "method": _Text("GET")}),
    *(scope(f"headers {what}", reason, {"headers": value}) for what, reason, value in _HEADERS),
    *(
        scope(f"{key}: {what}", reason, {key: value})
        for key in ("client", "server")
        for what, reason, value in _ADDRESSES
    ),
    *(
        scope(f"server: {what}, no host", reason, {"server": value, "headers": []})
        for what, reason, value in _ADDRESSES
        if what.startswith("port")
    ),
    *_SOCKETS,
    *_KINDS,
    *(scope(f"extensions: {what}", "what servers can do", {"extensions": value}) for what, value in _EXTENSIONS),
    scope("asgi version 2", "an old server", {"asgi": {"version": "2.0"}}),
    scope("state None", "a careless server", {"state": None}),
    scope("keys of no text", "a careless middleware", {None: None, 7: 7, b"x": b"y"}),
    scope("keys of frameworks", "forged by a middleware", {"route": None, "endpoint": 7, "path_params": None}),
    scope("a route that is none", "forged by a middleware", {"route": "\r\n", "router": object}),
    scope("keys of upstream", "forged by a middleware", {"fastapi.telemetry": 7, "starlette.opentelemetry": 7}),
    scope("500 keys", "a chatty middleware", {f"k{number}": number for number in range(500)}),
]
BOTH = []
WSGI = []
