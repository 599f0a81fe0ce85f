"""One call that sets up the SDK: resource, batch processors, OTLP."""

from __future__ import annotations

import atexit
import os
from importlib import import_module
from typing import Any

from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import ConsoleMetricExporter, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter

from otel_middleware.errors import ConfigurationError

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

    def flush(self, timeout_millis: int = 10_000) -> bool:
        """Export what is waiting; whether that was done in time."""
        flushed = self.tracer_provider.force_flush(timeout_millis)
        return self.meter_provider.force_flush(timeout_millis) and flushed

    def shutdown(self) -> None:
        """Export what is waiting, then stop; done at exit without being asked."""
        self.tracer_provider.shutdown()
        self.meter_provider.shutdown()


def init_telemetry(
    *, service_name: str | None = None, service_version: str | None = None, environment: str | None = None
) -> Telemetry:
    """Set up OpenTelemetry's SDK for a service: global providers that export in batches, by OTLP unless told otherwise.

    Arguments win over ``OTEL_SERVICE_NAME`` and ``OTEL_RESOURCE_ATTRIBUTES``. The exporters obey ``OTEL_EXPORTER_OTLP_*``
    (endpoint, headers, protocol: ``http/protobuf`` by default, ``grpc`` where ``opentelemetry-exporter-otlp-proto-grpc`` is
    installed), ``OTEL_TRACES_EXPORTER`` and ``OTEL_METRICS_EXPORTER`` (``otlp``, ``console`` or ``none``), and
    ``OTEL_TRACES_SAMPLER``. What is waiting is exported at exit. Call it before the application serves; after ``fork`` the SDK's
    processors start anew in each child, so a pre-loading server may call it in the master. A second call gives the first's
    result.

    Args:
        service_name: ``service.name``.
        service_version: ``service.version``.
        environment: ``deployment.environment`` and ``deployment.environment.name``, for example ``production``.

    Raises:
        ConfigurationError: For an argument that is no text, an unknown exporter or protocol, or one that is not installed.
    """
    if _initialised:
        return _initialised[0]
    resource = Resource.create(_resource(service_name, service_version, environment))
    span_exporter, metric_exporter = _exporter("traces", "Span"), _exporter("metrics", "Metric")
    tracer_provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    if span_exporter is not None:
        tracer_provider.add_span_processor(BatchSpanProcessor(span_exporter))
    readers = [] if metric_exporter is None else [PeriodicExportingMetricReader(metric_exporter)]
    telemetry = Telemetry(tracer_provider, MeterProvider(readers, resource=resource, shutdown_on_exit=False))
    trace.set_tracer_provider(tracer_provider)
    metrics.set_meter_provider(telemetry.meter_provider)
    _initialised.append(telemetry)
    atexit.register(telemetry.shutdown)
    return telemetry


def _resource(name: str | None, version: str | None, environment: str | None) -> dict[str, str]:
    given = {"service_name": name, "service_version": version, "environment": environment}
    problems = [f"{key} must be text, not {value!r}" for key, value in given.items() if not _is_text(value)]
    if problems:
        raise ConfigurationError(*problems)
    attributes = {
        "service.name": name,
        "service.version": version,
        "deployment.environment": environment,
        "deployment.environment.name": environment,
    }
    return {key: value for key, value in attributes.items() if value is not None}


def _is_text(value: Any) -> bool:
    return value is None or (isinstance(value, str) and bool(value))


def _exporter(signal: str, kind: str) -> Any:
    """The exporter that the environment asks for; ``None`` for ``none``."""
    variable = f"OTEL_{signal.upper()}_EXPORTER"
    wanted = os.environ.get(variable, "").strip() or "otlp"
    if wanted == "none":
        return None
    if wanted == "console":
        return ConsoleSpanExporter() if signal == "traces" else ConsoleMetricExporter()
    if wanted != "otlp":
        raise ConfigurationError(f"{variable} must be otlp, console or none, not {wanted!r}")
    return _otlp(signal, kind)


def _otlp(signal: str, kind: str) -> Any:
    variable = f"OTEL_EXPORTER_OTLP_{signal.upper()}_PROTOCOL"
    protocol = os.environ.get(variable) or os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL") or "http/protobuf"
    if protocol not in _PROTOCOLS:
        raise ConfigurationError(f"OTEL_EXPORTER_OTLP_PROTOCOL must be http/protobuf or grpc, not {protocol!r}")
    package = f"opentelemetry.exporter.otlp.proto.{_PROTOCOLS[protocol]}"
    folder = {"traces": "trace_exporter", "metrics": "metric_exporter"}[signal]
    try:
        module = import_module(f"{package}.{folder}")
    except ImportError:
        distribution = f"opentelemetry-exporter-otlp-proto-{_PROTOCOLS[protocol]}"
        raise ConfigurationError(f"OTLP by {protocol} needs {distribution}: pip install {distribution}") from None
    return getattr(module, f"OTLP{kind}Exporter")()
