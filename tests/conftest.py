"""Fixtures for all tests: both protocols, and no complaint of the SDK goes unheard."""

from __future__ import annotations

import logging
import os

import pytest
from harness import Asgi, Wsgi

os.environ.setdefault("OTEL_SEMCONV_STABILITY_OPT_IN", "http")

_COMPLAINTS = (
    *("ended span", "Failed to detach", "on an ended", "already been created", "Overriding of current"),
    *("Invalid type", "settling a request"),  # a value that is no attribute; our own last resort
)


@pytest.fixture(params=[Asgi(), Wsgi()], ids=lambda protocol: protocol.name)
def protocol(request):
    """ASGI, then WSGI."""
    return request.param


@pytest.fixture(autouse=True)
def _sdk_is_content(caplog):
    """The SDK logs a complaint where instrumentation misuses it: every test fails on one, and on a fault of our own."""
    caplog.set_level(logging.WARNING, "opentelemetry")
    yield
    said = [
        record.getMessage()
        for phase in ("setup", "call", "teardown")
        for record in caplog.get_records(phase)
        if record.name.startswith(("opentelemetry", "otel_middleware"))
        and any(word in record.getMessage() for word in _COMPLAINTS)
    ]
    assert not said
