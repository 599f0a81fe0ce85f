"""Host headers, and targets that bring a host of their own."""

from __future__ import annotations

from .entry import request, requests_by_header

_HOSTS = [
    ("empty", "HTTP/1.1 allows it", ""),
    ("space", "nothing after trimming", " "),
    ("unclosed bracket", "urllib raises for it", "[x"),
    ("unclosed IPv6", "urllib raises for it", "[::1"),
    ("IPv6 without brackets", "colons that are no port", "::1"),
    ("IPv6", "an ordinary one", "[::1]:8443"),
    ("IPv6 with a zone", "free text inside", "[fe80::1%25eth0]:80"),
    ("no IPv6 in brackets", "five parts", "[::ffff:1.2.3.4.5]:80"),
    ("future IP version", "RFC 3986 allows it", "[v1.x]:80"),
    ("userinfo", "a password in it", "user:hunter2@shop.example"),
    ("two at signs", "userinfo that holds one", "a@b@c.example"),
    ("userinfo and broken bracket", "both", "user:hunter2@[x"),
    ("port too large", "no port", "a.example:65536"),
    ("huge port", "overflows an int64", "a.example:99999999999999999999"),
    ("port of 5,000 digits", "int() refuses it", "a.example:" + "9" * 5_000),
    ("negative port", "no port", "a.example:-1"),
    ("port 0", "no port", "a.example:0"),
    ("empty port", "legal", "a.example:"),
    ("port in words", "no port", "a.example:http"),
    ("port in Arabic digits", "isdigit() is true of them", "a.example:\u0664\u0664\u0663"),
    ("superscript port", "isdigit() is true of it, int() raises", "a.example:\u00b2"),
    ("two ports", "a colon too many", "a.example:80:81"),
    ("port only", "no host", ":80"),
    ("space inside", "no host", "a b"),
    ("CR LF", "injection", "a\r\nx: y"),
    ("NUL", "ends a C string", "a\x00.example"),
    ("path", "no host", "a.example/admin"),
    ("URL", "no host", "http://a.example/"),
    ("query", "no host", "a.example?x=1"),
    ("fragment", "no host", "a.example#x"),
    ("backslash", "a slash for browsers", "a.example\\@b.example"),
    ("percent", "a broken escape", "%"),
    ("percent-encoded", "a dot in disguise", "a%2eexample"),
    ("trailing dot", "the same host for DNS", "a.example."),
    ("dots", "no labels", "..."),
    ("upper case", "hosts have no case", "SHOP.Example"),
    ("punycode", "an international name", "xn--bcher-kva.example"),
    ("unicode", "an international name, unencoded", "b\u00fccher.example"),
    ("high byte", "no UTF-8", b"\xff.example"),
    ("underscore", "no host name, but used", "my_service:80"),
    ("integer as address", "http://2130706433/ is 127.0.0.1", "2130706433"),
    ("octal address", "http://0177.0.0.1/ is 127.0.0.1", "0177.0.0.1"),
    ("wildcard", "no host", "*"),
    ("comma", "two hosts that a proxy joined", "a.example, b.example"),
    ("8 kB", "no DNS name", "x" * 8_192),
    ("300 characters", "longer than DNS allows", "x" * 300),
    ("64 kB of dots", "slow for a careless pattern", "." * 65_536),
    ("64 kB of at signs", "slow for a careless pattern", "@" * 65_536),
    ("an excluded path", "must not exclude the request", "healthz"),
    ("template injection", "would be read by a careless template", "${jndi:ldap://x}"),
]

BOTH = [
    *requests_by_header("host", [(f"host: {name}", reason, value) for name, reason, value in _HOSTS]),
    *request("host and forwarded host", "they contradict", headers=[("x-forwarded-host", "evil.example")]),
]
ASGI = []
WSGI = []
