"""A start of the response that the server refuses, and the application goes on: what stood before stands again."""

from __future__ import annotations

import pytest
from harness import Wsgi

WSGI = Wsgi()


class RefusedError(Exception):
    """The server's."""


def answered(telemetry, statuses, **environ):
    """The span of a request that is answered by the first of *statuses* that the server takes; it takes one, the last or the first."""

    def app(_environ, start_response):
        for status, taken in statuses:
            try:
                start_response(status, [("X-Mine", status), ("Content-Length", "2")])
            except RefusedError:
                assert not taken
        return [b"ok"]

    wanted = iter(taken for _, taken in statuses)

    def start_response(*_):
        if not next(wanted):
            raise RefusedError

    instrumented = WSGI.module.instrument(
        app,
        http_capture_headers_server_request=["x-.*"],
        http_capture_headers_server_response=["x-mine"],
        **telemetry.providers,
    )
    body = instrumented(WSGI.request(**environ), start_response)
    assert b"".join(body) == b"ok"
    body.close()
    (span,) = telemetry.spans
    return span.attributes


@pytest.mark.parametrize(
    ("statuses", "status", "header"),
    [
        ((("200 OK", True), ("500 No", False)), 200, "200 OK"),
        ((("500 No", False), ("200 OK", True)), 200, "200 OK"),
        ((("odd", True), ("500 No", False)), 500, "odd"),  # nobody knows which status that is
    ],
)
def test_what_the_server_took_is_reported(telemetry, statuses, status, header):
    """Status and captured headers are those of the start that the server took; the request's own headers stay."""
    attributes = answered(telemetry, statuses, headers=[("x-response.header", "of the request")])

    assert attributes["http.response.status_code"] == status
    assert attributes["http.response.header.x_mine"] == (header,)
    assert attributes["http.request.header.x_response.header"] == ("of the request",)
