"""The providers of a run: what the application has set up, or ours; with the book, and a collector where one is asked for."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.sdk.trace import SpanProcessor

    from otel_middleware.cli._otlp import Collector

__all__ = ["provide"]


def provide(book: SpanProcessor, service: str, collector: Collector | None) -> Callable[[], None]:
    """Let *book* see every span of this process; returns what is to be called at the end.

    Global providers that the application has set are kept, and get the book beside their own exporters. Where it has set none,
    ours are set, which record every request.

    Args:
        book: The processor.
        service: ``service.name``, where neither the application nor the environment names one.
        collector: Where spans and metrics are sent as well.
    """
    resource = _named(service)
    ends: list[Callable[[], Any]] = []
    tracer_provider = trace.get_tracer_provider()
    if not isinstance(tracer_provider, TracerProvider):
        tracer_provider = TracerProvider(ALWAYS_ON, resource, shutdown_on_exit=False)
        trace.set_tracer_provider(tracer_provider)
        ends.append(tracer_provider.shutdown)
    else:
        ends.append(tracer_provider.force_flush)  # its end is the application's business
    tracer_provider.add_span_processor(book)
    if collector is not None:
        logging.getLogger("opentelemetry.exporter").setLevel(logging.ERROR)
        tracer_provider.add_span_processor(BatchSpanProcessor(collector.span_exporter()))
        if not isinstance(metrics.get_meter_provider(), MeterProvider):
            reader = PeriodicExportingMetricReader(collector.metric_exporter())
            meter_provider = MeterProvider([reader], resource, shutdown_on_exit=False)
            metrics.set_meter_provider(meter_provider)
            ends.append(meter_provider.shutdown)

    def end() -> None:
        for each in ends:
            each()

    return end


def _named(service: str) -> Resource:
    """Return the resource of the environment, with a name of our own where it has none."""
    told = Resource.create()
    unnamed = str(told.attributes.get("service.name", "")).startswith("unknown_service")
    return told.merge(Resource({"service.name": service})) if unnamed else told
