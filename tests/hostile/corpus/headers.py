"""Bytes in header values and names, repeated headers, many headers."""

from __future__ import annotations

from .entry import MISSING, environ, request, scope

_VALUES = [
    ("high byte and backslash", "breaks unicode_escape, upstream's fallback", b"\xff\\x"),
    ("latin-1", "legal obs-text that is no UTF-8", b"caf\xe9"),
    ("utf-8", "what browsers send", "caf\u00e9"),
    ("emoji", "outside the basic plane", "\U0001f4a9"),
    ("overlong utf-8", "a forbidden spelling of a slash", b"\xc0\xaf"),
    ("encoded surrogate", "a lone surrogate in CESU-8", b"\xed\xa0\x80"),
    ("lone continuation byte", "no UTF-8", b"\x80\x80"),
    ("truncated utf-8", "ends in the middle of a character", b"abc\xe2\x82"),
    ("utf-16 with its mark", "another encoding, NULs inside", b"\xff\xfea\x00b\x00"),
    ("utf-8 byte order mark", "invisible at the start", b"\xef\xbb\xbfabc"),
    ("all bytes", "every byte that there is", bytes(range(256))),
    ("CR LF", "header and log injection", b"a\r\nset-cookie: x=1"),
    ("bare LF", "log injection", b"a\nb"),
    ("bare CR", "log injection", b"a\rb"),
    ("folded line", "obs-fold of old clients", b"a\r\n b"),
    ("NUL", "ends a C string", b"a\x00b"),
    ("tab", "legal whitespace inside", b"a\tb"),
    ("escape sequence", "colours a terminal", b"\x1b[31mred\x1b[0m"),
    ("backspaces", "hide what stands before", b"root\x08\x08\x08\x08user"),
    ("DEL", "the one control character above the others", b"\x7f"),
    ("C1 controls", "control characters of latin-1", "\x85\x9b31m"),
    ("line separators", "Unicode's own line breaks", "a\u2028b\u2029c"),
    ("right-to-left override", "turns what follows around", "\u202egnp.exe"),
    ("zero-width characters", "two values that look the same", "a\u200b\u200db\ufeff"),
    ("percent-encoded CR LF", "becomes an injection once decoded", b"a%0d%0ab"),
    ("escapes as text", "backslash escapes must stay text", rb"\u0000\x00\n\N{BULLET}"),
    ("format directives", "would be read by a careless logger", b"%s%s%n{0.__class__}{{}}"),
    ("template injection", "would be read by a careless template", b"${jndi:ldap://x}{{7*7}}"),
    ("empty", "a header without a value", b""),
    ("spaces only", "nothing after trimming", b"   "),
    ("comma only", "an empty list", b",,,"),
    ("quotes", "never closed", b'"a'),
    ("8 kB", "a usual limit of servers", b"v" * 8_192),
    ("64 kB", "what httptools lets through", b"v" * 65_536),
    ("64 kB of high bytes", "doubles when it is encoded again", b"\xe9" * 65_536),
    ("64 kB of NULs", "each could become three characters", b"\x00" * 65_536),
    ("64 kB of percents", "each could be decoded again", b"%25" * 21_845),
]

_NAMES = [
    ("empty name", "no name at all", b""),
    ("space in name", "no token", b"x odd"),
    ("colon in name", "no token", b"x:odd"),
    ("NUL in name", "no token", b"x\x00odd"),
    ("CR LF in name", "injection by a name", b"x\r\nodd"),
    ("LF in name", "injection by a name", b"x\nodd"),
    ("high byte and backslash in name", "breaks unicode_escape", b"x-\xff\\x"),
    ("utf-8 in name", "no token", "x-\u00e9"),
    ("emoji in name", "no token", "x-\U0001f4a9"),
    ("escape sequence in name", "colours a terminal", b"x-\x1b[31m"),
    ("line separator in name", "Unicode's own line break", "x-\u2028"),
    ("underscore", "the same attribute as with a dash", b"x_odd"),
    ("digits only", "a name without a letter", b"12345"),
    ("dash only", "a name without a letter", b"-"),
    ("8 kB name", "an attribute name without end", b"x" * 8_192),
    ("all token characters", "legal, however odd", b"!#$%&'*+-.^_`|~"),
    ("an attribute's name", "would replace it if names were not prefixed", b"http.route"),
    ("a dunder", "an attribute of every Python object", b"__class__"),
    ("a pseudo-header", "HTTP/2's own, in the wrong place", b":path"),
    ("a key of ours", "must not be taken for one", b"otel_middleware.exchange"),
]

_REPEATED = [
    *("host", "user-agent", "content-length", "content-type", "cookie", "traceparent", "tracestate", "baggage"),
    *("x-forwarded-for", "forwarded", "x-tenant-id", "authorization"),
]


def _many(count, name="x-filler-%d", value="v"):
    return [(name % number if "%" in name else name, value) for number in range(count)]


BOTH = [
    *(
        entry
        for header in ("user-agent", "referer", "x-odd")
        for name, reason, value in _VALUES
        for entry in request(f"{header}: {name}", reason, headers=[(header, value)])
    ),
    *(entry for name, reason, header in _NAMES for entry in request(name, reason, headers=[(header, "v")])),
    *(
        entry
        for header in _REPEATED
        for entry in request(
            f"{header} twice", "a second line that contradicts the first", headers=[(header, "1"), (header, "2")]
        )
    ),
    *request("one header 500 times", "an array without end", headers=_many(500, "x-odd")),
    *request("127 headers", "one short of the SDK's limit of attributes", headers=_many(127)),
    *request("200 headers", "more than a span has attributes", headers=_many(200)),
    *request("2,000 headers", "more than any server should take", headers=_many(2_000)),
    *request("200 headers of 1 kB", "200 kB in all", headers=_many(200, value="v" * 1_024)),
    *request("dash and underscore", "two headers, one attribute", headers=[("x-odd-name", "1"), ("x_odd_name", "2")]),
]

ASGI = [
    scope("no header at all", "HTTP/1.0 allows it", {"headers": []}),
    scope("name in capitals", "ASGI wants lower case", {"headers": [(b"HOST", b"a.example"), (b"User-Agent", b"x")]}),
    scope("name in two cases", "one header for HTTP", {"headers": [(b"X-Odd", b"1"), (b"x-odd", b"2")]}),
    scope(
        "HTTP/2 pseudo-headers",
        "a server that forgot to take them off",
        {"headers": [(b":method", b"PUT"), (b":authority", b"a.example"), (b":path", b"/b"), (b":scheme", b"x")]},
    ),
]

WSGI = [
    environ("no header at all", "HTTP/1.0 allows it", {"HTTP_HOST": MISSING, "HTTP_ACCEPT": MISSING}),
    environ("header in lower case", "a careless server", {"HTTP_user_agent": "x", "http_x_odd": "y"}),
    environ("header with a dash", "a careless server", {"HTTP_X-ODD": "1", "HTTP_USER-AGENT": "2"}),
    environ("httpoxy", "the Proxy header becomes HTTP_PROXY", {"HTTP_PROXY": "http://evil.example:1"}),
    environ("content type twice", "with and without prefix", {"CONTENT_TYPE": "a/b", "HTTP_CONTENT_TYPE": "c/d"}),
    environ("content length twice", "with and without prefix", {"CONTENT_LENGTH": "1", "HTTP_CONTENT_LENGTH": "2"}),
    environ("text outside latin-1", "PEP 3333 forbids it, test clients do it", {"HTTP_USER_AGENT": "\u20ac\U0001f4a9"}),
    environ("surrogates", "os.environ of a CGI program", {"HTTP_USER_AGENT": "a\udcff", "HTTP_X_ODD": "\ud800"}),
    environ("surrogate in a name", "the same in a name", {"HTTP_X_\udcff": "v"}),
]
