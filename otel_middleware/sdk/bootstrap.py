"""One call that sets up the SDK: resource, batch processors, OTLP."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any
from uuid import uuid4

from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import ConsoleMetricExporter, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter

from otel_middleware._once import Once
from otel_middleware.errors import ConfigurationError
from otel_middleware.sdk.ending import export_at_end

__all__ = ["Telemetry", "init_telemetry"]

_PROTOCOLS = {"http/protobuf": "http", "grpc": "grpc"}
_initialised: list[Telemetry] = []


class Telemetry:
    """The providers that :func:`init_telemetry` has set up.

    Args:
        tracer_provider: The global one.
        meter_provider: The global one.
    """

    def __init__(self, tracer_provider: TracerProvider, meter_provider: MeterProvider) -> None:
        self.tracer_provider = tracer_provider
        self.meter_provider = meter_provider
        self._ended = Once()

    def flush(self, timeout_millis: int = 10_000) -> bool:
        """Export what is waiting; whether that was done in time."""
        flushed = self.tracer_provider.force_flush(timeout_millis)
        return self.meter_provider.force_flush(timeout_millis) and flushed

    def shutdown(self) -> None:
        """Export what is waiting, then stop; done at exit without being asked. A second call does nothing."""
        if self._ended.first():
            self.tracer_provider.shutdown()
            self.meter_provider.shutdown()


def init_telemetry(
    *, service_name: str | None = None, service_version: str | None = None, environment: str | None = None
) -> Telemetry:
    """Set up OpenTelemetry's SDK for a service: global providers that export in batches, by OTLP unless told otherwise.

    Arguments win over ``OTEL_SERVICE_NAME`` and ``OTEL_RESOURCE_ATTRIBUTES``. The exporters obey ``OTEL_EXPORTER_OTLP_*``
    (endpoint, headers, protocol: ``http/protobuf`` by default, ``grpc`` where ``opentelemetry-exporter-otlp-proto-grpc`` is
    installed), ``OTEL_TRACES_EXPORTER`` and ``OTEL_METRICS_EXPORTER`` (``otlp``, ``console`` or ``none``, or several by
    commas), and ``OTEL_TRACES_SAMPLER``. What is waiting is exported at exit, of a process that was forked by
    ``multiprocessing`` too, on SIGTERM unless the program handles it, and when uvicorn has shut down; a process that ends by
    ``os._exit`` calls ``flush`` itself. Call it before the application serves, in each worker process, so that each has its own
    ``service.instance.id``; the SDK's processors survive a ``fork``, but older SDKs keep that identifier over it. A second call
    gives the first's result.

    Args:
        service_name: ``service.name``.
        service_version: ``service.version``.
        environment: ``deployment.environment`` and ``deployment.environment.name``, for example ``production``.

    Raises:
        ConfigurationError: For an argument that is no text, an unknown exporter or protocol, or one that is not installed, and
            when a global provider of the SDK is there already; all problems at once.
    """
    if _initialised:
        return _initialised[0]
    problems: list[str] = []
    attributes = _resource(service_name, service_version, environment, problems)
    span_exporters = _exporters("traces", "Span", problems)
    metric_exporters = _exporters("metrics", "Metric", problems)
    problems += [
        f"a global {kind.__name__} is set already: call init_telemetry instead of setting it, or leave init_telemetry out"
        for kind, provider in (
            (TracerProvider, trace.get_tracer_provider()),
            (MeterProvider, metrics.get_meter_provider()),
        )
        if isinstance(provider, kind)
    ]
    if problems:
        raise ConfigurationError(*dict.fromkeys(problems))
    telemetry = _built(_own(Resource.create(attributes)), span_exporters, metric_exporters)
    _initialised.append(telemetry)
    export_at_end(telemetry)
    return telemetry


def _built(resource: Resource, span_exporters: list[Any], metric_exporters: list[Any]) -> Telemetry:
    tracer_provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    for exporter in span_exporters:
        tracer_provider.add_span_processor(BatchSpanProcessor(exporter))
    readers = [PeriodicExportingMetricReader(exporter) for exporter in metric_exporters]
    meter_provider = MeterProvider(readers, resource=resource, shutdown_on_exit=False)
    trace.set_tracer_provider(tracer_provider)
    metrics.set_meter_provider(meter_provider)
    return Telemetry(tracer_provider, meter_provider)


def _resource(name: Any, version: Any, environment: Any, problems: list[str]) -> dict[str, str]:
    given = {"service_name": name, "service_version": version, "environment": environment}
    problems += [f"{key} must be text, not {value!r}" for key, value in given.items() if not _is_text(value)]
    attributes = {
        "service.name": name,
        "service.version": version,
        "deployment.environment": environment,
        "deployment.environment.name": environment,
    }
    return {key: value for key, value in attributes.items() if value is not None}


def _own(resource: Resource) -> Resource:
    """With an identifier of this process where the SDK, an older one, gives none: two workers' metrics are never one series."""
    if "service.instance.id" in resource.attributes:
        return resource
    return resource.merge(Resource({"service.instance.id": str(uuid4())}))


def _is_text(value: Any) -> bool:
    return value is None or (isinstance(value, str) and bool(value))


def _exporters(signal: str, kind: str, problems: list[str]) -> list[Any]:
    """The exporters that the environment asks for."""
    variable = f"OTEL_{signal.upper()}_EXPORTER"
    asked = [item.strip() for item in os.environ.get(variable, "").split(",") if item.strip()] or ["otlp"]
    made: list[Any] = []
    for wanted in dict.fromkeys(asked):
        if wanted == "console":
            made.append(ConsoleSpanExporter() if signal == "traces" else ConsoleMetricExporter())
        elif wanted == "otlp":
            made += _otlp(signal, kind, problems)
        elif wanted != "none":
            problems.append(f"{variable} must be otlp, console or none, not {wanted!r}")
    return made


def _otlp(signal: str, kind: str, problems: list[str]) -> list[Any]:
    variable = f"OTEL_EXPORTER_OTLP_{signal.upper()}_PROTOCOL"
    protocol = os.environ.get(variable) or os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL") or "http/protobuf"
    if protocol not in _PROTOCOLS:
        problems.append(f"OTEL_EXPORTER_OTLP_PROTOCOL must be http/protobuf or grpc, not {protocol!r}")
        return []
    package = f"opentelemetry.exporter.otlp.proto.{_PROTOCOLS[protocol]}"
    folder = {"traces": "trace_exporter", "metrics": "metric_exporter"}[signal]
    try:
        module = import_module(f"{package}.{folder}")
    except ImportError:
        distribution = f"opentelemetry-exporter-otlp-proto-{_PROTOCOLS[protocol]}"
        problems.append(f"OTLP by {protocol} needs {distribution}: pip install {distribution}")
        return []
    return [getattr(module, f"OTLP{kind}Exporter")()]
