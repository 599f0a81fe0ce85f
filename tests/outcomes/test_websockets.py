"""A websocket is one span for its whole session."""

from __future__ import annotations

import asyncio

import pytest
from asgi_zoo import CLOSED, GONE, HELLO, OPEN, Kind, run

from otel_middleware import ErrorStatuses
from otel_middleware.asgi import instrument

ACCEPT = {"type": "websocket.accept"}
HALF = {"type": "websocket.disconnect", "code": 1006}
SESSION = "otel_middleware.websocket."


def session(*steps):
    """An application that receives (``None``), sends (a message) or raises, in this order."""

    async def app(scope, receive, send):
        for step in steps:
            if isinstance(step, BaseException):
                raise step
            if step is None:
                await receive()
            else:
                await send(step)

    return app


def close(code):
    return {"type": "websocket.close", "code": code} if code else {"type": "websocket.close"}


def told(telemetry):
    span = telemetry.request()
    assert [one.kind.name for one in telemetry.spans] == ["SERVER"]
    return span, (
        span.attributes.get("http.response.status_code"),
        span.status.status_code.name,
        span.attributes.get("error.type"),
        span.attributes.get("otel_middleware.outcome"),
    )


def serve(telemetry, app, inbound, *, refuse=None, **options):
    kind = Kind(app, "", type="websocket", inbound=inbound, refuse=refuse or {})
    return run(instrument(app, **telemetry.providers, routes=["/zoo"], **options), kind)


@pytest.mark.parametrize("code", [None, 1000, 1001, 1005])
def test_a_normal_close_is_no_error(telemetry, code):
    """The application closes as it should: 101, nothing else; no code is 1000."""
    serve(telemetry, session(None, ACCEPT, close(code)), (OPEN,))

    span, row = told(telemetry)
    assert row == (101, "UNSET", None, None)
    assert span.name == "WS /zoo"
    assert span.attributes[SESSION + "close_code"] == (code or 1000)
    assert span.attributes[SESSION + "closed_by"] == "application"


@pytest.mark.parametrize("code", [1002, 1003, 1007, 1008, 1009, 1010, 3000, 4000, 4999])
def test_a_complaint_about_the_client_is_a_failure_but_no_error(telemetry, code):
    """The application closes because of what the client did."""
    serve(telemetry, session(None, ACCEPT, close(code)), (OPEN,))

    assert told(telemetry)[1] == (101, "UNSET", None, "failed")


@pytest.mark.parametrize("code", [1006, 1011, 1012, 1013, 1014])
def test_a_close_for_a_fault_of_ours_is_an_error(telemetry, code):
    """The close code is the error.type."""
    serve(telemetry, session(None, ACCEPT, close(code)), (OPEN,))

    assert told(telemetry)[1] == (101, "ERROR", str(code), "failed")


@pytest.mark.parametrize("code", [1000, 1001, 1005, 1006, 1011, 4000])
def test_the_clients_close_is_never_an_error(telemetry, code):
    """Whatever code the client, or its vanishing, gives."""
    serve(telemetry, session(None, ACCEPT, None), (OPEN, {"type": "websocket.disconnect", "code": code}))

    span, row = told(telemetry)
    assert row == (101, "UNSET", None, None)
    assert span.attributes[SESSION + "close_code"] == code
    assert span.attributes[SESSION + "closed_by"] == "client"


def test_messages_and_bytes_are_counted_both_ways(telemetry):
    """Text counts as UTF-8."""
    sends = [{"type": "websocket.send", "text": "hé"}, {"type": "websocket.send", "bytes": b"abc", "text": None}]
    inbound = (OPEN, HELLO, {"type": "websocket.receive", "bytes": b"1234567", "text": None}, CLOSED)
    serve(telemetry, session(None, ACCEPT, None, *sends, None, *sends[:1], None), inbound)

    span, _ = told(telemetry)
    counted = {key.removeprefix(SESSION): value for key, value in span.attributes.items() if key.startswith(SESSION)}
    assert counted == {
        "messages_received": 2,
        "messages_sent": 3,
        "bytes_received": 12,
        "bytes_sent": 9,
        "close_code": 1001,
        "closed_by": "client",
    }


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param([None, close(4401)], (403, "UNSET", None, None), id="closed before it was accepted"),
        pytest.param([None], (500, "ERROR", "response_missing", "missing"), id="returned without an answer"),
        pytest.param([None, ValueError()], (500, "ERROR", "ValueError", "failed"), id="raised before it answered"),
        pytest.param([None, None], (None, "UNSET", None, "client_disconnected"), id="the client left before"),
        pytest.param([None, asyncio.CancelledError()], (None, "UNSET", None, "cancelled"), id="cancelled before"),
        pytest.param([None, ACCEPT], (101, "UNSET", None, None), id="returned without closing"),
        pytest.param([None, ACCEPT, ValueError()], (101, "ERROR", "ValueError", "failed"), id="raised in the session"),
        pytest.param([None, ACCEPT, None, ValueError()], (101, "ERROR", "ValueError", "failed"), id="a bug afterwards"),
        pytest.param([None, ACCEPT, asyncio.CancelledError()], (101, "UNSET", None, "cancelled"), id="cancelled"),
    ],
)
def test_how_a_session_ends(telemetry, steps, expected):
    """Status, span status, error.type and outcome of sessions that end otherwise."""
    serve(telemetry, session(*steps), (OPEN,))

    assert told(telemetry)[1] == expected


@pytest.mark.parametrize("status", [401, 403, 404, 429])
def test_a_denial_has_its_own_status(telemetry, status):
    """The status rules hold for a denial response."""
    denial = [
        {"type": "websocket.http.response.start", "status": status, "headers": []},
        {"type": "websocket.http.response.body", "body": b"no"},
    ]
    serve(telemetry, session(None, *denial), (OPEN,))

    assert told(telemetry)[1] == (status, "UNSET", None, None)


def test_a_denial_by_a_fault_is_an_error(telemetry):
    """A 5xx denial is one by the same rules, and a policy may say otherwise."""
    denial = [
        {"type": "websocket.http.response.start", "status": 503, "headers": []},
        {"type": "websocket.http.response.body", "body": b""},
    ]
    serve(telemetry, session(None, *denial), (OPEN,))
    assert told(telemetry)[1] == (503, "ERROR", "503", "failed")

    telemetry.clear()
    serve(telemetry, session(None, *denial), (OPEN,), errors=ErrorStatuses(expected=[503]))
    assert told(telemetry)[1] == (503, "UNSET", None, None)


def test_a_send_that_fails_tells_of_the_client(telemetry):
    """The server's own error while sending: the client has gone, which is no error."""
    frame = {"type": "websocket.send", "text": "x"}
    seen = serve(telemetry, session(None, ACCEPT, frame), (OPEN,), refuse={1: GONE})

    assert seen.error is GONE
    span, row = told(telemetry)
    assert row == (101, "UNSET", None, None)
    assert span.attributes[SESSION + "closed_by"] == "client"


def test_sending_to_a_client_that_was_seen_leaving_is_no_error(telemetry):
    """Servers refuse it with errors of their own kinds."""
    frame = {"type": "websocket.send", "text": "x"}
    refused = RuntimeError("websocket.send after websocket.disconnect")
    seen = serve(telemetry, session(None, ACCEPT, None, frame), (OPEN, HALF), refuse={1: refused})

    assert seen.error is refused
    assert told(telemetry)[1] == (101, "UNSET", None, None)
