"""A test kit: the pytest fixture ``telemetry``, with spans and metrics of one test.

    def test_orders_are_traced(telemetry):
        app = instrument(shop, **telemetry.providers)
        ...
        span = telemetry.request(route="/orders/{order_id}", status=200, tenant="acme")
        assert span.attributes["otel_middleware.route.source"] == "declared"

Needs the extra ``sdk``. pytest knows the fixture as soon as the package is installed; without pytest, ``Telemetry()`` is what it
gives. Nothing else of the package imports this module.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, overload

from otel_middleware.testing._open import open_on, remark
from otel_middleware.testing._tree import differing, tree
from otel_middleware.testing._wanted import Wanted

__all__ = ["Telemetry"]

with suppress(ModuleNotFoundError):  # ``Telemetry`` serves other test frameworks, too
    from pytest_otel_middleware import telemetry

    __all__ += ["telemetry"]

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal, TypeAlias

    from opentelemetry.sdk.metrics.export import DataPointT, HistogramDataPoint, Metric, NumberDataPoint
    from opentelemetry.sdk.trace import ReadableSpan

    # What upstream measures, in new and in old semantic conventions.
    _Active: TypeAlias = Literal["http.server.active_requests"]
    _Measured: TypeAlias = Literal[
        "http.server.request.duration",
        "http.server.request.body.size",
        "http.server.response.body.size",
        "http.server.duration",
        "http.server.request.size",
        "http.server.response.size",
    ]


class Telemetry:
    """What was reported through two providers of its own; nothing global is touched.

    Attributes are named by keyword: ``route`` (``http.route`` or ``url.template``), ``status``, ``method``, ``tenant``, ``error``
    and ``outcome``, or by their full name with ``_`` in place of ``.`` (``server_address``). ``None`` asks for its absence.

    A request is reported when its response is over. A test client of Flask's or Werkzeug's leaves that to the test: read or close
    the response, ``with client.get(...) as response:``, or have it read, ``client.get(..., buffered=True)``.

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
        self._open = open_on(self.tracer_provider)
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

    def request(self, **wanted: Any) -> ReadableSpan:
        """The one SERVER span with these attributes, and with this ``name`` if one is given.

        Args:
            **wanted: Attributes by keyword (see the class), ``name`` the span's name; none of them: the only request.

        Raises:
            AssertionError: When there is none or more; shows the trace as a tree, with what each request has instead, and says
                how many requests are still open.
        """
        asked = Wanted(wanted)
        found = [span for span in self.requests if not asked.differences(span.attributes, span.name)]
        if len(found) != 1:
            shown = tree(self.spans, lambda span: differing(asked, span)) if wanted else self.tree()
            raise AssertionError(f"{_number(found, 'request')} {asked}; reported {_were(shown)}{self._missing(found)}")
        return found[0]

    @overload
    def metric(self, name: _Measured, **wanted: Any) -> HistogramDataPoint: ...
    @overload
    def metric(self, name: _Active, **wanted: Any) -> NumberDataPoint: ...
    @overload
    def metric(self, name: str, **wanted: Any) -> DataPointT: ...
    def metric(self, name: str, **wanted: Any) -> DataPointT:
        """The one data point of metric *name* with these attributes.

        Args:
            name: The instrument's name.
            **wanted: Attributes by keyword (see the class); none of them: the only point.

        Raises:
            AssertionError: When there is none or more; lists the points, with what each has instead.
        """
        asked = Wanted(wanted)
        points = self.points(name)
        found = [point for point in points if not asked.differences(point.attributes)]
        if len(found) != 1:
            instead = self._instead(name, points, asked)
            raise AssertionError(f"{_number(found, 'point')} of {name} {asked}; {instead}{self._missing(found)}")
        return found[0]

    @overload
    def points(self, name: _Measured) -> list[HistogramDataPoint]: ...
    @overload
    def points(self, name: _Active) -> list[NumberDataPoint]: ...
    @overload
    def points(self, name: str) -> list[DataPointT]: ...
    def points(self, name: str) -> Sequence[DataPointT]:
        """All data points of metric *name*."""
        return [point for metric in self._metrics() if metric.name == name for point in metric.data.data_points]

    def tree(self) -> str:
        """All finished spans as trees, for a person."""
        return tree(self.spans)

    def clear(self) -> None:
        """Forget the spans so far; metrics go on counting."""
        self._exporter.clear()

    def _metrics(self) -> list[Metric]:
        data = self._reader.get_metrics_data()
        return [
            metric
            for resource in (data.resource_metrics if data is not None else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
        ]

    def _missing(self, found: Sequence[Any]) -> str:
        """Why nothing was found, perhaps: what is wanted may be open."""
        return "" if found else remark(self._open)

    def _instead(self, name: str, points: Sequence[DataPointT], asked: Wanted) -> str:
        if not points:
            names = sorted({metric.name for metric in self._metrics()} - {name})
            return f"metrics {_were(chr(10).join(names) or 'none')}"
        return f"there {_were(chr(10).join(asked.beside(point.attributes) for point in points))}"


def _number(found: Sequence[Any], what: str) -> str:
    return f"{len(found) or 'no'} {what}{'s' if len(found) > 1 else ''}"


def _were(shown: str) -> str:
    return "were:\n" + "\n".join(f"  {line}" for line in shown.splitlines())
