"""One line a request, for pipes, CI and people who like it so; and the sum at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from otel_middleware.cli._quantile import quantile
from otel_middleware.cli._text import counted, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from otel_middleware.cli._book import Book
    from otel_middleware.cli._durations import Durations
    from otel_middleware.cli._seen import Seen

__all__ = ["groups_table", "line_of", "summary"]

QUANTILES = (0.5, 0.95, 0.99)
_COLUMNS = {"count": 6, "errors": 6, "p50 ms": 7, "p95 ms": 7, "p99 ms": 7}
_NUMBERS = sum(_COLUMNS.values()) + 2 * len(_COLUMNS)  # characters, with the gaps


def line_of(seen: Seen) -> str:
    """Return the line of one request: name, status, milliseconds, then what else there is to tell as ``key=value``."""
    told = {
        "outcome": "" if seen.outcome == "completed" else seen.outcome,
        "error": seen.error,
        "tenant": seen.tenant.removeprefix("-"),
        "route": seen.source.removeprefix("-"),
        "redacted": ",".join(seen.redacted),
    }
    facts = "  ".join(f"{key}={shown(value)}" for key, value in told.items() if value)
    return f"{shown(seen.name)}  {shown(seen.status)}  {seen.seconds * 1000:.1f} ms  {facts}".rstrip()


def groups_table(title: str, groups: Mapping[str, Durations], width: int, rows: int | None = None) -> Table:
    """Return durations by route or tenant as a table.

    Args:
        title: Heading of the names.
        groups: Durations by name, in their order.
        width: Characters.
        rows: At most so many; what is left out is said in the last. ``None`` shows all.
    """
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column(title, no_wrap=True, overflow="ellipsis", max_width=max(width - _NUMBERS, 8))
    for name, size in _COLUMNS.items():
        table.add_column(name, justify="right", no_wrap=True, min_width=size)
    listed = list(groups.items()) if rows is None or len(groups) <= rows else list(groups.items())[: rows - 1]
    for name, durations in listed:
        times = [f"{quantile(durations, share) * 1000:.1f}" for share in QUANTILES]
        errors = Text(str(durations.errors), style="red" if durations.errors else "")
        table.add_row(Text(shown(name)), str(durations.count), errors, *times)
    if len(listed) < len(groups):
        table.add_row(f"… {len(groups) - len(listed)} more")
    return table


def summary(book: Book, redactions: Mapping[tuple[str, str], int]) -> Iterator[str]:
    """Yield the lines that sum a run up, under its table."""
    names = len({seen.name for seen in book.requests()})
    yield f"{counted(book.total, 'request')} under {counted(names, 'name')}, {counted(book.errors, 'error')}"
    if redactions:
        by_rule = sorted(redactions.items(), key=lambda each: (-each[1], each[0]))
        told = ", ".join(f"{shown(rule)} in {place} {count}" for (place, rule), count in by_rule)
        yield f"redacted: {told}"
