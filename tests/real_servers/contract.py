"""What every server is asked, what its client gets, and which spans arrive: one table, and one of exceptions."""

from __future__ import annotations

from typing import Any, NamedTuple

from real_servers.wire import CALLER, Asked

BIG = b"0123456789" * (1 << 20)
BIG_SUM = b"10485760 edd72c6c13d174ffcfd4d96dd2f65fb81cc31ecf"
NOTHING_SUM = b"0 da39a3ee5e6b4b0d3255bfef95601890afd80709"
CHUNKED = (("Transfer-Encoding", "chunked"),)
BOTH = ("asgi", "wsgi")


class Told(NamedTuple):
    """A span, as far as the contract goes."""

    name: str
    status: str = "UNSET"
    code: int | None = 200
    error: str | None = None
    outcome: str | None = None
    exceptions: tuple = ()
    kind: str = "SERVER"
    parent: str = "caller"


def told_of(spans):
    """*spans*, from the SDK's JSON."""
    names = {span["context"]["span_id"].removeprefix("0x"): span["name"] for span in spans}
    return [_told(span, names) for span in spans]


def _told(span, names):
    attributes = span["attributes"]
    parent = span["parent_id"].removeprefix("0x")
    return Told(
        span["name"],
        span["status"]["status_code"],
        attributes.get("http.response.status_code"),
        attributes.get("error.type"),
        attributes.get("otel_middleware.outcome"),
        tuple(event["attributes"]["exception.type"] for event in span["events"]),
        span["kind"].removeprefix("SpanKind."),
        "caller" if parent == CALLER else names[parent],
    )


def child(name, parent):
    return Told(name, code=None, kind="INTERNAL", parent=parent)


def failed(name, code, error, *exceptions):
    return Told(name, "ERROR", code, error, "failed", exceptions)


class Case(NamedTuple):
    """A row: how to ask, what to ask, statuses and bodies of the answers (``None``: the server's own words), spans."""

    asked: tuple
    answers: tuple
    spans: tuple
    how: str = "alone"
    options: tuple = ()
    protocols: tuple = BOTH
    versions: tuple = ("1.1", "2")
    late: tuple = ()
    """Spans that arrive only when the server is stopped."""


def row(path, status=200, body=None, *, span=None, method="GET", **case):
    """One request, one answer, one span."""
    span = span or Told(f"{method} /{path}/{{item}}", code=status)
    return Case((Asked(f"/{path}/7", method),), ((status, body),), (span,), **case)


def leaving(path, how, *, rudely, asked=None, status=200, **case):
    """A client that leaves in mid-body."""
    asked = asked or Asked(f"/{path}/7")
    answers = () if how == "vanish_sending" else ((status, None),)
    span = Told(f"{asked.method} /{path}/{{item}}", code=status, outcome="client_disconnected")
    return Case((asked,), answers, (span,), how, (("rudely", rudely),), **case)


def _streamed(method="GET", *, closes):
    name = f"{method} /stream/{{item}}"
    return (Told(name), *(child(chunk, name) for chunk in ("one", "two", "three", "close")[: 4 if closes else 3]))


OK, TWO = (200, b"ok"), (Told("GET /plain/{item}"), Told("GET /plain/{item}"))
UPLOAD = Asked("/read/7", "POST", body=BIG)

CASES = {
    "success": row("plain", 200, b"ok"),
    "client error": row("missing", 404, b"no"),
    "server error": row("unavailable", 503, b"later", span=failed("GET /unavailable/{item}", 503, "503")),
    "no content": row("empty", 204, b""),
    "one chunk in a list": row("unsized", 200, b"measured", protocols=("wsgi",)),
    "raises": row("raises", 500, span=failed("GET /raises/{item}", 500, "KeyError", "KeyError")),
    "raises before the first byte": row(
        "late", 500, span=failed("GET /late/{item}", 500, "KeyError", "KeyError"), protocols=("wsgi",)
    ),
    "raises in mid-stream": row("breaks", span=failed("GET /breaks/{item}", 200, "KeyError", "KeyError")),
    "silent": row(
        "silent",
        500,
        span=Told("GET /silent/{item}", "ERROR", 500, "response_missing", "missing"),
        protocols=("asgi",),
    ),
    "short": row("short", 200, span=Told("GET /short/{item}", "ERROR", 200, "response_truncated", "truncated")),
    "stream": Case((Asked("/stream/7"),), ((200, b"onetwothree"),), _streamed(closes=False), protocols=("asgi",)),
    "stream that is closed": Case(
        (Asked("/stream/7"),), ((200, b"onetwothree"),), _streamed(closes=True), protocols=("wsgi",)
    ),
    "HTTP/1.0": Case((Asked("/plain/7", version="1.0"),), (OK,), (Told("GET /plain/{item}"),), versions=("1.1",)),
    "write()": row("written", 200, b"onetwothree", protocols=("wsgi",)),
    "file": row("file", 200),
    "HEAD": Case(
        (Asked("/plain/7", "HEAD"), Asked("/plain/8")),
        ((200, b""), OK),
        (Told("HEAD /plain/{item}"), Told("GET /plain/{item}")),
        "in_turn",
    ),
    "careless HEAD": row("careless", 200, b"", method="HEAD"),
    "keep-alive": Case((Asked("/plain/7"), Asked("/plain/8")), (OK, OK), TWO, "in_turn"),
    "pipelining": Case(
        (Asked("/plain/7"), Asked("/missing/8")),
        (OK, (404, b"no")),
        (Told("GET /plain/{item}"), Told("GET /missing/{item}", code=404)),
        "at_once",
    ),
    "upload": Case((UPLOAD,), ((200, BIG_SUM),), (Told("POST /read/{item}"),)),
    "upload in chunks": Case(
        (UPLOAD._replace(headers=CHUNKED),), ((200, BIG_SUM),), (Told("POST /read/{item}"),), versions=("1.1",)
    ),
    "upload that waits": Case(
        (Asked("/read/7", "POST", (("Expect", "100-continue"),), b"x"),),
        ((100, b""), (200, b"1 11f6ad8ec52a2984abaafd7c3b516503785c2072")),
        (Told("POST /read/{item}"),),
        versions=("1.1",),
    ),
    "upload unread": Case(
        (Asked("/unread/7", "POST", body=BIG),),
        ((413, b"not wanted"),),
        (Told("POST /unread/{item}", code=413),),
        "at_once",
        versions=("1.1",),
    ),
    **{
        f"client leaves {path} {manner}": leaving(
            path, "vanish_receiving", rudely=manner == "rudely", protocols=protocols
        )
        for path, protocols in {
            "endless": BOTH,
            "flooding": ("asgi",),
            "listening": ("asgi",),
            "generated": ("wsgi",),
        }.items()
        for manner in ("rudely", "orderly")
    },
    "client leaves its upload rudely": leaving("read", "vanish_sending", rudely=True, asked=UPLOAD, status=None),
    "client leaves its upload orderly": leaving(
        "read", "vanish_sending", rudely=False, asked=UPLOAD, status=None, protocols=("asgi",)
    ),
    "client leaves its upload and gets an answer": leaving(
        "read", "vanish_sending", rudely=False, asked=UPLOAD, protocols=("wsgi",)
    ),
}


class Differs:
    """What one server does otherwise, and why; asserted like every other row."""

    def __init__(self, why, **changed: Any):
        self.why, self.changed = why, changed


def _refused(error):
    return Differs(
        "raises in send() at an answer that is shorter than announced",
        spans=(failed("GET /short/{item}", 200, error, error),),
    )


ONE_ANSWER = {"answers": (OK,), "spans": TWO[:1]}
CLOSES = Differs("closes the connection after each answer", **ONE_ANSWER)
CLOSES_AFTER_HEAD = Differs("the same", answers=((200, b""),), spans=(Told("HEAD /plain/{item}"),))
SENDS_IT = Differs("sends the body that an application gives to HEAD", answers=((200, b""), (None, b"ok")))
BUFFERS = Differs("reads the whole body before the application is asked: it never is", spans=())
NO_CHUNKS = Differs("does not read bodies in chunks", answers=((200, NOTHING_SUM),))
NO_CONTINUE = Differs("never says 100 Continue", answers=CASES["upload that waits"].answers[1:])


def _unseen(path, why):
    return Differs(why, spans=(Told(f"GET /{path}/{{item}}"),))


MALFORMED = Differs("sends it, and its client finds the stream malformed", answers=((None, None),))
DROPS = "drops what is sent to a client that has left, and tells only an application that listens"
EXCEPTIONS = {
    ("uvicorn-h11", "short"): _refused("h11._util.LocalProtocolError"),
    ("uvicorn-httptools", "short"): _refused("RuntimeError"),
    ("gunicorn-uvicorn", "short"): _refused("RuntimeError"),
    ("hypercorn-h11", "short"): _refused("h11._util.LocalProtocolError"),
    **{
        (server, f"client leaves {path} {manner}"): _unseen(path, DROPS)
        for server in ("granian-asgi", "granian-asgi-h2")
        for path in ("endless", "flooding")
        for manner in ("rudely", "orderly")
    },
    **{
        ("daphne", f"client leaves flooding {manner}"): _unseen(
            "flooding", "takes all that is sent, and looks at its socket later"
        )
        for manner in ("rudely", "orderly")
    },
    **{
        (server, f"client leaves its upload {manner}"): BUFFERS
        for server, manners in {"daphne": ("rudely", "orderly"), "waitress": ("rudely", "and gets an answer")}.items()
        for manner in manners
    },
    **{
        ("hypercorn-h2", f"client leaves {path} {manner}"): Differs(
            "does not wake an application that waits for its client's window when the connection is lost",
            spans=(),
            late=(Told(f"GET /{path}/{{item}}", outcome=outcome),),
        )
        for path, outcome in {
            "endless": "cancelled",
            "flooding": "cancelled",
            "listening": "client_disconnected",
        }.items()
        for manner in ("rudely", "orderly")
    },
    ("daphne", "raises in mid-stream"): Differs(
        "leaves the connection open", how="give_up", options=(("marker", b"begun\r\n"),)
    ),
    ("daphne", "silent"): Differs("leaves the connection open, without an answer", how="hold", answers=()),
    ("granian-wsgi", "write()"): Differs(
        "has no write()", answers=((500, None),), spans=(failed("GET /written/{item}", 500, "TypeError", "TypeError"),)
    ),
    **{
        ("granian-wsgi", f"client leaves its upload {manner}"): Differs(
            "gives the application a short body, and takes the answer for a client that has left",
            spans=(Told("POST /read/{item}"),),
        )
        for manner in ("rudely", "and gets an answer")
    },
    **{
        (server, case): differs
        for server in ("gunicorn-sync", "werkzeug", "wsgiref", "uwsgi")
        for case, differs in {"keep-alive": CLOSES, "pipelining": CLOSES, "HEAD": CLOSES_AFTER_HEAD}.items()
    },
    **{(server, "careless HEAD"): SENDS_IT for server in ("cheroot", "waitress", "werkzeug", "wsgiref", "uwsgi")},
    ("wsgiref", "upload in chunks"): NO_CHUNKS,
    ("uwsgi", "upload in chunks"): NO_CHUNKS,
    ("wsgiref", "upload that waits"): NO_CONTINUE,
    ("uwsgi", "upload that waits"): NO_CONTINUE,
    ("werkzeug", "upload that waits"): Differs(
        "says 100 Continue twice", answers=((100, b""), *CASES["upload that waits"].answers)
    ),
    ("uwsgi", "client leaves its upload and gets an answer"): Differs(
        "raises in wsgi.input.read(), so there is no answer",
        spans=(Told("POST /read/{item}", code=None, outcome="client_disconnected"),),
    ),
    ("hypercorn-h2", "short"): MALFORMED,
    ("granian-asgi-h2", "short"): MALFORMED,
    ("granian-asgi-h2", "careless HEAD"): MALFORMED,
    ("uwsgi", "raises"): Differs("closes the connection without an answer", answers=()),
    ("uwsgi", "raises before the first byte"): Differs(
        "sends the headers at once, against PEP 3333", answers=((200, b""),)
    ),
}


def contract(server, name):
    """The row that holds for *server*."""
    differs = EXCEPTIONS.get((server, name))
    return CASES[name]._replace(**differs.changed) if differs else CASES[name]
