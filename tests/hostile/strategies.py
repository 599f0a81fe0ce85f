"""Hypothesis's hostile requests for both protocols."""

from __future__ import annotations

from corpus.entry import ordinary_environ, ordinary_scope
from hypothesis import strategies as st

NAMES = [
    *("host", "user-agent", "content-length", "content-type", "cookie", "referer", "authorization", "x-tenant-id"),
    *("traceparent", "tracestate", "baggage", "forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"),
    *("x-forwarded-port", "x-request-start", "sec-websocket-protocol", "x-odd", "x_odd"),
]
PIECES = [
    *(
        "",
        " ",
        "\r\n",
        "\x00",
        "\x1b[31m",
        "\u2028",
        "\udcff",
        "\u00b2",
        "\u0664",
        "\u0130",
        "\ufeff",
        "%",
        "%25",
        "%0d",
    ),
    *(
        "/",
        "//",
        "..",
        ":",
        "@",
        "[",
        "]",
        "[::1]",
        "?",
        "#",
        "&",
        "=",
        ";",
        ",",
        '"',
        "\\",
        "{",
        "}",
        "*",
        "eyJ",
        "sig=",
    ),
    *(
        "http://",
        "a.example",
        "user:hunter2@",
        "127.0.0.1",
        "for=",
        "proto=https",
        "0",
        "65536",
        "9" * 400,
        "x" * 3_000,
    ),
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
]

characters = st.text(st.characters(exclude_categories=()), max_size=40)
text = characters | st.lists(st.sampled_from(PIECES) | characters, max_size=6).map("".join)
raw = st.binary(max_size=60) | text.map(lambda value: value.encode("utf-8", "surrogatepass"))
plain = st.none() | st.booleans() | st.integers() | st.floats() | text | raw
anything = st.recursive(plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3))

_pairs = st.tuples(st.sampled_from([name.encode() for name in NAMES]) | raw, raw)
_header_lists = st.lists(_pairs, max_size=12) | st.lists(st.tuples(raw | text | plain, anything) | anything, max_size=5)
_endpoints = st.none() | st.tuples(text, st.integers() | st.none()) | st.lists(plain, max_size=3) | anything


def _some(optional):
    """Any number of these keys, put over an ordinary carrier; some of its keys left out."""
    return st.fixed_dictionaries({}, optional=optional)


@st.composite
def scopes(draw):
    """Scopes of requests and websockets, as careless as can be."""
    changed = draw(
        _some(
            {
                "type": st.sampled_from(["http", "websocket"]),
                "method": text | anything,
                "scheme": st.sampled_from(["http", "https", "ws", "HTTP"]) | text | anything,
                "http_version": text | anything,
                "path": text.map(lambda path: f"/{path}") | anything,
                "raw_path": raw | anything,
                "root_path": text | anything,
                "query_string": raw | anything,
                "headers": _header_lists | anything,
                "client": _endpoints,
                "server": _endpoints,
                "subprotocols": anything,
                "extensions": anything,
                "state": anything,
            }
        )
    )
    dropped = draw(st.sets(st.sampled_from(sorted({*ordinary_scope()} - {"type"})), max_size=3))
    return {key: value for key, value in {**ordinary_scope(), **changed}.items() if key not in dropped}


@st.composite
def environs(draw):
    """Environs, as careless as can be."""
    keys = st.sampled_from([key for key in ordinary_environ() if not key.startswith("wsgi.")])
    header = st.sampled_from(NAMES).map(lambda name: "HTTP_" + name.upper().replace("-", "_"))
    more = st.sampled_from(["REQUEST_URI", "REMOTE_HOST", "CONTENT_LENGTH", "CONTENT_TYPE", "wsgi.url_scheme"])
    odd = text.map(lambda name: f"HTTP_{name}")
    native = raw.map(lambda value: value.decode("latin-1"))
    changed = draw(st.dictionaries(keys | header | more | odd, native | text | anything, max_size=12))
    dropped = draw(st.sets(st.sampled_from(sorted(ordinary_environ())), max_size=3))
    return {key: value for key, value in {**ordinary_environ(), **changed}.items() if key not in dropped}
