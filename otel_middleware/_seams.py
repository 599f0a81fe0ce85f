"""The tracer and meter providers that upstream is given.

Upstream proposes, the exchange decides: what upstream starts and records while it is asked about a request lands on the
:class:`~otel_middleware._exchange.Exchange` of that request. Whatever upstream does outside of being asked passes through.
"""

from __future__ import annotations

import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import WeakKeyDictionary

from opentelemetry import metrics, trace
from opentelemetry.metrics import CallbackOptions, MeterProvider, Observation
from opentelemetry.trace import NonRecordingSpan, Span, TracerProvider

from otel_middleware._upstream import ACTIVE_REQUESTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from otel_middleware._exchange import Exchange

__all__ = ["ASKING", "ActiveRequests", "MeterSeam", "TracerSeam"]

ASKING: ContextVar[Exchange | None] = ContextVar("otel_middleware_asking", default=None)
"""The exchange that upstream is being asked about; set only while asking."""

_CELLS_KEPT = 1_000
"""Attribute sets that stay as zero cells; a second reader must still see the zero."""


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
        exchange = ASKING.get()
        if exchange is None:
            return self._tracer.start_span(name, *args, **kwargs)
        # Not the real span: upstream would write on it and end it. This one keeps the ids right for exemplars.
        return NonRecordingSpan(exchange.begin(self._tracer, kwargs.get("attributes") or {}))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tracer, name)


class MeterSeam(MeterProvider):
    """Gives upstream instruments whose records wait until the exchange is over.

    Args:
        provider: The real provider; ``None`` takes the global one.

    Attributes:
        histograms: The real histograms that upstream created, by name; which of the duration names is there tells the
            semantic convention mode.
        active: Cells of ``http.server.active_requests``, or ``None`` before upstream has asked for it.
    """

    def __init__(self, provider: MeterProvider | None = None) -> None:
        self.provider = metrics.get_meter_provider() if provider is None else provider
        self.histograms: dict[str, metrics.Histogram] = {}

    def get_meter(self, *args: Any, **kwargs: Any) -> Any:
        """Upstream's meter, by its own scope name, version and schema URL."""
        meter = self.provider.get_meter(*args, **kwargs)
        return _Meter(
            meter, self.histograms, ActiveRequests.of(self.provider, meter, (args, tuple(sorted(kwargs.items()))))
        )


class _Meter:
    def __init__(self, meter: metrics.Meter, histograms: dict[str, metrics.Histogram], active: ActiveRequests) -> None:
        self._meter = meter
        self._histograms = histograms
        self._active = active

    def create_histogram(self, name: str, *args: Any, **kwargs: Any) -> _Histogram:
        histogram = self._meter.create_histogram(name, *args, **kwargs)
        self._histograms[name] = histogram
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
        exchange = ASKING.get()
        if exchange is None:
            self._histogram.record(amount, attributes, context)
        else:
            exchange.proposals.append((self._name, self._histogram, amount, attributes or {}))


class _ActiveCounter:
    def __init__(self, active: ActiveRequests) -> None:
        self._active = active

    def add(self, amount: int, attributes: Mapping[str, Any] | None = None, context: Any = None) -> None:  # noqa: ARG002
        exchange = ASKING.get()
        if exchange is None:
            self._active.add(tuple((attributes or {}).items()), amount)
        elif amount > 0:
            exchange.counted_as(self._active, attributes or {})


class ActiveRequests:
    """``http.server.active_requests`` as cells that an observable counter reads.

    Far cheaper per request than two synchronous adds. Shared by all stacks on one provider and scope: an observable instrument
    is registered once, and a second registration would lose its counts.
    """

    _shared: ClassVar[WeakKeyDictionary[MeterProvider, dict[Any, ActiveRequests]]] = WeakKeyDictionary()
    _sharing = threading.Lock()

    def __init__(self, meter: metrics.Meter) -> None:
        self._meter = meter
        self._lock = threading.Lock()
        self._cells: dict[tuple[tuple[str, Any], ...], int] = {}
        self._created = False

    @classmethod
    def of(cls, provider: MeterProvider, meter: metrics.Meter, scope: Any) -> ActiveRequests:
        """The cells of *scope* on *provider*."""
        with cls._sharing:
            scopes = cls._shared.setdefault(provider, {})
            return scopes.setdefault(repr(scope), cls(meter))

    def observed(self, name: str, unit: str = "", description: str = "") -> ActiveRequests:
        """Register the observable counter, once."""
        with self._lock:
            created, self._created = self._created, True
        if not created:
            self._meter.create_observable_up_down_counter(name, [self._observe], unit=unit, description=description)
        return self

    def add(self, cell: tuple[tuple[str, Any], ...], amount: int) -> None:
        """Add *amount* to the cell of these attributes."""
        with self._lock:
            count = self._cells.get(cell, 0) + amount
            if count or len(self._cells) <= _CELLS_KEPT:
                self._cells[cell] = count
            else:
                del self._cells[cell]

    def _observe(self, _options: CallbackOptions) -> Iterable[Observation]:
        with self._lock:
            cells = list(self._cells.items())
        return [Observation(count, dict(cell)) for cell, count in cells]
