"""Providers: none at all, one that comes late, one that lives on in a forked child."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from harness import Described
from opentelemetry.metrics import NoOpMeterProvider
from plain import DURATIONS

PREAMBLE = """
    import logging, os, sys
    sys.path.insert(0, {tests!r})
    logging.basicConfig()
    from harness import Asgi, Described, Wsgi
    protocol = {{"asgi": Asgi, "wsgi": Wsgi}}[{protocol!r}]()
"""

API_ONLY = """
    class Missing:
        def find_spec(self, name, path=None, target=None):
            if name.startswith(("opentelemetry.sdk", "opentelemetry.exporter")):
                raise ModuleNotFoundError(name, name=name)
    sys.meta_path.insert(0, Missing())
    app = protocol.module.instrument(protocol.build(Described(status=503)), routes=["/x/{y}"])
    print([protocol.get(app, "/x/1").status for _ in range(2)], "opentelemetry.sdk" in sys.modules)
"""

LATE = """
    from opentelemetry import metrics
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    early = protocol.module.instrument(protocol.build(Described()))
    protocol.get(early)
    reader = InMemoryMetricReader()
    metrics.set_meter_provider(MeterProvider([reader]))
    seen = []
    def look(_carrier):
        (resource,) = reader.get_metrics_data().resource_metrics
        found = [m for s in resource.scope_metrics for m in s.metrics if m.name == "http.server.active_requests"]
        seen.append([point.value for metric in found for point in metric.data.data_points])
    protocol.get(early)
    protocol.get(protocol.module.instrument(protocol.build(Described(inside=look))))
    look(None)
    print(seen)
"""

FORKED = """
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    reader = InMemoryMetricReader()
    def active():
        (resource,) = reader.get_metrics_data().resource_metrics
        found = [m for s in resource.scope_metrics for m in s.metrics if m.name == "http.server.active_requests"]
        return [point.value for metric in found for point in metric.data.data_points]
    def fork(_carrier):
        child = os.fork()
        if child == 0:
            print("child", sum(active()) if reader.get_metrics_data() else 0, flush=True)
            os._exit(0)
        os.waitpid(child, 0)
        print("parent", active(), flush=True)
    provider = MeterProvider([reader])
    protocol.get(protocol.module.instrument(protocol.build(Described(inside=fork)), meter_provider=provider))
    print("after", active())
"""


def run(protocol, program):
    """What *program* prints; the SDK and we have nothing to say."""
    tests = str(Path(__file__).parent.parent)
    code = textwrap.dedent(PREAMBLE.format(tests=tests, protocol=protocol.name) + program)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split("\n")[:-1]


def test_without_the_sdk_requests_are_served(protocol):
    """With the API alone (no SDK to be imported) requests are served as they are, and nothing is said."""
    assert run(protocol, API_ONLY) == ["[503, 503] False"]


def test_a_provider_may_come_late(protocol):
    """Applications built before and after the global provider was set count in one instrument; no registration is lost."""
    assert run(protocol, LATE) == ["[[1], [0]]"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_has_no_active_request(protocol):
    """What is in flight is the parent's: a child that is forked inside a request starts at zero."""
    assert run(protocol, FORKED) == ["child 0", "parent [1]", "after [0]"]


def test_without_a_meter_provider_nothing_is_prepared(protocol, telemetry):
    """Where nobody measures, no callback of the user's is called and nothing is kept; the span is as ever."""
    called = []
    app = protocol.module.instrument(
        protocol.build(Described()),
        tracer_provider=telemetry.tracer_provider,
        meter_provider=NoOpMeterProvider(),
        metric_attributes=called.append,
    )
    protocol.get(app)

    assert called == []
    assert telemetry.request(status=200)


def test_without_a_tracer_provider_requests_are_measured(protocol, telemetry):
    """Metrics alone work: durations and status without any span."""
    app = protocol.module.instrument(protocol.build(Described(status=503)), meter_provider=telemetry.meter_provider)
    protocol.get(app)

    for name in DURATIONS:
        assert telemetry.metric(name, error_type="503").count == 1
