"""The bootstrap: resource and exporters from arguments and environment, every problem at once, one set of providers."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytest.importorskip("opentelemetry.exporter.otlp.proto.http")

NONE = {"OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none"}

START = """
import logging
logging.basicConfig(format="%(message)s")
from opentelemetry import metrics, trace
from otel_middleware import ConfigurationError
from otel_middleware.sdk import init_telemetry
"""


def run(program, **environment):
    """What *program* prints in a process of its own (providers are global), and what it logs."""
    cleaned = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")}
    done = subprocess.run(
        [sys.executable, "-c", START + program],
        capture_output=True,
        text=True,
        check=True,
        env={**cleaned, **environment},
        timeout=60,
    )
    return done.stdout.strip(), done.stderr.strip()


RESOURCE = """
telemetry = init_telemetry({arguments})
attributes = telemetry.tracer_provider.resource.attributes
assert telemetry.meter_provider._sdk_config.resource.attributes == attributes
keys = ("service.name", "service.version", "deployment.environment", "deployment.environment.name", "team")
print([attributes.get(key) for key in keys])
"""


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        (
            'service_name="shop", service_version="1", environment="test"',
            {},
            ["shop", "1", "test", "test", None],
        ),
        ("", {"OTEL_SERVICE_NAME": "env"}, ["env", None, None, None, None]),
        (
            'service_name="shop"',  # an argument wins
            {"OTEL_SERVICE_NAME": "env", "OTEL_RESOURCE_ATTRIBUTES": "team=a,service.version=2"},
            ["shop", "2", None, None, "a"],
        ),
    ],
)
def test_resource_comes_from_arguments_and_environment(arguments, environment, expected):
    """Arguments win over variables; both signals have the same resource."""
    assert run(RESOURCE.format(arguments=arguments), **NONE, **environment) == (str(expected), "")


ONCE = """
first = init_telemetry(service_name="a")
second = init_telemetry(service_name="b")
is_global = trace.get_tracer_provider() is first.tracer_provider and metrics.get_meter_provider() is first.meter_provider
first.shutdown()
first.shutdown()
print(first is second, is_global)
"""


def test_it_happens_once():
    """A second call gives the first's result, which is global; shutting down twice, or at exit again, says nothing."""
    assert run(ONCE, **NONE) == ("True True", "")


PROBLEMS = """
try:
    init_telemetry(service_name=7, environment="")
except ConfigurationError as error:
    print(len(error.problems), error)
"""


def test_every_problem_is_said_at_once():
    """Wrong arguments, exporters and protocols come in one error, each by name and value; nothing is set."""
    told, _ = run(
        PROBLEMS + "print(type(trace.get_tracer_provider()).__name__)",
        OTEL_TRACES_EXPORTER="otlp,jaeger",
        OTEL_METRICS_EXPORTER="otlp",
        OTEL_EXPORTER_OTLP_METRICS_PROTOCOL="pigeon",
    )

    assert told.startswith("4 ")
    for word in ("service_name", "7", "environment", "''", "OTEL_TRACES_EXPORTER", "'jaeger'", "'pigeon'"):
        assert word in told
    assert told.endswith("ProxyTracerProvider")


SET_ALREADY = """
from opentelemetry.sdk.trace import TracerProvider
trace.set_tracer_provider(TracerProvider(shutdown_on_exit=False))
try:
    init_telemetry(service_name="a")
except ConfigurationError as error:
    print(error)
"""


def test_a_provider_that_is_there_is_not_overridden():
    """Where somebody has set a global provider of the SDK, that is said while building, not by losing every span."""
    told, logged = run(SET_ALREADY, **NONE)

    assert "a global TracerProvider is set already" in told
    assert logged == ""


PROCESSORS = """
telemetry = init_telemetry()
processors = telemetry.tracer_provider._active_span_processor._span_processors
print([type(processor.span_exporter).__name__ for processor in processors], telemetry.flush())
"""


@pytest.mark.parametrize(
    ("asked", "made"),
    [
        ("none", []),
        ("console", ["ConsoleSpanExporter"]),
        ("otlp", ["OTLPSpanExporter"]),
        ("", ["OTLPSpanExporter"]),  # set to nothing is not set
        ("console, otlp", ["ConsoleSpanExporter", "OTLPSpanExporter"]),
    ],
)
def test_exporters_are_those_that_the_environment_asks_for(asked, made):
    """OTLP by default, the console, several, or none at all."""
    assert run(PROCESSORS, OTEL_TRACES_EXPORTER=asked, OTEL_METRICS_EXPORTER="none") == (f"{made} True", "")


WAITING = """
import multiprocessing
init_telemetry()
start = trace.get_tracer("a").start_span
start("waiting").end()
child = multiprocessing.get_context("fork").Process(target=lambda: start("in a child").end())
child.start()
child.join()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_what_waits_is_exported_at_exit():
    """At the end of the process, and of a child that ``multiprocessing`` forked, what is waiting goes out, once."""
    told, _ = run(WAITING, OTEL_TRACES_EXPORTER="console", OTEL_METRICS_EXPORTER="none")

    assert [told.count(f'"name": "{name}"') for name in ("waiting", "in a child")] == [1, 1]
