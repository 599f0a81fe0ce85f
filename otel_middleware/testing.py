"""A test kit: the pytest fixture ``telemetry``, with spans and metrics of one test.

    def test_orders_are_traced(telemetry):
        app = instrument(shop, **telemetry.providers)
        ...
        span = telemetry.request(route="/orders/{order_id}", status=200)
        assert span.attributes["tenant.id"] == "acme"

Needs the extra ``sdk``. Loaded by pytest as a plugin; nothing else of the package imports it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from opentelemetry.sdk.trace import ReadableSpan

__all__ = ["Telemetry", "telemetry"]

_STATUS_KEYS = ("http.response.status_code", "http.status_code")
_ROUTE_KEYS = ("http.route", "url.template")
_NANOSECONDS = 1e6


class Telemetry:
    """What was reported through two providers of its own; nothing global is touched.

    Attributes:
        tracer_provider: Give it to what is under test.
        meter_provider: The same.
        providers: Both as keyword arguments of ``instrument``.
    """

    def __init__(self) -> None:
        # The SDK is an extra: imported where the fixture is used.
        from opentelemetry.sdk.metrics import MeterProvider  # noqa: PLC0415
        from opentelemetry.sdk.metrics.export import InMemoryMetricReader  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: PLC0415
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter  # noqa: PLC0415

        self._exporter = InMemorySpanExporter()
        self._reader = InMemoryMetricReader()
        self.tracer_provider = TracerProvider()
        self.tracer_provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.meter_provider = MeterProvider([self._reader])
        self.providers: dict[str, Any] = {
            "tracer_provider": self.tracer_provider,
            "meter_provider": self.meter_provider,
        }

    @property
    def spans(self) -> Sequence[ReadableSpan]:
        """All finished spans, in the order in which they ended."""
        return self._exporter.get_finished_spans()

    @property
    def requests(self) -> list[ReadableSpan]:
        """All finished SERVER spans."""
        return [span for span in self.spans if span.kind.name == "SERVER"]

    def request(self, *, route: str | None = None, status: int | None = None, name: str | None = None) -> ReadableSpan:
        """The one SERVER span with this route, status or name.

        An ``AssertionError`` that shows the trace when there is none or more.

        Args:
            route: ``http.route`` or ``url.template``.
            status: The status code.
            name: The span's name.
        """
        wanted = {"route": route, "status": status, "name": name}
        found = [span for span in self.requests if _matches(span, wanted)]
        if len(found) != 1:
            asked = ", ".join(f"{key}={value!r}" for key, value in wanted.items() if value is not None) or "any"
            raise AssertionError(f"{len(found)} requests with {asked}, not 1; reported were:\n{self.tree()}")
        return found[0]

    def metric(self, name: str, **attributes: Any) -> Any:
        """The one data point of metric *name* that has these attributes (``_`` for ``.``).

        An ``AssertionError`` that lists the points when there is none or more.
        """
        points = self.points(name)
        found = [point for point in points if _has(point.attributes, attributes)]
        if len(found) != 1:
            listed = "\n".join(f"  {dict(point.attributes)}" for point in points) or "  none"
            raise AssertionError(f"{len(found)} points of {name} with {attributes}, not 1; there are:\n{listed}")
        return found[0]

    def points(self, name: str) -> list[Any]:
        """All data points of metric *name*."""
        data = self._reader.get_metrics_data()
        metrics = [
            metric
            for resource in (data.resource_metrics if data is not None else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
        ]
        return [point for metric in metrics if metric.name == name for point in metric.data.data_points]

    def tree(self) -> str:
        """All finished spans as trees, for a person."""
        ids = {span.context.span_id for span in self.spans if span.context is not None}
        roots = [span for span in self.spans if span.parent is None or span.parent.span_id not in ids]
        return "\n".join(line for root in roots for line in self._branch(root, "")) or "no span"

    def _branch(self, span: ReadableSpan, indent: str) -> Iterator[str]:
        yield f"{indent}{_line(span)}"
        for child in self.spans:
            if child.parent is not None and span.context is not None and child.parent.span_id == span.context.span_id:
                yield from self._branch(child, indent + "  ")

    def clear(self) -> None:
        """Forget the spans so far."""
        self._exporter.clear()


@pytest.fixture(name="telemetry")
def telemetry() -> Iterator[Telemetry]:
    """Spans and metrics of one test."""
    kit = Telemetry()
    yield kit
    kit.tracer_provider.shutdown()
    kit.meter_provider.shutdown()


def _matches(span: ReadableSpan, wanted: Mapping[str, Any]) -> bool:
    attributes = span.attributes or {}
    have = {
        "route": next((attributes[key] for key in _ROUTE_KEYS if key in attributes), None),
        "status": next((attributes[key] for key in _STATUS_KEYS if key in attributes), None),
        "name": span.name,
    }
    return all(value is None or have[key] == value for key, value in wanted.items())


def _has(attributes: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(
        attributes.get(key, attributes.get(key.replace("_", "."), attributes.get(_dotted(key)))) == value
        for key, value in wanted.items()
    )


def _dotted(key: str) -> str:
    """``http_response_status_code`` as ``http.response.status_code``: the last underscore stays."""
    head, _, tail = key.rpartition("_")
    return f"{head.replace('_', '.')}_{tail}"


def _line(span: ReadableSpan) -> str:
    duration = ((span.end_time or 0) - (span.start_time or 0)) / _NANOSECONDS
    status = "" if span.status.status_code.name == "UNSET" else f" {span.status.status_code.name}"
    error = (span.attributes or {}).get("error.type")
    return f"{span.name} [{span.kind.name}]{status}{f' {error}' if error else ''} {duration:.1f} ms"
