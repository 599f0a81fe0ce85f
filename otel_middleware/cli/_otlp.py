"""Sending what was recorded to a collector, by OTLP over HTTP."""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics.export import MetricExportResult
from opentelemetry.sdk.trace.export import SpanExportResult

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from opentelemetry.sdk.metrics.export import MetricsData
    from opentelemetry.sdk.trace import ReadableSpan

__all__ = ["Collector"]

_TIMEOUT = 3.0  # seconds, retries included
_FAILED, _USAGE = 1, 2


@dataclass(frozen=True)
class Collector:
    """A collector at a base URL such as ``http://localhost:4318``."""

    url: str

    @classmethod
    def at(cls, url: str) -> Collector:
        """Return the collector at *url*; prints one line and exits with 2 when it is no URL."""
        try:
            parts = urlsplit(url)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            _give_up(f"--otlp {url} is no URL of a collector; one looks like http://localhost:4318", _USAGE)
        return cls(url.rstrip("/"))

    def send(self, spans: Sequence[ReadableSpan], metrics: Mapping[str, MetricsData]) -> str:
        """Send all, and return what was sent, for a person; prints one line and exits with 1 when it cannot."""
        logging.getLogger("opentelemetry.exporter").setLevel(logging.CRITICAL + 1)  # its own lines say less
        traces = OTLPSpanExporter(f"{self.url}/v1/traces", timeout=_TIMEOUT)
        measured = OTLPMetricExporter(f"{self.url}/v1/metrics", timeout=_TIMEOUT)
        sent = traces.export(spans) is SpanExportResult.SUCCESS and all(
            measured.export(data) is MetricExportResult.SUCCESS for data in metrics.values()
        )
        if not sent:
            _give_up(
                f"no collector took the telemetry at {self.url}; is one listening there for OTLP over HTTP?", _FAILED
            )
        return f"Sent {len(spans)} spans and the metrics of {len(metrics)} services to {self.url}"


def _give_up(problem: str, status: int) -> NoReturn:
    print(f"otel-middleware: {problem}", file=sys.stderr)
    sys.exit(status)
