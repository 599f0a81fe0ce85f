"""What clients claim about themselves: forwarded headers, tenants, sizes, times."""

from __future__ import annotations

from .entry import request, requests_by_header

_PROXY = ("10.0.0.9", 40_000)
"""A peer that the full set of options trusts."""

_FORWARDED = [
    ("x-forwarded-for", "a list", "203.0.113.9, 10.0.0.1"),
    ("x-forwarded-for", "no address", "evil"),
    ("x-forwarded-for", "empty", ""),
    ("x-forwarded-for", "commas", ",,,,"),
    ("x-forwarded-for", "with port", "203.0.113.9:99999"),
    ("x-forwarded-for", "IPv6", "2001:db8::1"),
    ("x-forwarded-for", "IPv6 in brackets", "[2001:db8::1]:443"),
    ("x-forwarded-for", "IPv6 with a zone", "fe80::1%\r\n"),
    ("x-forwarded-for", "mapped", "::ffff:203.0.113.9"),
    ("x-forwarded-for", "CR LF", "203.0.113.9\r\nx: y"),
    ("x-forwarded-for", "NUL", "203.0.113.9\x00"),
    ("x-forwarded-for", "high bytes", b"\xff\\x"),
    ("x-forwarded-for", "unknown", "unknown"),
    ("x-forwarded-for", "octal", "0177.0.0.1"),
    ("x-forwarded-for", "Arabic digits", "\u0661.1.1.1"),
    ("x-forwarded-for", "10,000 hops", ",".join(["203.0.113.9"] * 10_000)),
    ("x-forwarded-for", "64 kB of commas", "," * 65_536),
    ("x-forwarded-proto", "a scheme", "https"),
    ("x-forwarded-proto", "no scheme", "gopher"),
    ("x-forwarded-proto", "CR LF", "https\r\n"),
    ("x-forwarded-proto", "a list", "https,http"),
    ("x-forwarded-host", "a host", "shop.example"),
    ("x-forwarded-host", "a broken one", "[x"),
    ("x-forwarded-host", "userinfo", "user:hunter2@shop.example"),
    ("x-forwarded-host", "CR LF", "a\r\nb"),
    ("x-forwarded-host", "64 kB", "h" * 65_536),
    ("x-forwarded-port", "a port", "443"),
    ("x-forwarded-port", "too large", "99999"),
    ("x-forwarded-port", "5,000 digits", "9" * 5_000),
    ("x-forwarded-port", "superscript", "\u00b2"),
    ("x-forwarded-prefix", "a prefix", "/\r\n"),
    ("forwarded", "ordinary", 'for=203.0.113.9;proto=https;host="shop.example:443"'),
    ("forwarded", "open quote", 'for="203.0.113.9'),
    ("forwarded", "escapes", 'for="\\2\\0\\3.0.113.9";host="\\"\\\\"'),
    ("forwarded", "obfuscated", "for=_hidden;by=_secret"),
    ("forwarded", "IPv6", 'for="[2001:db8::1]:4711"'),
    ("forwarded", "malformed", ";;,,==for"),
    ("forwarded", "CR LF", "for=203.0.113.9\r\n;proto=https"),
    ("forwarded", "one parameter twice", "for=1.1.1.1;for=2.2.2.2"),
    ("forwarded", "64 kB of quotes", '"' * 65_536),
    ("forwarded", "64 kB of backslashes", 'for="' + "\\" * 65_536),
    ("x-real-ip", "an address", "203.0.113.9"),
    ("x-request-start", "a time", "t=1700000000.123"),
    ("x-request-start", "the far future", "t=" + "9" * 20),
    ("x-request-start", "no number", "t=nan"),
    ("x-request-start", "5,000 digits", "9" * 5_000),
    ("x-request-start", "Arabic digits", "t=\u0661\u0661"),
    ("x-original-url", "a path with a secret", "/reset?token=hunter2"),
]

_TENANTS = [
    ("a tenant", "ordinary", "acme"),
    ("empty", "names none", ""),
    ("CR LF", "injection", "acme\r\nx"),
    ("newline at the end", "$ matches before it", "acme\n"),
    ("NUL", "ends a C string", "acme\x00"),
    ("unicode", "does not fit", "\u0430cme"),
    ("high bytes", "no UTF-8", b"\xff\\x"),
    ("64 kB", "without end", "a" * 65_536),
    ("two tenants", "which?", "acme,other"),
    ("path", "no tenant", "../other"),
    ("the word for none", "must be allowed to say so", "unknown"),
    ("the word for the rest", "must not be believed", "_other"),
]

_LENGTHS = [
    ("zero", "no body", "0"),
    ("more than comes", "a slow attack", "1000000"),
    ("less than comes", "request smuggling", "1"),
    ("negative", "no length", "-1"),
    ("sign", "int() takes it", "+4"),
    ("underscore", "int() takes it", "1_000"),
    ("spaces", "int() takes them", " 4 "),
    ("hexadecimal", "no length", "0x4"),
    ("fraction", "no length", "4.0"),
    ("exponent", "no length", "4e3"),
    ("words", "no length", "four"),
    ("empty", "no length", ""),
    ("list", "two lines that a proxy joined", "4, 4"),
    ("Arabic digit", "isdigit() is true of it", "\u0664"),
    ("superscript", "isdigit() is true of it, int() raises", "\u00b2"),
    ("overflows an int64", "cannot be exported as an integer", "9223372036854775808"),
    ("20 digits", "cannot be exported as an integer", "9" * 20),
    ("400 digits", "no float has as many", "9" * 400),
    ("5,000 digits", "int() refuses it", "9" * 5_000),
    ("leading zeros", "a number all the same", "0" * 5_000 + "4"),
    ("CR LF", "injection", "4\r\nx: y"),
    ("high bytes", "no UTF-8", b"\xff\\x"),
]

_MORE = [
    ("expect", "a handshake", "100-continue"),
    ("transfer-encoding", "request smuggling", "chunked"),
    ("upgrade", "another protocol", "h2c"),
    ("connection", "takes headers away", "close, x-forwarded-for"),
    ("range", "slow for a careless server", "bytes=" + "0-," * 5_000),
    ("accept", "shellshock", "() { :;}; echo vulnerable"),
    ("content-type", "a body that is no form", "multipart/form-data; boundary=\r\n"),
    ("content-encoding", "a bomb", "gzip, gzip, gzip, br"),
    ("cookie", "a thousand", "; ".join(f"c{number}=hunter2" for number in range(1_000))),
    ("authorization", "no scheme", "hunter2"),
    ("authorization", "broken base64", "Basic %%%"),
    ("authorization", "a token without a key", "Bearer eyJhbGciOiJub25lIn0.eyJvcmdfaWQiOiJhZG1pbiJ9."),
    ("authorization", "a token of 64 kB", "Bearer " + "eyJ" * 21_845),
    ("authorization", "no JSON in the token", "Bearer AAAA.////.____"),
    ("x-http-method-override", "another method", "DELETE"),
    ("te", "trailers", "trailers"),
]

BOTH = [
    *(
        entry
        for header, what, value in _FORWARDED
        for entry in request(
            f"{header}: {what}", "a forged line through a trusted proxy", headers=[(header, value)], client=_PROXY
        )
    ),
    *requests_by_header("x-forwarded-for", [("x-forwarded-for of a stranger", "must not be believed", "203.0.113.9")]),
    *request(
        "both standards of forwarding",
        "they contradict",
        headers=[("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=198.51.100.1;host=evil.example")],
        client=_PROXY,
    ),
    *requests_by_header("x-tenant-id", [(f"tenant: {name}", reason, value) for name, reason, value in _TENANTS]),
    *requests_by_header(
        "content-length", [(f"content-length: {name}", reason, value) for name, reason, value in _LENGTHS]
    ),
    *(
        entry
        for number, (header, reason, value) in enumerate(_MORE)
        for entry in request(f"{header}, the {number}th", reason, headers=[(header, value)])
    ),
]
ASGI = []
WSGI = []
