"""Whatever clients send, the series of a metric are few."""

from __future__ import annotations

import gc

import pytest
from bench import MODULES, OPTIONS
from corpus.entry import request
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from sides import APPLICATIONS, serve

from otel_middleware._proposals import Proposal

MANY = 250
MOST = 2 * (100 + 2)
"""A hundred values, what stands for the others, and none; times two where a value tells whether it was believed."""

VARIED = {
    "method": lambda number: {"method": f"M{number}"},
    "scheme": lambda number: {"scheme": f"s{number}"},
    "version": lambda number: {"version": f"1.{number}"},
    "host": lambda number: {"headers": [("host", f"h{number}.example:{1_000 + number}")]},
    "path": lambda number: {"path": f"/p{number}x/{number}"},
    "agent": lambda number: {"headers": [("user-agent", f"bot/{number}")]},
    "tenant": lambda number: {"headers": [("x-tenant-id", f"t{number}")], "query": "believed"},
    "forwarded": lambda number: {
        "headers": [("x-forwarded-host", f"h{number}"), ("x-forwarded-for", "1.1.1.1, 2.2.2.2")],
        "client": ("10.0.0.9", 1),
    },
    "client": lambda number: {"client": (f"192.0.2.{number}", number)},
}


@pytest.mark.parametrize("protocol", MODULES)
@pytest.mark.parametrize("what", VARIED)
def test_series_are_bounded(protocol, what):
    """Two hundred and fifty values of anything that a client chooses make at most about a hundred series of each metric."""
    reader = InMemoryMetricReader()
    options = OPTIONS["everything"](protocol)
    del options["metric_attributes"]
    app = MODULES[protocol].instrument(
        APPLICATIONS[protocol]["echoing"],
        tracer_provider=TracerProvider(shutdown_on_exit=False),
        meter_provider=MeterProvider([reader], shutdown_on_exit=False),
        **options,
    )
    for number in range(MANY):
        [of_asgi, of_wsgi] = request(f"{what} {number}", "one of many", **VARIED[what](number))
        serve(protocol, app, (of_asgi if protocol == "asgi" else of_wsgi).carrier())

    series = {
        metric.name: len(metric.data.data_points)
        for resource in reader.get_metrics_data().resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }
    assert series
    assert {name: count for name, count in series.items() if count > MOST} == {}


@pytest.mark.parametrize("protocol", MODULES)
def test_made_up_methods_are_not_remembered_without_end(protocol, monkeypatch):
    """What upstream proposes is kept for each kind of request; where every method is captured, for the first kinds alone."""
    monkeypatch.setenv("OTEL_PYTHON_INSTRUMENTATION_HTTP_CAPTURE_ALL_METHODS", "1")
    app = MODULES[protocol].instrument(
        APPLICATIONS[protocol]["echoing"], tracer_provider=TracerProvider(shutdown_on_exit=False)
    )
    before = _kept()
    for number in range(600):
        [of_asgi, of_wsgi] = request(f"method {number}", "one of many", method=f"M{number}")
        serve(protocol, app, (of_asgi if protocol == "asgi" else of_wsgi).carrier())

    assert _kept() - before <= 256


def _kept():
    return sum(type(each) is Proposal for each in gc.get_objects())
