"""Booting the application for the doctor: nothing is exported, everything that is reported is kept."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from otel_middleware import instrument
from otel_middleware.cli._wrapping import instrumented

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.sdk.trace import ReadableSpan

__all__ = ["Patient", "settings_set_aside"]

_MUTED = ("OTEL_TRACES_EXPORTER", "OTEL_METRICS_EXPORTER", "OTEL_LOGS_EXPORTER")


def settings_set_aside() -> dict[str, str]:
    """Switch exporters off for this process, and return the environment as it was.

    What the doctor plants is not sent to anybody's collector, unless the application builds an exporter by hand.
    """
    before = dict(os.environ)
    os.environ.update(dict.fromkeys(_MUTED, "none"))
    os.environ["OTEL_SDK_DISABLED"] = "false"
    return before


class Patient:
    """The application while it is examined.

    Attributes:
        provided: Whether it had set a global tracer provider of the SDK when it was served.
        warnings: What this package logged.
        was_instrumented: Whether it came with our ``instrument``.
    """

    def __init__(self) -> None:
        self.provided = False
        self.was_instrumented = False
        self._exporter = InMemorySpanExporter()
        self._reader = InMemoryMetricReader()
        self._listener = _Listener()
        logging.getLogger("otel_middleware").addHandler(self._listener)

    def prepare(self, app: Any) -> Any:
        """Return what is served: *app*, instrumented where it is not; called once the application has started."""
        tracer_provider = trace.get_tracer_provider()
        self.provided = isinstance(tracer_provider, TracerProvider)
        if not isinstance(tracer_provider, TracerProvider):
            tracer_provider = TracerProvider(shutdown_on_exit=False)
            trace.set_tracer_provider(tracer_provider)
        tracer_provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        meter_provider = MeterProvider([self._reader], shutdown_on_exit=False)
        if not isinstance(metrics.get_meter_provider(), MeterProvider):
            metrics.set_meter_provider(meter_provider)
        self.was_instrumented = instrumented(app)
        return app if self.was_instrumented else instrument(app, meter_provider=meter_provider)

    @property
    def spans(self) -> Sequence[ReadableSpan]:
        """Every span that ended."""
        return self._exporter.get_finished_spans()

    @property
    def warnings(self) -> list[str]:
        """What this package logged, each once."""
        return list(dict.fromkeys(self._listener.messages))

    def metric_attributes(self) -> list[tuple[str, dict[str, Any]]]:
        """Return metric and attributes of every series."""
        data = self._reader.get_metrics_data()
        return [
            (metric.name, dict(point.attributes or {}))
            for resource in (data.resource_metrics if data is not None else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
            for point in metric.data.data_points
        ]


class _Listener(logging.Handler):
    """Keeps messages of a warning's weight."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())
