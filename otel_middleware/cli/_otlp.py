"""Sending what was recorded to a collector, by OTLP over HTTP."""

from __future__ import annotations

import logging
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics.export import MetricExportResult
from opentelemetry.sdk.trace.export import SpanExportResult

from otel_middleware.cli._giving_up import FAILED, give_up

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from opentelemetry.sdk.metrics.export import MetricsData
    from opentelemetry.sdk.trace import ReadableSpan

__all__ = ["Collector", "accepts"]

_TIMEOUT = 3.0  # seconds, retries included


@dataclass(frozen=True)
class Collector:
    """A collector at a base URL such as ``http://localhost:4318``."""

    url: str

    @classmethod
    def at(cls, url: str) -> Collector:
        """Return the collector at *url*; prints one line and exits with 2 when it is no URL."""
        if _address(url) is None:
            give_up(f"--otlp {url} is no URL of a collector; one looks like http://localhost:4318")
        return cls(url.rstrip("/"))

    def span_exporter(self) -> OTLPSpanExporter:
        """Return an exporter for spans."""
        return OTLPSpanExporter(f"{self.url}/v1/traces", timeout=_TIMEOUT)

    def metric_exporter(self) -> OTLPMetricExporter:
        """Return an exporter for metrics."""
        return OTLPMetricExporter(f"{self.url}/v1/metrics", timeout=_TIMEOUT)

    def listens(self) -> bool:
        """Whether something accepts connections there."""
        return accepts(self.url)

    def send(self, spans: Sequence[ReadableSpan], metrics: Mapping[str, MetricsData]) -> str:
        """Send all, and return what was sent, for a person; prints one line and exits with 1 when it cannot."""
        logging.getLogger("opentelemetry.exporter").setLevel(logging.CRITICAL + 1)  # its own lines say less
        traces, measured = self.span_exporter(), self.metric_exporter()
        sent = traces.export(spans) is SpanExportResult.SUCCESS and all(
            measured.export(data) is MetricExportResult.SUCCESS for data in metrics.values()
        )
        if not sent:
            give_up(
                f"no collector took the telemetry at {self.url}; is one listening there for OTLP over HTTP?", FAILED
            )
        return f"Sent {len(spans)} spans and the metrics of {len(metrics)} services to {self.url}"


def accepts(url: str) -> bool:
    """Whether something accepts connections at the host and port of *url*, by their default for the scheme."""
    address = _address(url)
    if address is None:
        return False
    try:
        socket.create_connection(address, _TIMEOUT).close()
    except OSError:
        return False
    return True


def _address(url: str) -> tuple[str, int] | None:
    """Return host and port of *url*, ``None`` when it is no URL of a collector."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        return None
    return parts.hostname, port or (443 if parts.scheme == "https" else 80)
