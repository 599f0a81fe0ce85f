"""Outcomes beyond the table of the zoos: policies, what the application says itself, time, and background work."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from contextvars import copy_context
from time import time_ns

import pytest
import starlette.requests
from asgi_zoo import GONE, Kind, Server, body, run, scope_of, start
from harness import Described, Wsgi
from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.trace import Status, StatusCode
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from otel_middleware import ErrorStatuses, record_error, wsgi
from otel_middleware.asgi import instrument


class OutOfStock(Exception):
    """Raised by the application under test."""


GONE_OUT = OutOfStock("item=7")


def of(telemetry):
    """Status, error.type, outcome and events of the one request, checked against its duration."""
    span = telemetry.request()
    point = telemetry.metric("http.server.request.duration")
    error = span.attributes.get("error.type")
    assert point.attributes.get("error.type") == error
    events = [event.attributes["exception.type"] for event in span.events if event.name == "exception"]
    return span.status.status_code.name, error, span.attributes.get("otel_middleware.outcome"), events


NAME = "test_outcomes.OutOfStock"


def in_band(response):
    return True if response.header("grpc-status") not in (None, "0") or response.header("x-error") else None


@pytest.mark.parametrize(
    ("described", "errors", "expected"),
    [
        pytest.param({"status": 404}, ErrorStatuses(errors=[404]), ("ERROR", "404", "failed", []), id="listed error"),
        pytest.param({"status": 503}, ErrorStatuses(expected=[503]), ("UNSET", None, None, []), id="listed expected"),
        pytest.param({"status": 503}, lambda _: False, ("UNSET", None, None, []), id="policy: expected"),
        pytest.param({"status": 503}, lambda _: None, ("ERROR", "503", "failed", []), id="policy: no opinion"),
        pytest.param({"status": 503}, lambda _: 1 / 0, ("ERROR", "503", "failed", []), id="policy raises"),
        pytest.param(
            {"headers": (("grpc-status", "13"),)}, in_band, ("ERROR", "200", "failed", []), id="gRPC's own status"
        ),
        pytest.param({"headers": (("grpc-status", "0"),)}, in_band, ("UNSET", None, None, []), id="gRPC succeeds"),
        pytest.param(
            {"headers": (("X-Error", "1"),)}, in_band, ("ERROR", "200", "failed", []), id="a header of theirs"
        ),
        pytest.param(
            {"raises_before": GONE_OUT},
            lambda r: not isinstance(r.error, OutOfStock),
            ("UNSET", None, None, [NAME]),
            id="an exception that is expected",
        ),
        pytest.param(
            {"headers": (("content-length", "9"),)},
            lambda r: r.outcome != "truncated",
            ("UNSET", None, "truncated", []),
            id="truncated, and fine",
        ),
    ],
)
def test_a_policy_decides(protocol, telemetry, described, errors, expected):
    """What the policy says is on span and metric, and no error.type is left where it says that there is no error."""
    app = protocol.build(Described(**{"headers": (), **described}))
    protocol.get(protocol.module.instrument(app, **telemetry.providers, errors=errors), "/")

    assert of(telemetry) == expected


@pytest.mark.parametrize(
    ("status", "recorded", "errors", "expected"),
    [
        (500, GONE_OUT, ErrorStatuses(), ("ERROR", NAME, "failed", [NAME])),
        (500, "out_of_stock", ErrorStatuses(), ("ERROR", "out_of_stock", "failed", [])),
        (200, GONE_OUT, ErrorStatuses(), ("UNSET", None, None, [])),
        (200, GONE_OUT, lambda r: r.error is GONE_OUT, ("ERROR", NAME, "failed", [NAME])),
        (404, "out_of_stock", ErrorStatuses(errors=[404]), ("ERROR", "out_of_stock", "failed", [])),
        (503, GONE_OUT, ErrorStatuses(expected=[503]), ("UNSET", None, None, [])),
    ],
)
def test_recorded_errors_count_when_the_response_is_one(protocol, telemetry, status, recorded, errors, expected):
    """``record_error`` names the error of a response that is one, once, and makes none."""
    described = Described(status=status, headers=(), inside=lambda _: record_error(recorded))
    app = protocol.module.instrument(protocol.build(described), **telemetry.providers, errors=errors)
    protocol.get(app, "/")

    assert of(telemetry) == expected


@pytest.mark.parametrize(
    ("status", "own", "expected"),
    [
        (200, Status(StatusCode.ERROR, "why"), ("ERROR", "why", "_OTHER")),
        (500, Status(StatusCode.ERROR, "why"), ("ERROR", "why", "500")),
        (500, Status(StatusCode.OK), ("OK", None, None)),
        (200, Status(StatusCode.OK), ("OK", None, None)),
    ],
)
def test_the_applications_own_status_is_kept(protocol, telemetry, status, own, expected):
    """A status that the application sets stays, with its description, and error.type agrees with it everywhere."""
    described = Described(status=status, headers=(), inside=lambda _: trace.get_current_span().set_status(own))
    protocol.get(protocol.module.instrument(protocol.build(described), **telemetry.providers), "/")

    span = telemetry.request()
    assert (span.status.status_code.name, span.status.description, span.attributes.get("error.type")) == expected
    point = telemetry.metric("http.server.request.duration")
    assert point.attributes.get("error.type") == expected[2]


@pytest.mark.parametrize("error", [None, OutOfStock()])
def test_an_application_that_says_ok_has_the_last_word(protocol, telemetry, error):
    """Nothing takes its OK back, so neither span nor metric tells of an error; an exception is an event all the same."""

    def inside(_carrier):
        trace.get_current_span().set_status(StatusCode.OK)
        record_error("declined")

    app = protocol.build(Described(status=503, headers=(), inside=inside, raises_before=error))
    protocol.get(protocol.module.instrument(app, **telemetry.providers))

    assert of(telemetry) == ("OK", None, None, [] if error is None else [f"{__name__}.OutOfStock"])


@pytest.mark.parametrize(
    ("status", "own", "expected"), [(200, StatusCode.ERROR, "declined"), (503, StatusCode.UNSET, "declined")]
)
def test_an_applications_own_error_type_is_kept(protocol, telemetry, status, own, expected):
    """Where a request is an error, an ``error.type`` that the application has set stands on span and metric."""

    def inside(_carrier):
        trace.get_current_span().set_attribute("error.type", "declined")
        trace.get_current_span().set_status(Status(own))

    app = protocol.build(Described(status=status, headers=(), inside=inside))
    protocol.get(protocol.module.instrument(app, **telemetry.providers))

    assert of(telemetry)[:2] == ("ERROR", expected)


def test_an_error_without_a_status_or_a_name_is_another(protocol, telemetry):
    """A policy may call a request an error that nobody answered: its ``error.type`` is ``_OTHER``."""
    app = protocol.build(Described(raises_before=asyncio.CancelledError()))
    protocol.get(protocol.module.instrument(app, errors=lambda response: True, **telemetry.providers))

    assert of(telemetry)[:3] == ("ERROR", "_OTHER", "cancelled")


def test_the_applications_own_name_and_attributes_are_kept(protocol, telemetry):
    """A name that the application gives is not replaced, and what it sets stands beside ours."""

    def inside(_carrier):
        trace.get_current_span().update_name("mine")
        trace.get_current_span().set_attributes({"http.route": "/mine", "app.x": 1})

    app = protocol.module.instrument(
        protocol.build(Described(inside=inside)), **telemetry.providers, routes=["/orders/{id}"]
    )
    protocol.get(app, "/orders/1")

    span = telemetry.request()
    assert span.name == "mine"
    assert (span.attributes["http.route"], span.attributes["app.x"]) == ("/mine", 1)


def test_a_span_that_the_application_ended_is_left_alone(protocol, telemetry):
    """Ending the server span oneself costs its late attributes and nothing else; the SDK has nothing to complain of."""
    described = Described(inside=lambda _: trace.get_current_span().end())
    protocol.get(protocol.module.instrument(protocol.build(described), **telemetry.providers), "/")

    assert len(telemetry.requests) == 1
    assert telemetry.metric("http.server.request.duration").count == 1


@pytest.mark.parametrize(
    ("chunks", "streamed"),
    [((b"ok",), False), ((), False), ((b"a", b"b"), True), ((b"", b"a", b"", b"b"), True), ((b"", b"a"), False)],
)
def test_streams_tell_the_time_to_their_first_byte(protocol, telemetry, chunks, streamed):
    """A response of several chunks has ``time_to_first_byte``, between nothing and its duration; others have none."""
    app = protocol.module.instrument(protocol.build(Described(headers=(), chunks=chunks)), **telemetry.providers)
    protocol.get(app, "/")

    span = telemetry.request()
    first = span.attributes.get("otel_middleware.time_to_first_byte")
    assert (first is not None) == streamed
    assert first is None or 0 < first < (span.end_time - span.start_time) / 1e9


def test_body_sizes_are_counted(protocol, telemetry):
    """The response's size is what was sent, whatever was announced or not."""
    described = Described(headers=(), chunks=(b"abc", b"", b"de"))
    protocol.get(protocol.module.instrument(protocol.build(described), **telemetry.providers), "/")

    assert telemetry.metric("http.server.response.body.size").sum == 5


def test_a_raised_exception_that_is_expected_is_still_an_event(protocol, telemetry):
    """Also when it was recorded before it was raised: the exception happened, and the policy calls it no error."""
    described = Described(headers=(), inside=lambda _: record_error(GONE_OUT), raises_before=GONE_OUT)
    app = protocol.module.instrument(protocol.build(described), **telemetry.providers, errors=lambda _: False)
    protocol.get(app, "/")

    assert of(telemetry) == ("UNSET", None, None, [NAME])


# -- ASGI: background work, cancellation, the client


def ended(telemetry):
    return [span.name for span in telemetry.spans]


def test_background_work_does_not_lengthen_the_span(telemetry):
    """The span has ended with the last byte, before the work begins; its duration is the response's."""
    seen = []

    async def app(scope, receive, send):
        await send(start())
        await send(body())
        seen.append(ended(telemetry))
        telemetry.tracer_provider.get_tracer("app").start_span("work").end()

    run(instrument(app, **telemetry.providers, routes=["/zoo"]), Kind(app, ""))

    assert seen == [["GET /zoo"]]
    work = next(span for span in telemetry.spans if span.name == "work")
    assert work.parent.span_id == telemetry.request().context.span_id
    assert work.start_time >= telemetry.request().end_time


def test_background_failure_is_a_child_of_its_own(telemetry):
    """The child is INTERNAL, ERROR with its type, begins at the last byte, and its text is sanitised; the parent is as it was."""

    async def app(scope, receive, send):
        await send(start())
        await send(body())
        raise OutOfStock("token=s3cr3t")

    run(instrument(app, **telemetry.providers, routes=["/zoo"]), Kind(app, ""))

    server = telemetry.request()
    child = next(span for span in telemetry.spans if span is not server)
    assert (child.name, child.kind.name, child.parent.span_id) == (
        "GET /zoo background",
        "INTERNAL",
        server.context.span_id,
    )
    assert (child.status.status_code.name, child.attributes["error.type"]) == ("ERROR", NAME)
    assert child.start_time == server.end_time <= child.end_time
    assert "s3cr3t" not in child.to_json()
    assert of(telemetry) == ("UNSET", None, None, [])


def test_a_5xx_response_waits_for_its_exception_but_not_longer(telemetry):
    """Starlette answers 500 and raises again: the exception is the span's, whose time is the last byte's."""
    open_at = []

    async def app(scope, receive, send):
        await send(start(500))
        await send(body())
        open_at.append((ended(telemetry), time_ns()))
        for _ in range(100):
            await asyncio.sleep(0)
        raise GONE_OUT

    seen = run(instrument(app, **telemetry.providers), Kind(app, ""))

    assert seen.error is GONE_OUT
    assert open_at[0][0] == []
    assert telemetry.request().end_time <= open_at[0][1]
    assert of(telemetry) == ("ERROR", NAME, "failed", [NAME])


class Cancelled(BaseException):
    """As trio spells it."""


class GreenletExit(BaseException):
    """As gevent spells it."""


@pytest.mark.parametrize(
    "error", [asyncio.CancelledError(), Cancelled(), GreenletExit()], ids=lambda e: type(e).__name__
)
def test_being_given_up_is_no_error(protocol, telemetry, error):
    """A cancellation, in the words of any library, is an outcome and no error."""
    described = Described(headers=(), raises_before=error)
    answer = protocol.get(protocol.module.instrument(protocol.build(described), **telemetry.providers), "/")

    assert answer.error is error
    assert of(telemetry) == ("UNSET", None, "cancelled", [])
    assert "http.response.status_code" not in telemetry.request().attributes


def test_a_cancelled_task_is_cancelled(telemetry):
    """A server that cancels the task of a request gets its cancellation, and the span says so."""

    async def main():
        entered = asyncio.Event()

        async def app(scope, receive, send):
            await send(start(headers=[]))
            entered.set()
            await asyncio.Event().wait()

        served = instrument(app, **telemetry.providers)
        task = asyncio.create_task(served(scope_of(Kind(app, "")), Server().receive, Server().send))
        await entered.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert of(telemetry) == ("UNSET", None, "cancelled", [])
    assert telemetry.request().attributes["http.response.status_code"] == 200


@pytest.mark.parametrize("options", [{}, {"exclude_spans": ()}, {"excluded_urls": "zoo"}], ids=str)
def test_a_coroutine_closed_elsewhere_leaves_that_context_alone(telemetry, options):
    """GeneratorExit arrives in whatever context closes the coroutine: that one's current span stays."""

    class Never:
        def __await__(self):
            yield

    async def app(scope, receive, send):
        await receive()

    async def receive():
        await Never()

    served = instrument(app, **telemetry.providers, **options)
    coroutine = served(scope_of(Kind(app, "")), receive, None)
    before = otel_context.get_current()
    copy_context().run(coroutine.send, None)

    token = otel_context.attach(otel_context.set_value("elsewhere", 1))
    around = otel_context.get_current()
    coroutine.close()
    assert otel_context.get_current() is around
    otel_context.detach(token)

    assert otel_context.get_current() is before
    if "excluded_urls" not in options:
        assert telemetry.request().attributes["otel_middleware.outcome"] == "cancelled"


needs_groups = pytest.mark.skipif(sys.version_info < (3, 11), reason="ExceptionGroup")


def failing(make):
    """An application whose second message fails, and what it makes of the server's error."""

    async def app(scope, receive, send):
        await send(start(headers=[]))
        try:
            await send(body(b"a", more=True))
        except OSError as error:
            make(error)

    return app


def reraised(error):
    raise error


def caused(error):
    raise OutOfStock from error


def grouped(error):
    raise ExceptionGroup("tasks", [error])  # noqa: F821 - Python 3.11


def mixed(error):
    raise ExceptionGroup("tasks", [error, OutOfStock()])  # noqa: F821 - Python 3.11


class Secretive(Exception):
    """Its members are nobody's business."""

    @property
    def exceptions(self):
        raise LookupError


def secretive(error):
    raise Secretive from error


@pytest.mark.parametrize(
    ("make", "outcome"),
    [
        (reraised, "client_disconnected"),
        (caused, "client_disconnected"),
        (secretive, "client_disconnected"),
        pytest.param(grouped, "client_disconnected", marks=needs_groups),
        pytest.param(mixed, "failed", marks=needs_groups),
    ],
)
def test_the_client_is_told_by_the_servers_own_error(telemetry, make, outcome):
    """It is the very error of ``send``, one raised from it, or a group of nothing else."""
    app = failing(make)
    run(instrument(app, **telemetry.providers), Kind(app, "", refuse={1: GONE}))

    assert telemetry.request().attributes["otel_middleware.outcome"] == outcome


def test_an_os_error_of_the_applications_own_is_its_own(telemetry):
    """A broken pipe to a database, after everything was sent well, is an error."""

    async def app(scope, receive, send):
        await send(start(headers=[]))
        await send(body(b"a", more=True))
        raise BrokenPipeError("a database's")

    run(instrument(app, **telemetry.providers), Kind(app, ""))
    assert of(telemetry) == ("ERROR", "BrokenPipeError", "failed", ["BrokenPipeError"])


class ClientDisconnect(Exception):
    """As Starlette's, in whose text "Disconnect" stands."""


def test_a_frameworks_disconnect_is_believed_when_one_was_seen(telemetry):
    """An exception named for a disconnect counts as one after ``http.disconnect``, and as an error without."""

    def app(look):
        async def served(scope, receive, send):
            if look:
                await receive()
            raise ClientDisconnect

        return served

    run(instrument(app(look=True), **telemetry.providers), Kind(app, ""))
    assert of(telemetry)[1:3] == (None, "client_disconnected")
    telemetry.clear()
    run(instrument(app(look=False), **telemetry.providers), Kind(app, ""))
    assert telemetry.request().attributes["otel_middleware.outcome"] == "failed"


def test_a_client_that_leaves_its_upload_is_no_server_error(telemetry):
    """Starlette answers its own ``ClientDisconnect`` with a 500, for nobody, and raises it again."""
    incoming = iter([{"type": "http.request", "body": b"half", "more_body": True}, {"type": "http.disconnect"}])
    sent = []

    async def upload(request):
        return PlainTextResponse(await request.body())

    async def receive():
        return next(incoming)

    async def send(message):
        sent.append(message)

    app = instrument(Starlette(routes=[Route("/upload", upload, methods=["POST"])]), **telemetry.providers)
    scope = {**scope_of(Kind(app, "")), "method": "POST", "path": "/upload", "headers": [(b"content-length", b"9")]}
    with pytest.raises(starlette.requests.ClientDisconnect):
        asyncio.run(app(scope, receive, send))

    assert sent[0]["status"] == 500
    assert of(telemetry) == ("UNSET", None, "client_disconnected", [])
    assert "http.response.status_code" not in telemetry.request().attributes


@pytest.mark.parametrize("refused", [0, 1])
def test_an_application_that_swallows_the_servers_error_has_lost_its_client(telemetry, refused):
    """``send`` that raises an ``OSError`` says that the client has left, whatever the application makes of it."""
    app = refusing(start(200), body(b"a", more=True), swallowing=OSError)
    run(instrument(app, **telemetry.providers), Kind(app, "", refuse={refused: GONE}))

    assert of(telemetry) == ("UNSET", None, "client_disconnected", [])


def test_a_wsgi_application_that_swallows_the_servers_error_has_lost_its_client(telemetry):
    """The same of ``write``."""

    def write(_data):
        raise BrokenPipeError

    def app(_environ, start_response):
        with contextlib.suppress(OSError):
            start_response("200 OK", [])(b"ok")
        return []

    served = wsgi.instrument(app, **telemetry.providers)
    list(served(Wsgi().request(), lambda status, headers, exc_info=None: write))

    assert of(telemetry) == ("UNSET", None, "client_disconnected", [])


def test_an_error_after_a_disconnect_was_seen_is_an_error(telemetry):
    """The client's leaving excuses no bug."""

    async def app(scope, receive, send):
        await receive()
        raise KeyError("bug")

    run(instrument(app, **telemetry.providers), Kind(app, ""))
    assert of(telemetry) == ("ERROR", "KeyError", "failed", ["KeyError"])


def test_a_server_that_only_knows_itself_is_asked(telemetry):
    """Some drop what is sent to a client that left (uvicorn) and say so only on the object that ``receive`` belongs to."""

    class Cycle(Server):
        disconnected = False

    server = Cycle()

    async def app(scope, receive, send):
        await send(start(headers=[]))
        await send(body(b"a", more=True))
        server.disconnected = True
        await send(body(b"b"))

    asyncio.run(instrument(app, **telemetry.providers)(scope_of(Kind(app, "")), server.receive, server.send))
    assert of(telemetry) == ("UNSET", None, "client_disconnected", [])


def test_a_send_that_fails_after_the_end_is_no_background_failure(telemetry):
    """The server's OSError about a late message says that the client has left: there is nothing to report."""

    async def app(scope, receive, send):
        await send(start())
        await send(body())
        await send(body())

    run(instrument(app, **telemetry.providers), Kind(app, "", refuse={2: GONE}))
    assert len(telemetry.spans) == 1


def refusing(*messages, swallowing=RuntimeError):
    """An application that sends all messages, whatever the server says."""

    async def app(scope, receive, send):
        for message in messages:
            with contextlib.suppress(swallowing):
                await send(message)

    return app


@pytest.mark.parametrize(
    ("messages", "refused", "status", "error"),
    [
        pytest.param([start(200)], 0, 500, "response_missing", id="the only start"),
        pytest.param([start(200), start(400), body()], 0, 400, None, id="the first of two"),
        pytest.param(
            [start(200), start(500, [(b"content-length", b"9")]), body()], 1, 200, None, id="the second of two"
        ),
    ],
)
def test_a_start_that_the_server_refuses_counts_for_nothing(telemetry, messages, refused, status, error):
    """Neither its status nor its length is the response's."""
    app = refusing(*messages)
    run(instrument(app, **telemetry.providers), Kind(app, "", refuse={refused: RuntimeError("refused")}))

    assert telemetry.request().attributes["http.response.status_code"] == status
    assert telemetry.request().attributes.get("error.type") == error
