"""The live view in the terminal: requests, durations by route, one trace as a waterfall."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from otel_middleware.cli._plain import groups_table
from otel_middleware.cli._text import counted, shown
from otel_middleware.cli._trace import trace_tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from otel_middleware.cli._book import Book
    from otel_middleware.cli._seen import Seen
    from otel_middleware.cli._selection import Selection

__all__ = ["screen"]

_WIDE = 140  # characters from which on a request's line has room for all
_REST = 75  # characters of a wide line that are neither the request's nor the redactions'
_RULES = 5  # lines: heading, three rules, keys
_ROUTES, _TRACE, _SAID = 0.25, 0.3, 3  # shares of the height; lines
_KEYS = "↑↓ select   l last   s slowest   q or Ctrl-C end"


def screen(book: Book, selection: Selection, said: Sequence[str], size: tuple[int, int], heading: str) -> Group:
    """Return the whole screen.

    Args:
        book: What was seen.
        selection: Which request's trace is shown.
        said: The last lines that the application printed or logged.
        size: Columns and lines.
        heading: The first line: what is served where.
    """
    width, height = size
    said = said[-_SAID:]
    routes = max(int((height - _RULES) * _ROUTES), 3)
    trace = max(int((height - _RULES) * _TRACE), 4)
    requests = max(height - _RULES - routes - trace - (len(said) + 1 if said else 0), 3)
    chosen = selection.of(book)
    seen = selection.window(book, requests - 1)
    parts: list[RenderableType] = [_cut(Text(heading, style="bold"), width), _rule(_requests_title(book))]
    parts += [_requests(seen, chosen, width) if seen else Text("waiting for the first request", style="dim")]
    parts += [Text("")] * (requests - 1 - len(seen) if seen else requests - 1)
    by_route = book.routes()
    parts += [_rule("by route"), groups_table("route", by_route, width, routes - 1)]
    parts += [Text("")] * max(routes - 1 - len(by_route), 0)
    parts += [_rule(f"trace, {selection.title}"), *_waterfall(book, chosen, width, trace)]
    if said:
        parts += [_rule("output"), *(_cut(Text(shown(line), style="dim"), width) for line in said)]
    return Group(*parts, _cut(Text(_KEYS, style="dim"), width))


def _requests(seen: Sequence[Seen], chosen: Seen | None, width: int) -> Table:
    wide = width >= _WIDE
    table = Table(box=None, padding=(0, 2 if wide else 1, 0, 0), pad_edge=False, header_style="dim", width=width)
    table.add_column("", width=1)
    table.add_column("request", ratio=1, no_wrap=True, overflow="ellipsis")
    columns = {"status": 6, "outcome": 19 if wide else 9, "tenant": 16 if wide else 8}
    for name, size in columns.items():
        table.add_column(name, width=size, no_wrap=True, overflow="ellipsis")
    table.add_column("ms", width=8, no_wrap=True, justify="right")
    table.add_column("route", width=11 if wide else 8, no_wrap=True, overflow="ellipsis")
    table.add_column("redacted", width=(width - _REST) * 2 // 5 if wide else 8, no_wrap=True, overflow="ellipsis")
    for each in seen:
        style = "red" if each.failed else "yellow" if each.outcome != "completed" else ""
        redacted = " ".join(each.redacted) if wide else str(len(each.redacted) or "")
        cells = [each.status, each.outcome, each.tenant, f"{each.seconds * 1000:.1f}", each.source, redacted]
        mark = Text("▸" if each is chosen else "")
        table.add_row(mark, Text(shown(each.name)), *(Text(shown(cell)) for cell in cells), style=style)
    return table


def _waterfall(book: Book, chosen: Seen | None, width: int, height: int) -> Iterator[Text]:
    """Yield *height* lines; the last says what does not fit."""
    spans = book.trace(chosen.trace_id) if chosen is not None else []
    lines = list(trace_tree(spans, width)) if spans else []
    if len(lines) > height:
        left = len(lines) - height + 1
        lines = [*lines[: height - 1], Text(f"… {left} more lines", style="dim")]
    yield from lines
    yield from [Text("")] * (height - len(lines))


def _requests_title(book: Book) -> str:
    return f"{counted(book.total, 'request')}, {counted(book.errors, 'error')}"


def _rule(title: str) -> Rule:
    return Rule(Text(title, style="bold"), align="left", style="dim")


def _cut(text: Text, width: int) -> Text:
    text.truncate(width, overflow="ellipsis")
    return text
