"""Changing the import is enough: each argument of upstream's middleware, and each of its variables, has its place in ours."""

from __future__ import annotations

import inspect

import pytest
from harness import Described
from plain import AsgiUpstream, WsgiUpstream

from otel_middleware.testing import Telemetry

PLACES = {
    # upstream's argument: ours, where the name is not the same
    "wsgi": "app",
    "request_hook": "server_request_hook",
    "response_hook": "server_response_hook",
    "tracer": "tracer_provider",
    "meter": "meter_provider",
}

VALUES = {
    # what upstream takes, ours takes: one value an argument
    "excluded_urls": "healthz,metrics",
    "default_span_details": lambda scope: ("name", {}),
    "server_request_hook": lambda span, carrier: None,
    "server_response_hook": lambda span, carrier, status, headers: None,
    "client_request_hook": lambda span, scope, message: None,
    "client_response_hook": lambda span, scope, message: None,
    "http_capture_headers_server_request": ["x-.*"],
    "http_capture_headers_server_response": ["x-.*"],
    "http_capture_headers_sanitize_fields": ["x-.*"],
    "exclude_spans": ["receive", "send"],
}


def parameters_of(protocol):
    upstream = {"asgi": AsgiUpstream, "wsgi": WsgiUpstream}[protocol.name]
    return list(inspect.signature(upstream).parameters.values())


def test_each_argument_has_its_place(protocol):
    """By the same name or by the table; the application first, everything else by keyword."""
    ours = inspect.signature(protocol.module.instrument).parameters
    application, *arguments = parameters_of(protocol)

    assert PLACES.get(application.name, application.name) == next(iter(ours)) == "app"
    for argument in arguments:
        place = ours.get(PLACES.get(argument.name, argument.name))
        assert place is not None, argument.name
        assert place.kind is inspect.Parameter.KEYWORD_ONLY


@pytest.mark.parametrize("value", ["given", None])
def test_each_argument_takes_upstreams_values(protocol, value):
    """The values that upstream takes are taken, ``None`` included."""
    kit = Telemetry()
    values = {**VALUES, **kit.providers}
    names = {PLACES.get(parameter.name, parameter.name) for parameter in parameters_of(protocol)[1:]}
    options = {name: values[name] if value else None for name in names}
    app = protocol.module.instrument(protocol.build(Described()), **(kit.providers if value is None else {}) | options)

    assert protocol.get(app, "/orders").status == 200
    kit.tracer_provider.shutdown()
    kit.meter_provider.shutdown()


def test_the_table_has_no_dead_rows():
    """Each row of the table is an argument that one of upstream's two classes has."""
    upstreams = {name for kind in (AsgiUpstream, WsgiUpstream) for name in inspect.signature(kind).parameters}

    assert set(PLACES) <= upstreams
