"""How long requests waited at the proxy: an attribute and a histogram, on the word of a listed proxy alone."""

from __future__ import annotations

import inspect
import time

import pytest
from harness import Described
from opentelemetry.metrics import Meter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from otel_middleware import TrustPolicy

NAME = "otel_middleware.time_in_queue"
PROXIED = TrustPolicy(proxies=["192.0.2.0/24"])


def ago(seconds, unit=1.0, prefix=""):
    return f"{prefix}{(time.time() - seconds) * unit:.3f}"


@pytest.mark.parametrize(
    ("header", "unit", "prefix"),
    [
        ("x-request-start", 1, ""),
        ("x-request-start", 1, "t="),
        ("x-request-start", 1e3, "t="),
        ("x-queue-start", 1e6, ""),
    ],
)
def test_queue_time_is_on_span_and_histogram(protocol, telemetry, header, unit, prefix):
    """What a listed proxy says is on the span, and the histogram has the same seconds and no attribute, in our own scope."""
    app = protocol.module.instrument(protocol.build(Described()), trust=PROXIED, **telemetry.providers)
    protocol.get(app, "/", headers=[(header, ago(10, unit, prefix))])

    queued = telemetry.request().attributes[NAME]
    point = telemetry.metric(NAME)
    assert 9.9 < queued < 40
    assert (point.sum, point.count, dict(point.attributes)) == (queued, 1, {})
    if "explicit_bucket_boundaries_advisory" in inspect.signature(Meter.create_histogram).parameters:  # not before 1.30
        assert point.explicit_bounds[:2] == (0.005, 0.01)
    data = telemetry._reader.get_metrics_data()
    scopes = {
        metric.name: (scope.scope.name, metric.unit)
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }
    assert scopes[NAME] == ("otel_middleware", "s")


@pytest.mark.parametrize(
    ("trust", "value"),
    [
        (TrustPolicy(), 10),  # nobody is listed
        (TrustPolicy(proxies=["10.0.0.0/8"]), 10),  # somebody else is
        (PROXIED, None),
        (PROXIED, -60),  # in the future
        (PROXIED, 4_000),  # absurd
        (PROXIED, "soon"),
    ],
)
def test_no_queue_time_without_a_trusted_word(protocol, telemetry, trust, value):
    """From a stranger, missing, in the future, absurd or malformed: neither attribute nor point."""
    app = protocol.module.instrument(protocol.build(Described()), trust=trust, **telemetry.providers)
    said = ago(value) if isinstance(value, int) else value
    protocol.get(app, "/", headers=[] if said is None else [("x-request-start", said)])

    assert NAME not in telemetry.request().attributes
    assert telemetry.points(NAME) == []


def test_unsampled_requests_are_measured_too(protocol, telemetry):
    """Sampling decides about spans, not about the histogram."""
    app = protocol.module.instrument(
        protocol.build(Described()),
        trust=PROXIED,
        tracer_provider=TracerProvider(sampler=ALWAYS_OFF),
        meter_provider=telemetry.meter_provider,
    )
    protocol.get(app, "/", headers=[("x-request-start", ago(10))])

    assert telemetry.metric(NAME).count == 1


def test_two_stacks_share_the_histogram(protocol, telemetry):
    """Two instrumented applications on one provider record into one instrument, without a complaint of the SDK's."""
    for _ in range(2):
        app = protocol.module.instrument(protocol.build(Described()), trust=PROXIED, **telemetry.providers)
        protocol.get(app, "/", headers=[("x-request-start", ago(10))])

    assert telemetry.metric(NAME).count == 2
