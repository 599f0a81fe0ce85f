"""What else stands on the request line: methods, versions, schemes."""

from __future__ import annotations

from .entry import request

_METHODS = [
    ("lower case", "methods have a case", "get"),
    ("mixed case", "methods have a case", "PoSt"),
    ("spaces around", "a careless server", " GET "),
    ("space inside", "no token", "GET /admin"),
    ("CR LF", "injection", "GET\r\nX: y"),
    ("LF only", "nothing that can be shown", "\n"),
    ("NUL", "ends a C string", "G\x00T"),
    ("noncharacters", "nothing that can be shown; found by the fuzzer", "\U0010ffff\ue000"),
    ("escape sequence", "colours a terminal", "\x1b[31mGET"),
    ("high byte", "no token", "G\xc9T"),
    ("unicode", "no token", "\u0413\u0415\u0422"),
    ("emoji", "no token", "\U0001f4a9"),
    ("surrogate", "cannot be encoded", "\udcff"),
    ("long s", "upper() makes it POST", "po\u017ft"),
    ("dotless i", "upper() makes it OPTIONS", "opt\u0131ons"),
    ("WebDAV", "a known stranger", "PROPFIND"),
    ("PRI", "HTTP/2's preface", "PRI"),
    ("QUERY", "a new one", "QUERY"),
    ("CONNECT", "a proxy's", "CONNECT"),
    ("TRACE", "an echo", "TRACE"),
    ("M-SEARCH", "UPnP's", "M-SEARCH"),
    ("all token characters", "legal, however odd", "!#$%&'*+-.^_`|~"),
    ("semconv's own word", "must not be believed", "_OTHER"),
    ("the name's own word", "must not be believed", "HTTP"),
    ("websocket's word", "must not be believed", "WS"),
    ("digits", "legal", "123"),
    ("line separator", "Unicode's own line break", "GET\u2028"),
    ("64 kB", "without end", "X" * 65_536),
    ("64 kB of spaces", "nothing after trimming", " " * 65_536),
    ("a secret", "a client's slip", "sig=hunter2&password=hunter2"),
    ("a token", "a client's slip", "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlMTIz"),
]

_VERSIONS = [
    ("0.9", "no headers", "0.9"),
    ("1.0", "an old one", "1.0"),
    ("2", "as ASGI spells it", "2"),
    ("2.0", "as some servers spell it", "2.0"),
    ("3", "over QUIC", "3"),
    ("1.01", "wsgiref lets it through", "1.01"),
    ("long", "wsgiref lets any number through", "1." + "1" * 10_000),
    ("huge", "no version", "9" * 5_000),
    ("in words", "no version", "one"),
    ("empty", "no version", ""),
    ("CR LF", "injection", "1.1\r\nx: y"),
    ("NUL", "ends a C string", "1.1\x00"),
    ("negative", "no version", "-1"),
    ("Arabic digits", "isdigit() is true of them", "\u0661.\u0661"),
    ("surrogate", "cannot be encoded", "1.\udcff"),
]

_SCHEMES = [
    ("https", "an ordinary one", "https"),
    ("upper case", "schemes have no case", "HTTPS"),
    ("empty", "no scheme", ""),
    ("with separator", "no scheme", "http://"),
    ("javascript", "another scheme", "javascript"),
    ("CR LF", "injection by X-Forwarded-Proto", "http\r\nx: y"),
    ("NUL", "ends a C string", "http\x00"),
    ("comma", "two proxies", "https,http"),
    ("space", "no scheme", "ht tp"),
    ("unicode", "no scheme", "htt\u03c1"),
    ("surrogate", "cannot be encoded", "\udcff"),
    ("digit first", "no scheme", "1http"),
    ("8 kB", "without end", "h" * 8_192),
    ("a secret", "a header that a careless server believes", "token=hunter2"),
]

BOTH = [
    *(entry for name, reason, method in _METHODS for entry in request(f"method: {name}", reason, method=method)),
    *(entry for name, reason, value in _VERSIONS for entry in request(f"version: {name}", reason, version=value)),
    *(entry for name, reason, scheme in _SCHEMES for entry in request(f"scheme: {name}", reason, scheme=scheme)),
]
ASGI = []
WSGI = []
