"""How every kind of response in the two zoos is reported, on its span and on its duration alike."""

from __future__ import annotations

from dataclasses import dataclass

import asgi_zoo
import pytest
import wsgi_zoo
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from otel_middleware import asgi, wsgi
from otel_middleware.testing import Telemetry


@dataclass(frozen=True)
class Told:
    """A row of the table."""

    status: int | None = 200
    error: str | None = None
    outcome: str | None = None
    event: str | None = None
    description: str | None = None
    background: str | None = None


OK = Told()
ERROR = "ValueError"
GONE = Told(outcome="client_disconnected")
MISSING = Told(500, "response_missing", "missing")
TRUNCATED = Told(error="response_truncated", outcome="truncated")


def raised(error, *, status=200, description=None):
    return Told(status, error, "failed", error, description)


FIRST = raised(ERROR, status=500, description="ValueError: the application's own")

ASGI = {
    "plain": OK,
    "bare_messages": Told(204),
    "stream": OK,
    "late_first_byte": OK,
    "head": OK,
    "head_with_body": OK,
    "not_modified": Told(304),
    "answers_500": Told(500, "500", "failed"),
    "answers_404": Told(404),
    "tuple_headers": OK,
    "header_generator": OK,
    "odd_header_bytes": OK,
    "echo": OK,
    "trailers": OK,
    "early_hints": OK,
    "debug_message": OK,
    "pathsend": OK,
    "zero_copy": OK,
    "corrected": OK,
    "background": OK,
    "same_message": OK,
    "own_message_class": OK,
    "answers_in_a_task": OK,
    "with_context": OK,
    "sets_context": OK,
    "writes_scope": OK,
    "raises_first": FIRST,
    "raises_after_start": raised(ERROR),
    "raises_in_body": raised(ERROR),
    "answers_then_raises": raised(ERROR, status=500),
    "raises_in_background": Told(background=ERROR),
    "raises_timeout": raised("asgi_zoo.Timeout", status=500, description="Timeout: too late"),
    "exits": raised("SystemExit"),
    "cancelled": Told(outcome="cancelled"),
    "silent": MISSING,
    "unfinished": TRUNCATED,
    "short": TRUNCATED,
    "returns_value": OK,
    "sees_disconnect": GONE,
    "server_raises": GONE,
    "wraps_server_error": GONE,
    "database_left": raised("ConnectionError", status=500, description="ConnectionError: the database has left"),
    "receive_raises": Told(None, outcome="client_disconnected"),
    "refused_start": Told(400),
    "second_start": OK,
    "body_first": raised("RuntimeError", status=500, description="RuntimeError: the server refuses the message"),
    "no_type": MISSING,
    "no_message": MISSING,
    "refused_no_message": raised(
        "RuntimeError", status=500, description="RuntimeError: the server refuses the message"
    ),
    "odd_status": MISSING,
    "odd_headers": OK,
    "odd_body": TRUNCATED,
    "after_the_end": Told(background="RuntimeError"),
    "odd_received": OK,
    "ws_echo": Told(101),
    "ws_closes": Told(101, outcome="failed"),
    "ws_denies": Told(403),
    "ws_denial_response": Told(401),
    "ws_raises": raised(ERROR, status=101),
}

WSGI = {
    "one_chunk": OK,
    "a_tuple": OK,
    "empty_list": Told(204),
    "generator": OK,
    "generator_application": OK,
    "late_start": OK,
    "writes": OK,
    "writes_and_returns": OK,
    "closing": OK,
    "list_subclass": OK,
    "sized_iterable": OK,
    "sized_iterator": OK,
    "old_sequence": OK,
    "file_wrapper": OK,
    "head": OK,
    "head_with_body": OK,
    "not_modified": Told(304),
    "answers_500": Told(500, "500", "failed"),
    "answers_404": Told(404),
    "no_reason": OK,
    "repeated_headers": OK,
    "corrected": OK,
    "started_again": raised(ERROR, status=500),
    "by_keyword": OK,
    "echo": OK,
    "writes_environ": OK,
    "raises_first": FIRST,
    "raises_after_start": FIRST,  # no header has gone yet: servers answer 500
    "raises_in_body": raised(ERROR),
    "raises_in_iter": FIRST,
    "raises_in_close": Told(background=ERROR),
    "started_too_late": raised(ERROR),
    "raises_timeout": raised("wsgi_zoo.Timeout", status=500, description="Timeout: too late"),
    "exits": raised("SystemExit"),
    "database_left": raised("ConnectionError", status=500, description="ConnectionError: the database has left"),
    "silent": MISSING,
    "short": TRUNCATED,
    "closed_early": GONE,
    "cleans_up": GONE,
    "never_iterated": GONE,
    "never_started": Told(None, outcome="client_disconnected"),
    "broken_pipe": GONE,
    "returns_none": MISSING,
    "returns_number": MISSING,
    "text_chunks": OK,
    "odd_chunk": OK,
    "bytes_body": OK,
    "chunk_refused": raised("AssertionError"),
    "status_refused": raised(
        "AssertionError", status=500, description="AssertionError: the server refuses the response"
    ),
    "status_number": raised(
        "AssertionError", status=500, description="AssertionError: the server refuses the response"
    ),
    "odd_headers": OK,
    "iterated_twice": OK,
    "generator_twice": OK,
}

ROWS = [
    pytest.param(protocol, zoo.run, kind, table[kind.id], id=f"{protocol.__name__[16:]}-{kind.id}")
    for protocol, zoo, table in ((asgi, asgi_zoo, ASGI), (wsgi, wsgi_zoo, WSGI))
    for kind in zoo.ZOO
    if kind.id != "lifespan"
]


def told(telemetry):
    """The row that a request's span makes."""
    (span,) = (span for span in telemetry.spans if span.kind.name == "SERVER")
    children = [child for child in telemetry.spans if child is not span]
    events = [event.attributes["exception.type"] for event in span.events if event.name == "exception"]
    assert len(events) <= 1
    return span, Told(
        span.attributes.get("http.response.status_code"),
        span.attributes.get("error.type"),
        span.attributes.get("otel_middleware.outcome"),
        events[0] if events else None,
        span.status.description,
        children[0].attributes["error.type"] if children else None,
    )


@pytest.mark.parametrize(("protocol", "run", "kind", "expected"), ROWS)
def test_outcome(telemetry, protocol, run, kind, expected):
    """Status, error.type, outcome, event and description are the table's; span status and metric agree with them."""
    run(protocol.instrument(kind.app, **telemetry.providers), kind)

    span, row = told(telemetry)
    assert row == expected
    assert span.status.status_code.name == ("UNSET" if expected.error is None else "ERROR")
    if getattr(kind, "type", "http") == "http":
        point = telemetry.metric("http.server.request.duration")
        assert point.attributes.get("http.response.status_code") == expected.status
        assert point.attributes.get("error.type") == expected.error
        assert point.sum == (span.end_time - span.start_time) / 1e9


@pytest.mark.parametrize(("protocol", "run", "kind", "expected"), ROWS)
def test_unsampled_is_measured_like_sampled(telemetry, protocol, run, kind, expected):
    """The metrics of a request do not depend on whether its span is recorded."""
    if getattr(kind, "type", "http") != "http":
        pytest.skip("upstream proposes no metrics for websockets")
    unsampled = Telemetry()
    off = {**unsampled.providers, "tracer_provider": TracerProvider(sampler=ALWAYS_OFF)}
    for providers in (telemetry.providers, off):
        run(protocol.instrument(kind.app, **providers, routes=["/zoo"]), kind)

    names = [metric for metric in METRICS if telemetry.points(metric)]
    assert "http.server.request.duration" in names
    assert names == [metric for metric in METRICS if unsampled.points(metric)]
    for name in names:
        sampled_points, unsampled_points = telemetry.points(name), unsampled.points(name)
        assert [dict(point.attributes) for point in sampled_points] == [
            dict(point.attributes) for point in unsampled_points
        ]
        if "size" in name:
            assert [point.sum for point in sampled_points] == [point.sum for point in unsampled_points]


METRICS = (
    "http.server.request.duration",
    "http.server.active_requests",
    "http.server.request.body.size",
    "http.server.response.body.size",
)
