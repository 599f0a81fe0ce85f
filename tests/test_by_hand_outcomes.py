"""How requests end inside an ``OpenTelemetryMiddleware`` of the user's: as ``instrument`` says it, as far as a span allows."""

from __future__ import annotations

import logging

import pytest
from harness import Asgi, Described, Wsgi, by_hand
from opentelemetry.trace import SpanKind, StatusCode

from otel_middleware import ErrorStatuses, record_error, server_span

ERRORS = [("ErrorStatusMiddleware",)]


class OutOfStock(Exception):
    """An error of the application's own, with a secret."""


NAME = f"{OutOfStock.__module__}.OutOfStock"
ERROR = OutOfStock("password=s3cr3t")
LISTING = ErrorStatuses(errors=[404], expected=[503])

ENDS = {
    "ok": ({}, ErrorStatuses()),
    "answered 500": ({"status": 500}, ErrorStatuses()),
    "expected 404": ({"status": 404}, ErrorStatuses(expected=[404])),
    "listed 404": ({"status": 404}, LISTING),
    "recorded, 500": ({"status": 500, "inside": lambda _: record_error(ERROR)}, ErrorStatuses()),
    "recorded by name, 500": ({"status": 500, "inside": lambda _: record_error("out_of_stock")}, ErrorStatuses()),
    "recorded, 200": ({"inside": lambda _: record_error(ERROR)}, ErrorStatuses()),
    "recorded, 404": ({"status": 404, "inside": lambda _: record_error(ERROR)}, ErrorStatuses()),
    "recorded, listed 404": ({"status": 404, "inside": lambda _: record_error(ERROR)}, LISTING),
    "raised": ({"raises_before": ERROR}, ErrorStatuses()),
    "raised after the start": ({"raises_after_start": ERROR, "headers": ()}, ErrorStatuses()),
    "raised before a byte": ({"raises_after_start": ERROR, "chunks": (), "headers": ()}, ErrorStatuses()),
    "raised, expected": ({"raises_before": ERROR}, ErrorStatuses(expected=[500])),
    "raised after the start, expected": ({"raises_after_start": ERROR, "headers": ()}, ErrorStatuses(expected=[200])),
}


def end_of(span):
    """What is said of how the request ended. OK says no more than UNSET: upstream's ERROR was taken back."""
    code = StatusCode.UNSET if span.status.status_code is StatusCode.OK else span.status.status_code
    said = [span.attributes.get(key) for key in ("http.response.status_code", "error.type")]
    events = [(event.attributes["exception.type"], event.attributes["exception.message"]) for event in span.events]
    return (*said, code, span.status.description, events)


@pytest.mark.parametrize(("described", "errors"), ENDS.values(), ids=ENDS)
def test_requests_end_as_with_instrument(protocol, telemetry, described, errors):
    """Status, ``error.type``, the span's status and the exception's event are those that ``instrument`` writes."""
    app = protocol.module.instrument(protocol.build(Described(**described)), errors=errors, **telemetry.providers)
    protocol.get(app, "/")
    layers = [("ErrorStatusMiddleware", errors)]
    protocol.get(by_hand(protocol, telemetry, Described(**described), layers, sanitize=True), "/")

    instrumented, handmade = telemetry.spans
    described_by_upstream = handmade.status.description is not None and instrumented.status.description is None
    expected, said = end_of(instrumented), end_of(handmade)
    if described_by_upstream:  # what was raised after the start: the sanitised message, too
        expected, said = expected[:3] + expected[4:], said[:3] + said[4:]
    assert said == expected
    assert "s3cr3t" not in handmade.to_json()


@pytest.mark.parametrize("layer", [("RouteTemplateMiddleware", ["/"]), ("ErrorStatusMiddleware",)])
def test_any_layer_hears_of_a_recorded_error(protocol, telemetry, layer):
    """What ``record_error`` was told is on the span after upstream has written its own, sanitised, once."""
    described = Described(status=500, inside=lambda _: record_error(ERROR))
    protocol.get(by_hand(protocol, telemetry, described, [layer]), "/")

    span = telemetry.request()
    assert end_of(span) == (500, NAME, StatusCode.ERROR, None, [(NAME, "password=REDACTED")])


def test_without_a_layer_an_error_is_recorded_at_once(protocol, telemetry):
    """The event is on the span; upstream has the last word on ``error.type``."""
    described = Described(status=500, inside=lambda _: record_error(ERROR))
    protocol.get(by_hand(protocol, telemetry, described), "/")

    span = telemetry.request()
    assert end_of(span) == (500, "500", StatusCode.ERROR, None, [(NAME, "password=REDACTED")])


@pytest.mark.parametrize(("status", "named"), [("500 No", "out_of_stock"), ("404 No", None)])
@pytest.mark.parametrize("layers", [(), ERRORS], ids=["alone", "layer"])
def test_an_error_may_be_recorded_after_the_start(telemetry, layers, status, named):
    """While a WSGI body is iterated the status is known: with a 5xx the name is ``error.type``, else nothing happens."""

    def app(environ, start_response):
        start_response(status, [])
        yield b"o"
        record_error("out_of_stock")
        yield b"k"

    Wsgi().get(by_hand(Wsgi(), telemetry, app, layers), "/")

    assert telemetry.request().attributes.get("error.type") == named


def test_an_error_that_wsgi_is_given_is_known(telemetry):
    """``start_response`` with ``exc_info`` says which error is answered."""

    def app(environ, start_response):
        start_response("500 No", [], (OutOfStock, ERROR, None))
        return [b"ok"]

    Wsgi().get(by_hand(Wsgi(), telemetry, app, ERRORS), "/")

    assert telemetry.request().attributes["error.type"] == NAME


def test_a_logged_error_is_known(protocol, telemetry):
    """With ``from_logs`` an exception that is logged inside the request is shown, as with ``instrument``."""
    described = Described(status=500, inside=lambda _: logging.getLogger("app").error("no", exc_info=ERROR))
    protocol.get(
        by_hand(protocol, telemetry, described, [("ErrorStatusMiddleware", ErrorStatuses(from_logs=True))]), "/"
    )

    span = telemetry.request()
    assert end_of(span) == (500, NAME, StatusCode.ERROR, None, [(NAME, "password=REDACTED")])


def test_what_is_raised_after_the_last_byte_breaks_nothing(telemetry):
    """Upstream has ended the span with the response: an exception that comes later is the server's, and the SDK is content."""

    async def app(scope, receive, send):
        await Asgi().build(Described(status=500))(scope, receive, send)
        raise ERROR

    answer = Asgi().get(by_hand(Asgi(), telemetry, app, ERRORS), "/")

    assert answer.error is ERROR
    assert end_of(telemetry.request()) == (500, "500", StatusCode.ERROR, None, [])


def test_an_error_that_is_expected_keeps_upstreams_attribute(protocol, telemetry):
    """A policy takes upstream's ERROR back; an attribute of a span cannot be deleted."""
    protocol.get(by_hand(protocol, telemetry, Described(status=503), [("ErrorStatusMiddleware", LISTING)]), "/")

    span = telemetry.request()
    assert (span.status.status_code, span.attributes["error.type"]) == (StatusCode.OK, "503")


def test_a_policy_that_raises_has_no_opinion(protocol, telemetry):
    """The request is answered, and reported as upstream does."""

    def broken(response):
        raise ValueError

    layers = [("ErrorStatusMiddleware", broken)]
    answer = protocol.get(by_hand(protocol, telemetry, Described(status=500), layers), "/")

    assert answer.status == 500
    assert end_of(telemetry.request()) == (500, "500", StatusCode.ERROR, None, [])


def test_an_applications_own_word_stands(protocol, telemetry):
    """A status that the application has set with a description keeps it, and OK is no error whatever is listed."""
    for word in ((StatusCode.ERROR, "sold out"), (StatusCode.OK, None)):
        described = Described(status=404, inside=lambda _, word=word: server_span().set_status(*word))
        protocol.get(by_hand(protocol, telemetry, described, [("ErrorStatusMiddleware", LISTING)]), "/")

    statuses = [(span.status.status_code, span.status.description) for span in telemetry.spans]
    assert statuses == [(StatusCode.ERROR, "sold out"), (StatusCode.OK, None)]
    assert [span.attributes.get("error.type") for span in telemetry.spans] == ["404", None]


def test_what_was_written_the_old_way_has_gone(telemetry):
    """An exception after WSGI's ``write`` leaves the status that was sent."""

    def app(environ, start_response):
        start_response("200 OK", [])(b"ok")
        raise ERROR

    answer = Wsgi().get(by_hand(Wsgi(), telemetry, app, ERRORS, sanitize=True), "/")

    assert (answer.body, answer.error) == (b"ok", ERROR)
    assert end_of(telemetry.request())[:3] == (200, NAME, StatusCode.ERROR)


def test_an_end_that_is_no_error(protocol, telemetry):
    """What is no ``Exception``, a server that shuts down say, is none of the application's errors, as upstream has it."""
    ending = SystemExit()
    answer = protocol.get(by_hand(protocol, telemetry, Described(headers=(), raises_after_start=ending), ERRORS), "/")

    assert answer.error is ending
    assert end_of(telemetry.request())[1:3] == (None, StatusCode.UNSET)


def test_a_status_that_is_none(telemetry):
    """An ASGI status that is no number is upstream's and the server's business."""

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": "odd", "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})

    assert Asgi().get(by_hand(Asgi(), telemetry, app, ERRORS), "/").body == b"ok"


MODES = {
    "old": ({"http.method": "GET"}, {"http.status_code"}),
    "new": ({"http.request.method": "GET"}, {"http.response.status_code"}),
    "both": (
        {"http.method": "GET", "http.request.method": "GET"},
        {"http.status_code", "http.response.status_code"},
    ),
    "neither": ({}, {"http.response.status_code"}),
}


@pytest.mark.parametrize(("attributes", "keys"), MODES.values(), ids=MODES)
def test_the_status_is_named_as_the_span_names_things(protocol, telemetry, attributes, keys):
    """What an exception answers is 500 in the words of the conventions that the span was started with."""
    app = protocol.module.ErrorStatusMiddleware(protocol.build(Described(raises_before=ERROR)))
    tracer = telemetry.tracer_provider.get_tracer("app")
    with tracer.start_as_current_span("GET", kind=SpanKind.SERVER, attributes=attributes):
        assert protocol.get(app, "/").error is ERROR

    (span,) = telemetry.spans
    assert {key for key in span.attributes if "status" in key} == keys
    assert {span.attributes[key] for key in keys} == {500}


@pytest.mark.parametrize(("accepted", "status"), [(True, None), (False, 500)])
def test_a_websocket_that_fails(telemetry, accepted, status):
    """Before it was accepted a server answers 500; afterwards no status is made up."""

    async def app(scope, receive, send):
        if accepted:
            await send({"type": "websocket.accept"})
        raise ERROR

    carrier = Asgi().request() | {"type": "websocket", "scheme": "ws"}
    Asgi().call(by_hand(Asgi(), telemetry, app, ERRORS), carrier)

    span = telemetry.request()
    assert (span.attributes["error.type"], span.attributes.get("http.response.status_code")) == (NAME, status)


def test_a_websocket_that_is_denied(telemetry):
    """A denial's status is judged as that of any response."""

    async def app(scope, receive, send):
        await send({"type": "websocket.http.response.start", "status": 404, "headers": []})
        await send({"type": "websocket.http.response.body", "body": b""})

    carrier = Asgi().request() | {"type": "websocket", "scheme": "ws"}
    Asgi().call(by_hand(Asgi(), telemetry, app, [("ErrorStatusMiddleware", LISTING)]), carrier)

    assert telemetry.request().attributes["error.type"] == "404"
