"""Nothing secret leaves the process: canaries in every place, and all that leaves searched for them."""

from __future__ import annotations

import logging

import pytest
from canaries import PREFIX, Canaries, exception, request_headers, request_path, request_query, response_headers
from harness import Asgi, Described
from hearing import Hearing
from opentelemetry import trace
from opentelemetry.instrumentation import asgi as upstream_asgi
from opentelemetry.instrumentation import wsgi as upstream_wsgi

from otel_middleware import ErrorStatuses, TenantFromHeader, TrustPolicy, record_error
from otel_middleware.sdk import SanitizingSpanProcessor

CAPTURE = {"http_capture_headers_server_request": [".*"], "http_capture_headers_server_response": [".*"]}
UPSTREAM = {"asgi": upstream_asgi.OpenTelemetryMiddleware, "wsgi": upstream_wsgi.OpenTelemetryMiddleware}


@pytest.fixture
def canary():
    return Canaries()


@pytest.fixture
def hearing():
    with Hearing() as heard:
        yield heard


def capture_everything(monkeypatch):
    """Let upstream's own middleware capture every header."""
    for direction in ("REQUEST", "RESPONSE"):
        monkeypatch.setenv(f"OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_{direction}", ".*")


def carrier_with_canaries(protocol, canary):
    """A request that carries a canary wherever it can."""
    path, query = request_path(canary), request_query(canary)
    carrier = protocol.request(path=path, query=query, headers=request_headers(canary))
    host = f"user:{canary('Host')}@shop.example:8080"
    if protocol.name == "asgi":
        carrier["headers"] = [(b"host", host.encode()), *carrier["headers"][1:]]
        carrier["raw_path"] = path.encode()
    else:
        carrier["HTTP_HOST"] = host
        carrier["RAW_URI"] = f"{path}?{query}"
        carrier["REMOTE_USER"] = canary("REMOTE_USER")
        carrier["REMOTE_HOST"] = f"token={canary('REMOTE_HOST')}"
        carrier["PATH_TRANSLATED"] = f"/srv{path}"
    return carrier


def ways_to_fail(canary):
    """How an application can say too much, by name: its description, and whether the request is an error."""

    def answers(error, status=500):
        return Described(status=status, headers=response_headers(canary), inside=lambda _: record_error(error))

    def logs(_carrier):
        try:
            raise exception(canary, "logged")
        except Exception:
            logging.getLogger("shop").exception("failed")

    return {
        "answers": Described(headers=response_headers(canary)),
        "redirects": Described(status=302, headers=response_headers(canary)),
        "not found": Described(status=404, headers=response_headers(canary)),
        "exits": Described(raises_before=SystemExit(f"token={canary('exit')}")),
        "raises": Described(raises_before=exception(canary, "raised")),
        "raises late": Described(headers=response_headers(canary), raises_after_start=exception(canary, "raised late")),
        "records an exception": answers(exception(canary, "recorded")),
        "records a name": answers(f"declined: token={canary('recorded name')}"),
        "logs": Described(status=503, headers=response_headers(canary), inside=logs),
    }


WAYS = list(ways_to_fail(Canaries()))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("routes", [None, ["/{rest:path}"]], ids=["inferred", "declared"])
def test_instrumented(protocol, canary, hearing, way, routes):
    """A stack that captures every header, asks every policy and believes its proxy lets no canary out."""
    app = protocol.module.instrument(
        protocol.build(ways_to_fail(canary)[way]),
        routes=routes,
        errors=ErrorStatuses(from_logs=True),
        tenant=TenantFromHeader("x-tenant-id"),
        trust=TrustPolicy(proxies=["192.0.2.0/24"]),
        **CAPTURE,
        **hearing.providers,
    )
    for _ in range(3):  # a learner may come to a template
        protocol.call(app, carrier_with_canaries(protocol, canary))

    assert len(hearing.spans) == 3
    assert len(canary.planted) > 50
    assert not hearing.leaks(canary.planted)


@pytest.mark.parametrize("way", WAYS)
def test_by_hand(protocol, canary, hearing, monkeypatch, way):
    """Around upstream's own middleware the canaries stay in, too."""
    capture_everything(monkeypatch)
    app = UPSTREAM[protocol.name](protocol.build(ways_to_fail(canary)[way]), **hearing.providers)
    protocol.call(protocol.module.SanitizationMiddleware(app), carrier_with_canaries(protocol, canary))

    assert hearing.spans
    assert not hearing.leaks(canary.planted)


def test_the_search_finds_what_upstream_lets_out(protocol, canary, hearing):
    """Without sanitization the same search finds many canaries: it is not blind."""
    app = UPSTREAM[protocol.name](
        protocol.build(ways_to_fail(canary)["raises"]),
        **hearing.providers,
    )
    protocol.call(app, carrier_with_canaries(protocol, canary))

    with hearing.tracer_provider.get_tracer("app").start_as_current_span("measured"):
        counter = hearing.meter_provider.get_meter("app").create_counter("app.calls")
        counter.add(1, {"who": canary("metric attribute")})
    logging.getLogger("otel_middleware").debug("token=%s", canary("log"))

    found = {leak.partition(": ")[0] for leak in hearing.leaks(canary.planted)}
    assert {"query key in sampler", "path matrix in processor", "raised message in span", "user-agent in span"} <= found
    assert {"metric attribute in metrics", "log in log"} <= found


def raising(canary, where):
    """A callable of the user's that raises and says too much."""

    def raises(*_):
        raise exception(canary, where)

    return raises


def test_what_users_callables_raise(protocol, canary, hearing):
    """Hooks, policies and callbacks that raise are said in the log without their words."""
    app = protocol.module.instrument(
        protocol.build(Described(headers=response_headers(canary))),
        routes=raising(canary, "routes"),
        tenant=raising(canary, "tenant"),
        errors=raising(canary, "errors"),
        excluded_urls=raising(canary, "exclusion"),
        trust=TrustPolicy(caller=raising(canary, "trust")),
        metric_attributes=raising(canary, "metric attributes"),
        server_request_hook=raising(canary, "request hook"),
        server_response_hook=raising(canary, "response hook"),
        **CAPTURE,
        **hearing.providers,
    )
    answer = protocol.call(app, carrier_with_canaries(protocol, canary))

    assert answer.status == 200
    assert sum(kind == "log" and " raised " in text for kind, text in hearing.heard) > 5
    assert not hearing.leaks(canary.planted)


class Closing(list):
    """A WSGI body whose ``close`` raises."""

    def __init__(self, error):
        super().__init__([b"ok"])
        self._error = error

    def close(self):
        raise self._error


def test_background_work_and_exc_info(protocol, canary, hearing):
    """What fails after the last byte, and what ``start_response`` is told of an error, are spans without canaries."""
    late, told = exception(canary, "background"), exception(canary, "exc_info")

    async def asgi_app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})
        raise late

    def wsgi_app(environ, start_response):
        if environ["PATH_INFO"] == "/told":
            start_response(f"500 token={canary('reason')}", [], (type(told), told, None))
            return [b"no"]
        start_response("200 OK", [])
        return Closing(late)

    app = protocol.module.instrument({"asgi": asgi_app, "wsgi": wsgi_app}[protocol.name], **hearing.providers)
    for path in ("/", "/told"):
        protocol.get(app, path)

    assert any(span.name.endswith("background") for span in hearing.spans)
    assert not hearing.leaks(canary.planted)


def websocket_messages(canary, ending):
    """What an application does with a websocket, by how it ends."""
    headers = [(name.encode(), value.encode()) for name, value in response_headers(canary)]
    accept = {
        "type": "websocket.accept",
        "subprotocol": f"access_token.{canary('chosen subprotocol')}",
        "headers": headers,
    }
    sent = {"type": "websocket.send", "text": f"token={canary('frame')}"}
    close = {"type": "websocket.close", "code": 1011, "reason": f"token={canary('close reason')}"}
    denial = {"type": "websocket.http.response.start", "status": 403, "headers": headers}
    return {
        "closed": [accept, sent, close],
        "raises": [accept, sent],
        "denied": [denial, {"type": "websocket.http.response.body", "body": b"no"}],
        "refused": [close],
    }[ending]


@pytest.mark.parametrize("by_hand", [False, True], ids=["instrumented", "by hand"])
@pytest.mark.parametrize("ending", ["closed", "raises", "denied", "refused"])
def test_websockets(canary, hearing, ending, by_hand, monkeypatch):
    """Handshake, frames, close reasons, denials and exceptions of a websocket keep their canaries."""
    protocol = Asgi()
    carrier = {**carrier_with_canaries(protocol, canary), "type": "websocket", "scheme": "ws"}
    carrier["subprotocols"] = ["chat", "access_token", canary("offered subprotocol")]
    del carrier["method"]

    async def app(scope, receive, send):
        for message in websocket_messages(canary, ending):
            await send(message)
        if ending == "raises":
            raise exception(canary, "websocket")

    if by_hand:
        capture_everything(monkeypatch)
        app = protocol.module.SanitizationMiddleware(UPSTREAM["asgi"](app, **hearing.providers))
    else:
        app = protocol.module.instrument(app, exclude_spans=(), **CAPTURE, **hearing.providers)
    protocol.call(app, carrier)

    assert hearing.spans
    assert not hearing.leaks(canary.planted)


def own_doings(canary, provider):
    """What an application puts on its own spans."""

    def inside(_carrier):
        span = trace.get_current_span()
        span.set_attribute("user.password", canary("own attribute by key"))
        span.set_attribute("note", f"token={canary('own attribute')}")
        span.set_attribute("http.request.header.x_api_key", [canary("own header")])
        span.set_attribute("url.full", f"https://u:{canary('own userinfo')}@x/?sig={canary('own URL')}")
        span.add_event(f"charged password={canary('own event name')}", {"detail": f"password={canary('own event')}"})
        span.set_status(trace.StatusCode.ERROR, f"declined: token={canary('own status')}")
        linked = trace.SpanContext(
            1, 1, is_remote=True, trace_state=trace.TraceState([("token", canary("own link state"))])
        )
        span.add_link(linked, {"why": f"secret={canary('own link')}"})
        with provider.get_tracer("app").start_as_current_span(f"GET /reset/{canary('own child name')}") as child:
            child.record_exception(exception(canary, "own child"))
            child.set_attribute("db.statement", f"set password = '{canary('own statement')}'")

    return Described(inside=inside)


TRACEPARENT = ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")


@pytest.mark.parametrize("around", [True, False], ids=["around", "before"])
def test_own_spans_with_the_processor(protocol, canary, around):
    """What the application puts on spans, and the trace state of its callers, stay in with the processor, in both places."""
    inner = Hearing()
    exporting = inner.tracer_provider._active_span_processor._span_processors[-1]
    processor = SanitizingSpanProcessor(exporting) if around else SanitizingSpanProcessor()
    with Hearing(processor) as hearing:
        app = protocol.module.instrument(
            protocol.build(own_doings(canary, hearing.tracer_provider)), **CAPTURE, **hearing.providers
        )
        state = ("tracestate", f"vendor=1,token={canary('tracestate')}")
        protocol.get(app, headers=[TRACEPARENT, state])

    listening = inner if around else hearing
    assert len(listening.spans) == 2
    listening.heard.clear()
    if around:
        assert not listening.leaks(canary.planted)
    else:
        # What starts, starts before any processor: the child's name is the application's own.
        assert not hearing.leaks(canary.planted)


def test_a_callers_trace_state_is_passed_on_and_nowhere_else(protocol, canary, hearing):
    """``tracestate`` belongs to its vendors and is propagated as received; no attribute, event or metric has it."""
    secret = canary("tracestate")
    app = protocol.module.instrument(protocol.build(Described()), **CAPTURE, **hearing.providers)
    protocol.get(app, headers=[TRACEPARENT, ("tracestate", f"vendor=1,token={secret}")])

    (span,) = hearing.spans
    assert span.context.trace_state.to_header() == f"vendor=1,token={secret}"
    assert PREFIX not in span.to_json().replace(f"['vendor=1', 'token={secret}']", "").replace(
        str(span.context.trace_state), ""
    )
    assert PREFIX not in str([heard for heard in hearing.everything() if heard[0] != "span"])
