"""Header capture and response propagation: what upstream does on ASGI is done in both protocols, once and with clean hands."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc

import pytest
from harness import Described, Wsgi
from opentelemetry.instrumentation.propagators import TraceResponsePropagator, set_global_response_propagator
from plain import ours, upstream

from otel_middleware import ConfigurationError, Sanitizer, asgi, wsgi
from otel_middleware.testing import Telemetry

VARIABLE = "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_"
OPTION = "http_capture_headers_"

CAPTURES = {
    # what is configured: request, response, sanitised
    "names": (["X-Shop"], ["x-reply"], []),
    "any case": (["x-sHoP", "CONTENT-TYPE"], ["X-Reply"], []),
    "a regex matches the whole name": (["x-s.*", "x-tra"], ["x-r.+"], []),
    "several lines": (["x-trace"], ["x-many"], []),
    "sanitised by a search": (["x-.*"], ["x-.*"], ["SHOP", "re.ly"]),
    "length and type": (["content-.*"], ["content-.*"], []),
    "nothing of that name": (["x-none"], ["x-none"], []),
}
SENT = [("x-shop", "a"), ("x-trace", "1"), ("content-type", "text/a"), ("content-length", "0"), ("user-agent", "curl")]
ANSWERED = (("x-reply", "r"), ("x-many", "1"), ("x-many", "2"), ("content-type", "text/b"), ("content-length", "2"))


@pytest.fixture
def plain():
    """Telemetry of plain upstream."""
    kit = Telemetry()
    yield kit
    kit.tracer_provider.shutdown()
    kit.meter_provider.shutdown()


def captured(telemetry):
    return {key: value for key, value in telemetry.request().attributes.items() if ".header." in key}


@pytest.mark.parametrize("case", CAPTURES)
@pytest.mark.parametrize("by", ["arguments", "environment"])
def test_capture_is_upstreams(protocol, plain, telemetry, monkeypatch, case, by):
    """The same attributes as upstream's, by arguments and by environment; WSGI also has what CGI names without ``HTTP_``."""
    lists = dict(zip(("server_request", "server_response", "sanitize_fields"), CAPTURES[case], strict=True))
    sent = [*SENT, ("x-trace", "2")] if protocol.name == "asgi" else SENT
    for kind, items in lists.items():
        monkeypatch.setenv(VARIABLE + kind.upper(), ",".join(items))
    theirs = upstream(protocol, Described(headers=ANSWERED), plain)
    protocol.get(theirs, headers=sent)
    if by == "arguments":
        for kind in lists:
            monkeypatch.delenv(VARIABLE + kind.upper())
    options = {OPTION + kind: items for kind, items in lists.items() if items} if by == "arguments" else {}
    protocol.get(ours(protocol, Described(headers=ANSWERED), telemetry, **options), headers=sent)

    only_ours = {"http.request.header.content_type", "http.request.header.content_length"}
    mine = captured(telemetry)
    assert captured(plain).items() <= mine.items()
    assert set(mine) - set(captured(plain)) <= (only_ours if protocol.name == "wsgi" else set())
    assert case != "length and type" or only_ours <= set(mine)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["(?i)x-shop", "(?i:x-trace)"], {"x_shop", "x_trace"}),  # a flag is its own pattern's
        (["(x)-(shop)", r"(x)\1*-trace"], {"x_shop", "x_trace"}),  # and so is a group's number
        (["x-shop|x-trace"], {"x_shop", "x_trace"}),
        (("x-shop",), {"x_shop"}),  # a tuple
        ({"x-shop"}, {"x_shop"}),  # a set
    ],
)
def test_each_pattern_means_what_it_means_alone(protocol, telemetry, names, expected):
    """Patterns are not joined into one: flags, groups and alternatives stay where they are."""
    protocol.get(ours(protocol, Described(), telemetry, http_capture_headers_server_request=names), headers=SENT)

    assert {key.removeprefix("http.request.header.") for key in captured(telemetry)} == expected


JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3MzEifQ.c2lnbmF0dXJlc2lnbmF0dXJl"
SHOP = "http.request.header.x_shop"


def test_a_value_that_comes_again_is_what_it_was(protocol, telemetry):
    """What is remembered of values changes none: clean ones stay, secrets are masked and counted each time."""
    sanitizer = Sanitizer()
    app = ours(
        protocol, Described(), telemetry, http_capture_headers_server_request=["x-shop", "host"], sanitizer=sanitizer
    )
    for value in ("berlin", JWT) * 3:
        protocol.get(app, headers=[("x-shop", value)])
    protocol.get(app, headers=[("x-shop", "shop.example:8080")])

    shown = [span.attributes[SHOP] for span in telemetry.requests]
    assert shown[:6] == shown[:2] * 3
    assert shown[0] == ("berlin",)
    assert JWT not in shown[1][0]
    assert shown[6] == ("shop.example:8080",)
    assert sum(n for (place, _), n in sanitizer.redactions().items() if place == "header") == 3


def test_keep_is_asked_about_a_value_each_time(protocol, telemetry):
    """``keep`` may think otherwise the next time: what it kept once is masked then."""
    answers = iter([True, False])
    app = ours(
        protocol,
        Described(),
        telemetry,
        http_capture_headers_server_request=["x-shop-token"],
        sanitizer=Sanitizer(keep=lambda *_: next(answers)),
    )
    for _ in range(2):
        protocol.get(app, headers=[("x-shop-token", "hush")])

    shown = [span.attributes["http.request.header.x_shop_token"] for span in telemetry.requests]
    assert shown == [("hush",), ("[REDACTED]",)]


def test_names_and_values_of_headers_are_not_hoarded(protocol):
    """Memory is flat however many a client makes up: 20,000 values of 200 characters under 1,000 names take less than 3 MiB."""
    app = protocol.module.instrument(protocol.build(Described()), http_capture_headers_server_request=[".*"])
    protocol.get(app)
    gc.collect()
    tracemalloc.start()
    for number in range(420):
        names = range(number % 21 * 48, number % 21 * 48 + 48)
        protocol.get(app, headers=[(f"x-{name}", f"{number:0194}{name:06}") for name in names])
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 3 * 1_048_576


@pytest.mark.parametrize("wrong", [5, "x-a", b"x-a", ["("], [1], object()])
@pytest.mark.parametrize("option", ["server_request", "server_response", "sanitize_fields"])
def test_what_is_no_list_of_patterns_is_refused(protocol, option, wrong):
    """The error names argument and value, while building."""
    with pytest.raises(ConfigurationError, match=OPTION + option):
        protocol.module.instrument(protocol.build(Described()), **{OPTION + option: wrong})


@pytest.fixture
def propagating():
    """The global response propagator of upstream."""
    set_global_response_propagator(TraceResponsePropagator())
    yield
    set_global_response_propagator(None)


def told(answer):
    return [value for name, value in answer.headers if name == "traceresponse"]


@pytest.mark.usefixtures("propagating")
def test_the_trace_is_told_once_in_a_list_of_our_own(protocol, telemetry):
    """``traceresponse`` names the SERVER span, once per response; the application's own list never grows."""
    app = ours(protocol, Described(chunks=(b"a", b"b"), headers=(("x-a", "1"),)), telemetry)
    instrumented_twice = protocol.module.instrument(app, **telemetry.providers)
    answers = [protocol.get(instrumented_twice) for _ in range(2)]

    for answer, span in zip(answers, telemetry.requests, strict=True):
        trace, ids = span.context.trace_id, span.context.span_id
        assert told(answer) == [f"00-{trace:032x}-{ids:016x}-{span.context.trace_flags:02x}"]
        names = [name for name, _ in answer.headers]
        assert names == ["x-a", "traceresponse", "access-control-expose-headers"]


@pytest.mark.parametrize("kind", [iter, tuple, lambda pairs: (list(pair) for pair in pairs), frozenset])
@pytest.mark.parametrize("propagates", [False, True])
def test_headers_of_an_answer_may_be_any_iterable(telemetry, request, kind, propagates):
    """ASGI takes any iterable of pairs: it is captured, the length that it announces is known, and the server gets all of it."""
    if propagates:
        request.getfixturevalue("propagating")
    sent = [(b"x-reply", b"r"), (b"content-length", b"3")]
    seen = []

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": kind(sent)})
        await send({"type": "http.response.body", "body": b"a"})

    async def send(message):
        seen.append(message)

    options = {"http_capture_headers_server_response": ["x-reply"], **telemetry.providers}
    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""}
    asyncio.run(asgi.instrument(app, **options)(scope, None, send))

    span = telemetry.request()
    assert span.attributes["http.response.header.x_reply"] == ("r",)
    assert span.attributes["otel_middleware.outcome"] == "truncated"
    assert set(sent) <= set(map(tuple, seen[0]["headers"]))


def broken(pairs):
    """Pairs, and then no more of them."""
    yield from pairs
    raise LookupError("lost")


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        (lambda: iter([(b"x-reply", b"r"), (memoryview(b"x"), b"x=1")]), None),
        (lambda: iter([(b"x-reply", b"r"), (b"x", 5)]), None),
        (lambda: broken([(b"x-reply", b"r")]), LookupError),
    ],
)
def test_what_cannot_be_noted_of_headers_reaches_the_server_all_the_same(telemetry, headers, error):
    """Every line, and the error of an iterable that fails, where the server would have met them."""
    seen = []

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": headers()})
        await send({"type": "http.response.body", "body": b"a"})

    async def send(message):
        if "headers" in message:
            for line in message["headers"]:
                seen.append(line)

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""}
    served = asgi.instrument(app, http_capture_headers_server_response=["x-reply"], **telemetry.providers)
    if error is None:
        asyncio.run(served(scope, None, send))
    else:
        with pytest.raises(error):
            asyncio.run(served(scope, None, send))

    assert seen[0] == (b"x-reply", b"r")
    assert len(seen) == (2 if error is None else 1)


SHARED = {
    "a shared list": [(b"x-a", b"1")],
    "a tuple": ((b"x-a", b"1"),),
    "pairs as lists": [[b"x-a", b"1"]],
    "no headers": None,
}


@pytest.mark.usefixtures("propagating")
@pytest.mark.parametrize("case", SHARED)
def test_asgi_messages_are_copied(telemetry, case):
    """Whatever kind of sequence the application's headers are, they stay as they are; hints and pushes carry nothing."""
    headers = SHARED[case]
    start = {"type": "http.response.start", "status": 200}
    start |= {} if headers is None else {"headers": headers}
    others = [
        {"type": "http.response.debug", "info": {}},
        {"type": "http.response.early_hint", "links": [b"</a>"]},
        {"type": "http.response.push", "path": "/a", "headers": []},
    ]
    messages = [*others, start, {"type": "http.response.body", "body": b"a"}]
    before = repr(messages)
    seen = []

    async def app(scope, receive, send):
        for message in messages:
            await send(message)

    async def send(message):
        seen.append(message)

    scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""}
    for _ in range(3):
        asyncio.run(asgi.instrument(app, **telemetry.providers)(scope.copy(), None, send))

    assert repr(messages) == before
    assert [message for message in seen if message["type"] != "http.response.start"] == 3 * [*others, messages[-1]]
    starts = [message for message in seen if message["type"] == "http.response.start"]
    assert [[name for name, _ in message["headers"]].count(b"traceresponse") for message in starts] == [1, 1, 1]


@pytest.mark.usefixtures("propagating")
@pytest.mark.parametrize("answer", ["websocket.accept", "websocket.http.response.start"])
def test_a_handshake_tells_the_trace_and_is_captured(telemetry, answer):
    """A websocket's handshake is its response: the trace is told there, once, and its headers are captured as upstream does."""
    seen = []

    async def app(scope, receive, send):
        await send({"type": answer, "status": 403, "headers": [(b"x-reply", b"r")]})
        if answer != "websocket.accept":
            await send({"type": "websocket.http.response.body", "body": b""})
        else:
            await send({"type": "websocket.send", "text": "hello"})
            await send({"type": "websocket.close", "code": 1000})

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        seen.append(message)

    options = {"http_capture_headers_server_response": ["x-reply"], **telemetry.providers}
    scope = {"type": "websocket", "path": "/ws", "headers": []}
    asyncio.run(asgi.instrument(app, **options)(scope, receive, send))

    assert ["traceresponse" in str(message.get("headers")) for message in seen] == [True] + [False] * (len(seen) - 1)
    assert captured(telemetry) == {"http.response.header.x_reply": ("r",)}


@pytest.mark.usefixtures("propagating")
def test_wsgi_lists_stay_the_applications(telemetry):
    """A list that an application keeps for all its answers does not grow, and a tuple is as good."""
    for kept in ([("x-a", "1")], (("x-a", "1"),)):
        given = []

        def app(environ, start_response, kept=kept):
            start_response("200 OK", kept)
            return [b""]

        instrumented = wsgi.instrument(app, **telemetry.providers)
        for _ in range(3):
            instrumented(Wsgi().request(), lambda status, headers, *_: given.append(headers)).close()  # noqa: B023

        assert len(kept) == 1
        assert [[name for name, _ in headers].count("traceresponse") for headers in given] == [1, 1, 1]


class Raising(TraceResponsePropagator):
    """A propagator with a bug."""

    def inject(self, carrier, context=None, setter=None):
        raise RuntimeError("bug")


def test_a_broken_propagator_costs_nothing(protocol, telemetry):
    """One that raises leaves the response as it is."""
    set_global_response_propagator(Raising())
    try:
        answer = protocol.get(ours(protocol, Described(headers=(("x-a", "1"),)), telemetry))
    finally:
        set_global_response_propagator(None)

    assert (answer.status, answer.headers) == (200, [("x-a", "1")])
