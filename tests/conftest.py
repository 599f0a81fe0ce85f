"""Fixtures for all tests: both protocols, and no complaint of the SDK goes unheard."""

from __future__ import annotations

import atexit
import logging
import os
import shutil
import tempfile

import pytest
from harness import Asgi, Wsgi
from hypothesis import HealthCheck, settings

os.environ.setdefault("OTEL_SEMCONV_STABILITY_OPT_IN", "http")

if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
    # Hundreds of tests start a process; where nothing may be written beside the sources, each would compile all of them again.
    os.environ["PYTHONPYCACHEPREFIX"] = tempfile.mkdtemp(prefix="bytecode-")
    atexit.register(shutil.rmtree, os.environ["PYTHONPYCACHEPREFIX"], ignore_errors=True)

# No test asserts a time, not even hypothesis: a busy machine with coverage on is slow at any moment.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

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
