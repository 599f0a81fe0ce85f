"""What callers say of their trace: traceparent, tracestate, baggage, and other formats."""

from __future__ import annotations

from .entry import request, requests_by_header

_TRACE, _SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
_PARENT = f"00-{_TRACE}-{_SPAN}-01"

_PARENTS = [
    ("ordinary", "a caller", _PARENT),
    ("not sampled", "drops our span under a parent-based sampler", f"00-{_TRACE}-{_SPAN}-00"),
    ("all flags", "unknown ones", f"00-{_TRACE}-{_SPAN}-ff"),
    ("version ff", "forbidden", f"ff-{_TRACE}-{_SPAN}-01"),
    ("future version", "has more fields", f"cc-{_TRACE}-{_SPAN}-01-what-the-future-will-be-like"),
    ("version 00 with more", "forbidden", f"{_PARENT}-x"),
    ("trace of zeros", "invalid", f"00-{'0' * 32}-{_SPAN}-01"),
    ("span of zeros", "invalid", f"00-{_TRACE}-{'0' * 16}-01"),
    ("upper case", "forbidden", _PARENT.upper()),
    ("too short", "cut", _PARENT[:-4]),
    ("too long", "a digit more", f"00-{_TRACE}0-{_SPAN}-01"),
    ("no hexadecimal", "g", f"00-{'g' * 32}-{_SPAN}-01"),
    ("empty", "nothing", ""),
    ("dashes", "no fields", "---"),
    ("spaces around", "trimmed", f"  {_PARENT}  "),
    ("newline at the end", "$ matches before it", f"{_PARENT}\n"),
    ("CR LF", "injection", f"00-{_TRACE}\r\nx-{_SPAN}-01"),
    ("NUL", "ends a C string", f"00-{_TRACE}\x00-{_SPAN}-01"),
    ("high bytes", "no UTF-8", b"00-\xff\\x-\xfe-01"),
    ("Arabic digits", "int() takes them", f"00-{chr(0x661) * 32}-{chr(0x661) * 16}-01"),
    ("two in one", "joined lines", f"{_PARENT},{_PARENT}"),
    ("64 kB", "without end", f"01-{_TRACE}-{_SPAN}-01-" + "x" * 65_536),
    ("4 kB of spaces", "slow for a careless pattern", "00-" + " " * 4_096),
]

_STATES = [
    ("ordinary", "a vendor", "vendor=opaque,other@tenant=1"),
    ("empty", "nothing", ""),
    ("commas", "empty members", ",,,,"),
    ("40 members", "more than 32", ",".join(f"k{number}=v" for number in range(40))),
    ("one twice", "forbidden", "a=1,a=2"),
    ("no value", "malformed", "a="),
    ("no equals", "malformed", "abc"),
    ("upper case", "forbidden in keys", "VENDOR=1"),
    ("long key", "257 characters", "k" * 257 + "=v"),
    ("long value", "300 characters", "k=" + "v" * 300),
    ("CR LF", "injection", "k=v\r\nx: y"),
    ("NUL", "ends a C string", "k=\x00"),
    ("high bytes", "no UTF-8", b"k=\xff\\x"),
    ("unicode", "forbidden", "k=\u20ac"),
    ("64 kB", "without end", "k=" + "v" * 65_536),
    ("64 kB of commas", "without end", "," * 65_536),
    ("a secret", "passes through a careless vendor", "k=password:hunter2"),
    ("a probability", "OpenTelemetry's own", "ot=th:fffffffffffffe;rv:00000000000000"),
]

_BAGGAGE = [
    ("ordinary", "two entries", "tenant=acme,user=7"),
    ("properties", "metadata", "tenant=acme;ttl=1;x"),
    ("empty", "nothing", ""),
    ("commas", "empty members", ",,,,"),
    ("no equals", "malformed", "abc"),
    ("no key", "malformed", "=v"),
    ("no value", "allowed", "k="),
    ("equals inside", "allowed", "k=a=b"),
    ("spaces", "trimmed", "  k  =  v  "),
    ("CR LF", "injection into logs", "k=\r\nx: y"),
    ("encoded CR LF", "injection once decoded", "k=%0d%0ax"),
    ("NUL", "ends a C string", "k=\x00"),
    ("encoded NUL", "ends a C string once decoded", "k=%00"),
    ("high bytes", "no UTF-8", b"k=\xff\\x"),
    ("encoded high bytes", "no UTF-8 once decoded", "k=%ff%fe"),
    ("broken escapes", "no hexadecimal digits", "k=%zz%"),
    ("unicode", "must be encoded", "k=\u20ac"),
    ("200 members", "more than 180", ",".join(f"k{number}=v" for number in range(200))),
    ("5 kB member", "more than 4,096 bytes", "k=" + "v" * 5_000),
    ("10 kB", "more than 8,192 bytes", ",".join(f"k{number}=" + "v" * 50 for number in range(180))),
    ("our tenant", "a claim", "tenant.id=admin"),
    ("a secret", "must not be reported", "session_id=hunter2"),
    ("an attribute's name", "must not become one", "http.route=/forged,error.type=forged"),
]

_OTHERS = [
    ("b3", "a format nobody reads here", f"{_TRACE}-{_SPAN}-1"),
    ("b3", "malformed", "\r\n-\x00"),
    ("x-b3-traceid", "not hexadecimal", "zz"),
    ("uber-trace-id", "Jaeger's", f"{_TRACE}:{_SPAN}:0:1"),
    ("x-amzn-trace-id", "Amazon's", "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8"),
    ("x-cloud-trace-context", "Google's", f"{_TRACE}/1;o=1"),
    ("x-datadog-trace-id", "a number too large", "9" * 5_000),
    ("traceresponse", "in the wrong direction", _PARENT),
]

BOTH = [
    *requests_by_header("traceparent", [(f"traceparent: {name}", reason, value) for name, reason, value in _PARENTS]),
    *(
        entry
        for name, reason, value in _STATES
        for entry in request(f"tracestate: {name}", reason, headers=[("traceparent", _PARENT), ("tracestate", value)])
    ),
    *request("tracestate alone", "without a traceparent", headers=[("tracestate", "a=1")]),
    *requests_by_header("baggage", [(f"baggage: {name}", reason, value) for name, reason, value in _BAGGAGE]),
    *(
        entry
        for number, (header, reason, value) in enumerate(_OTHERS)
        for entry in request(f"{header}, the {number}th", reason, headers=[(header, value)])
    ),
]
ASGI = []
WSGI = []
