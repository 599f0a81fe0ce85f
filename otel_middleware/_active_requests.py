"""How many requests are active: counted per set of attributes, observed when somebody reads."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, ClassVar

from opentelemetry.metrics import CallbackOptions, Observation

from otel_middleware._fork import renewed_in_child
from otel_middleware._once import Once
from otel_middleware._per_provider import PerProvider

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opentelemetry.metrics import Meter, MeterProvider

__all__ = ["ActiveRequests", "Cell"]

Cell = tuple[tuple[str, Any], ...]
"""One set of attributes."""

_CELLS_KEPT = 1_000
"""Attribute sets that stay as zero cells; a second reader must still see the zero."""


class ActiveRequests:
    """``http.server.active_requests`` as cells that an observable counter reads.

    Far cheaper per request than two synchronous adds. Shared by all stacks on one provider and scope: an observable instrument
    is registered once, and a second registration would lose its counts. A forked child starts at zero: what is in flight is
    its parent's.
    """

    _shared: ClassVar[PerProvider[dict[str, ActiveRequests]]] = PerProvider(lambda _provider: {})

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._lock = threading.RLock()  # the collector may end an abandoned request while this thread holds it
        self._cells: dict[Cell, _Count] = {}
        self._created = Once()
        renewed_in_child(self, ActiveRequests._forked)

    @classmethod
    def of(cls, provider: MeterProvider, meter: Meter, scope: Any) -> ActiveRequests:
        """The cells of *scope* on *provider*."""
        return cls._shared.of(provider).setdefault(repr(scope), cls(meter))

    def _forked(self) -> None:
        """Start at zero."""
        self._lock = threading.RLock()
        self._cells = {}

    def observed(self, name: str, unit: str = "", description: str = "") -> ActiveRequests:
        """Register the observable counter, once."""
        if self._created.first():
            self._meter.create_observable_up_down_counter(name, [self._observe], unit=unit, description=description)
        return self

    def entered(self, cell: Cell) -> _Count:
        """Count one request more with these attributes; what it gives is for ``left``."""
        with self._lock:
            count = self._cells.get(cell)
            if count is None:
                count = self._cells[cell] = _Count(cell)
            count.value += 1
        return count

    def left(self, count: _Count) -> None:
        """Count one request less, which was counted as *count*."""
        with self._lock:
            count.value -= 1
            if not count.value and len(self._cells) > _CELLS_KEPT and self._cells.get(count.cell) is count:
                del self._cells[count.cell]

    def add(self, cell: Cell, amount: int) -> None:
        """Add *amount*, one more or one less, to the cell of these attributes."""
        if amount > 0:
            self.entered(cell)
            return
        with self._lock:
            count = self._cells.get(cell)
        if count is not None and count.value > 0:
            self.left(count)

    def _observe(self, _options: CallbackOptions) -> Iterable[Observation]:
        with self._lock:
            cells = [(cell, count.value) for cell, count in self._cells.items()]
        return [Observation(value, dict(cell)) for cell, value in cells]


class _Count:
    """The requests of one cell."""

    __slots__ = ("cell", "value")

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.value = 0
