"""WSGI alone: keys that are missing or of a wrong type, odd addresses, odd servers."""

from __future__ import annotations

from .entry import MISSING, Made, environ, ordinary_environ

_NEEDED = [
    *("REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "RAW_URI", "SERVER_NAME", "SERVER_PORT"),
    *("SERVER_PROTOCOL", "REMOTE_ADDR", "REMOTE_PORT", "HTTP_HOST", "wsgi.version", "wsgi.url_scheme"),
    *("wsgi.input", "wsgi.errors", "wsgi.multithread", "wsgi.multiprocess", "wsgi.run_once"),
]

_TYPED = [
    *("REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "RAW_URI", "SERVER_NAME", "SERVER_PORT"),
    *("SERVER_PROTOCOL", "REMOTE_ADDR", "REMOTE_PORT", "HTTP_HOST", "HTTP_USER_AGENT", "CONTENT_LENGTH"),
    "wsgi.url_scheme",
]

_EMPTY_ELSEWHERE = ("HTTP_USER_AGENT", "HTTP_HOST", "CONTENT_LENGTH", "wsgi.url_scheme")
"""Empty ones of these stand in other themes."""

_VALUES = [
    ("None", None),
    ("a number", 7),
    ("bytes", b"\xff\\x"),
    ("a list", ["x"]),
    ("empty", ""),
    ("an object", Made(object)),
]

_PORTS = [
    ("in words", "http"),
    ("with spaces", " 80 "),
    ("negative", "-1"),
    ("0", "0"),
    ("too large", "65536"),
    ("five digits too large", "99999"),
    ("huge", "9" * 20),
    ("of 5,000 digits", "9" * 5_000),
    ("with a sign", "+80"),
    ("with an underscore", "8_0"),
    ("Arabic", "\u0664\u0664\u0663"),
    ("superscript", "\u00b2"),
    ("fraction", "80.5"),
    ("CR LF", "80\r\nx: y"),
    ("a Unix socket's path", "/run/app.sock"),
    ("an int", 8000),
    ("an int too large", 2**63),
    ("an int of 5,000 digits", 10**5_000),
    ("True", True),
]

_ADDRESSES = [
    ("a Unix socket's path", "/run/app.sock"),
    ("uWSGI's Unix socket", "unix:"),
    ("IPv6", "2001:db8::1"),
    ("IPv6 in brackets", "[2001:db8::1]"),
    ("IPv6 with a zone", "fe80::1%eth0"),
    ("mapped", "::ffff:192.0.2.7"),
    ("a name", "localhost"),
    ("two addresses", "192.0.2.7, 10.0.0.1"),
    ("with a port", "192.0.2.7:80"),
    ("CR LF", "192.0.2.7\r\nx: y"),
    ("NUL", "192.0.2.7\x00"),
    ("a surrogate", "\udcff"),
    ("a secret", "token=hunter2"),
    ("8 kB", "1" * 8_192),
    ("a space", " "),
]


class _OnlyReads:
    """An input without the methods that PEP 3333 asks for."""

    def read(self, *_):
        raise OSError("the client has left")


WSGI = [
    *(environ(f"no {key}", "a careless server", {key: MISSING}) for key in _NEEDED),
    environ("nothing at all", "the least there can be", dict.fromkeys([*ordinary_environ()], MISSING)),
    environ(
        "what CGI must have",
        "RFC 3875 alone",
        {key: MISSING for key in ordinary_environ() if key not in ("REQUEST_METHOD", "SERVER_NAME", "SERVER_PORT")},
    ),
    *(
        environ(f"{key} is {what}", "a careless server", {key: value})
        for key in _TYPED
        for what, value in _VALUES
        if (key, value) != ("RAW_URI", None)
        and ordinary_environ().get(key) != value
        and (value != "" or key not in _EMPTY_ELSEWHERE)
    ),
    *(environ(f"server port {what}", "SERVER_PORT is free text", {"SERVER_PORT": value}) for what, value in _PORTS),
    *(
        environ(f"server port {what}, no host", "then it is reported", {"SERVER_PORT": value, "HTTP_HOST": MISSING})
        for what, value in _PORTS
    ),
    *(environ(f"remote port {what}", "REMOTE_PORT is free text", {"REMOTE_PORT": value}) for what, value in _PORTS),
    *(environ(f"peer {what}", "REMOTE_ADDR is free text", {"REMOTE_ADDR": value}) for what, value in _ADDRESSES),
    *(
        environ(f"server {what}, no host", "SERVER_NAME is free text", {"SERVER_NAME": value, "HTTP_HOST": MISSING})
        for what, value in _ADDRESSES
    ),
    *(environ(f"peer's name {what}", "REMOTE_HOST is free text", {"REMOTE_HOST": value}) for what, value in _ADDRESSES),
    environ("input None", "a careless server", {"wsgi.input": None}),
    environ("input without methods", "raises when it is read", {"wsgi.input": Made(_OnlyReads)}),
    environ("input terminated", "a chunked body", {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}),
    environ("errors None", "a careless server", {"wsgi.errors": None}),
    environ("version as text", "a careless server", {"wsgi.version": "1.0"}),
    environ("file wrapper None", "a careless server", {"wsgi.file_wrapper": None}),
    environ("file wrapper a function", "allowed", {"wsgi.file_wrapper": len}),
    environ("file wrapper a word", "a careless server", {"wsgi.file_wrapper": "sendfile"}),
    environ("keys of no text", "a careless middleware", {None: None, 7: 7, b"HTTP_X": b"v"}),
    environ("values of no text", "a careless middleware", {"HTTP_X_A": 7, "HTTP_X_B": None, "HTTP_X_C": b"v"}),
    environ("the whole environment", "a CGI program", {f"VAR_{number}": "x" for number in range(500)}),
    environ("AWS keys of a CGI program", "must not be reported", {"AWS_SECRET_ACCESS_KEY": "hunter2"}),
    environ("keys of frameworks", "forged by a middleware", {"bottle.route": 7, "werkzeug.request": None}),
    environ("PATH_INFO of routers", "forged by a middleware", {"wsgiorg.routing_args": ((), {"a": "\r\n"})}),
    environ("SSL of Apache", "what it adds", {"HTTPS": "on", "SSL_CLIENT_S_DN": "CN=\r\n", "REMOTE_USER": "root\n"}),
    environ("auth type", "what CGI adds", {"AUTH_TYPE": "Basic\r\n", "REMOTE_IDENT": "x"}),
    environ("protocol INCLUDED", "server-side includes", {"SERVER_PROTOCOL": "INCLUDED"}),
    environ("protocol lower case", "a careless server", {"SERVER_PROTOCOL": "http/1.1"}),
    environ("protocol of a gateway", "another one", {"SERVER_PROTOCOL": "SPDY/3"}),
]
BOTH = []
ASGI = []
