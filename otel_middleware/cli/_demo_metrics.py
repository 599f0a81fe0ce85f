"""The duration metric by route, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table

from otel_middleware.cli._quantile import quantile

if TYPE_CHECKING:
    from otel_middleware.cli._demo_observe import Observed

__all__ = ["metrics_table"]

_WIDE = 100  # characters from which on there is room between the columns


def metrics_table(observed: Observed, width: int) -> Table:
    """Return one line for each series of ``http.server.request.duration``, *width* characters wide at most."""
    table = Table(box=None, padding=(0, 1 if width < _WIDE else 3, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("service")
    table.add_column("http.route", overflow="fold")
    for name in ("method", "status", "tenant"):
        table.add_column(name)
    for name in ("count", "errors", "p50 ms", "p95 ms"):
        table.add_column(name, justify="right")
    for service in observed.metrics:
        for point in sorted(observed.durations(service), key=_order):
            table.add_row(service, *_cells(point))
    return table


def _order(point: Any) -> tuple[str, ...]:
    return tuple(_cells(point)[:4])


def _cells(point: Any) -> list[str]:
    names = ("http.route", "http.request.method", "http.response.status_code", "tenant.id")
    shown = [str(point.attributes.get(name, "-")) for name in names]
    errors = point.count if "error.type" in point.attributes else 0
    times = [f"{quantile(point, share) * 1000:.1f}" for share in (0.5, 0.95)]
    return [*shown, str(point.count), str(errors), *times]
