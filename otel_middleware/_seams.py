"""The tracer and meter providers that upstream is given.

Upstream proposes, the exchange decides: what upstream starts and records while it is asked about a request lands on a
:class:`~otel_middleware._proposals.Proposal`. Whatever upstream does outside of being asked passes through.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from opentelemetry import metrics, trace
from opentelemetry.metrics import MeterProvider, NoOpMeterProvider
from opentelemetry.trace import INVALID_SPAN, Span, TracerProvider

from otel_middleware._active_requests import ActiveRequests
from otel_middleware._upstream import (
    ACTIVE_REQUESTS,
    DURATION_NEW,
    DURATION_OLD,
    REAL_METER_PROVIDER,
    REQUEST_SIZES,
    RESPONSE_SIZES,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from otel_middleware._proposals import Proposal

__all__ = ["ASKING", "MeterSeam", "TracerSeam"]

ASKING: ContextVar[Proposal | None] = ContextVar("otel_middleware_asking", default=None)
"""What upstream's answer is written on; set only while it is asked."""

_SIZES = {
    REQUEST_SIZES[DURATION_OLD]: "Measures the size of HTTP request messages (compressed).",
    RESPONSE_SIZES[DURATION_OLD]: "measures the size of HTTP response messages (compressed).",
    REQUEST_SIZES[DURATION_NEW]: "Size of HTTP server request bodies.",
    RESPONSE_SIZES[DURATION_NEW]: "Size of HTTP server response bodies.",
}
"""The size instruments as upstream's ASGI middleware describes them."""


class TracerSeam(TracerProvider):
    """Gives upstream a tracer whose server span is the exchange's.

    Args:
        provider: The real provider; ``None`` takes the global one.
    """

    def __init__(self, provider: TracerProvider | None = None) -> None:
        self.provider = trace.get_tracer_provider() if provider is None else provider

    def get_tracer(self, *args: Any, **kwargs: Any) -> Any:
        """Upstream's tracer, by its own scope name, version and schema URL."""
        return _Tracer(self.provider.get_tracer(*args, **kwargs))


class _Tracer:
    def __init__(self, tracer: trace.Tracer) -> None:
        self._tracer = tracer

    def start_span(self, name: str, *args: Any, **kwargs: Any) -> Span:
        proposal = ASKING.get()
        if proposal is None:
            return self._tracer.start_span(name, *args, **kwargs)
        proposal.tracer, proposal.attributes = self._tracer, kwargs.get("attributes") or {}
        return INVALID_SPAN  # upstream would write on a real one, and end it

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tracer, name)


class MeterSeam(MeterProvider):
    """Gives upstream instruments whose records wait until the exchange is over.

    Args:
        provider: The real provider; ``None`` takes the global one.

    Attributes:
        histograms: The real histograms that upstream created, by name; which of the duration names is there tells the
            semantic convention mode.
    """

    def __init__(self, provider: MeterProvider | None = None) -> None:
        self.provider = metrics.get_meter_provider() if provider is None else provider
        self.histograms: dict[str, metrics.Histogram] = {}
        self._silent = isinstance(self.provider, NoOpMeterProvider)
        self._stands_in = hasattr(self.provider, REAL_METER_PROVIDER)
        self._meter: metrics.Meter | None = None

    def get_meter(self, *args: Any, **kwargs: Any) -> Any:
        """Upstream's meter, by its own scope name, version and schema URL."""
        self._meter = meter = self.provider.get_meter(*args, **kwargs)
        return _Meter(meter, self, ActiveRequests.of(self.provider, meter, (args, tuple(sorted(kwargs.items())))))

    @property
    def silent(self) -> bool:
        """Whether nobody measures: a provider that does nothing, or the API's own before one is set."""
        return self._silent or (self._stands_in and getattr(self.provider, REAL_METER_PROVIDER, None) is None)

    def completed(self) -> dict[str, metrics.Histogram]:
        """The histograms, with the sizes that upstream has for ASGI alone created where they are missing."""
        for sizes in (REQUEST_SIZES, RESPONSE_SIZES):
            for duration, name in sizes.items():
                if duration in self.histograms and name not in self.histograms and self._meter is not None:
                    self.histograms[name] = self._meter.create_histogram(name, unit="By", description=_SIZES[name])
        return self.histograms


class _Meter:
    def __init__(self, meter: metrics.Meter, seam: MeterSeam, active: ActiveRequests) -> None:
        self._meter = meter
        self._seam = seam
        self._active = active

    def create_histogram(self, name: str, *args: Any, **kwargs: Any) -> _Histogram:
        histogram = self._meter.create_histogram(name, *args, **kwargs)
        self._seam.histograms[name] = histogram
        return _Histogram(name, histogram)

    def create_up_down_counter(self, name: str, *args: Any, **kwargs: Any) -> Any:
        if name != ACTIVE_REQUESTS:
            return self._meter.create_up_down_counter(name, *args, **kwargs)
        return _ActiveCounter(self._active.observed(name, *args, **kwargs))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._meter, name)


class _Histogram:
    def __init__(self, name: str, histogram: metrics.Histogram) -> None:
        self._name = name
        self._histogram = histogram

    def record(self, amount: float, attributes: Mapping[str, Any] | None = None, context: Any = None) -> None:
        proposal = ASKING.get()
        if proposal is None:
            self._histogram.record(amount, attributes, context)
        else:
            proposal.records.append((self._name, self._histogram, amount, attributes or {}))


class _ActiveCounter:
    def __init__(self, active: ActiveRequests) -> None:
        self._active = active

    def add(self, amount: int, attributes: Mapping[str, Any] | None = None, context: Any = None) -> None:  # noqa: ARG002
        proposal = ASKING.get()
        if proposal is None:
            self._active.add(tuple((attributes or {}).items()), amount)
        elif amount > 0:
            proposal.active = self._active, attributes or {}
