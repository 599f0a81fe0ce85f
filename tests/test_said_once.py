"""What a user's callable raises is said once for each callable, however many requests it costs nothing."""

from __future__ import annotations

from functools import partial

import pytest
from harness import Described

REQUESTS = 20


def broken(*_):
    raise ValueError("s3cr3t")


def odd(*_):
    return 5


def warnings_of(caplog):
    return [record for record in caplog.records if record.name == "otel_middleware"]


@pytest.mark.parametrize(
    ("option", "function"),
    [
        ("metric_attributes", broken),
        ("metric_attributes", odd),  # no mapping
        ("server_request_hook", broken),
        ("server_response_hook", broken),
        ("errors", broken),
        ("routes", broken),
        ("tenant", broken),
        ("excluded_urls", broken),
    ],
)
def test_once_a_callable(protocol, telemetry, caplog, option, function):
    """Twenty requests through each of two applications with a callable of its own: two warnings, and every answer as it was."""
    for _ in range(2):
        own = partial(function)  # a new one each time
        app = protocol.module.instrument(protocol.build(Described()), **{option: own}, **telemetry.providers)
        for _ in range(REQUESTS):
            assert protocol.get(app, "/").status == 200

    assert len(warnings_of(caplog)) == 2
    assert all("s3cr3t" not in record.getMessage() for record in warnings_of(caplog))
    assert len(telemetry.spans) == 2 * REQUESTS
