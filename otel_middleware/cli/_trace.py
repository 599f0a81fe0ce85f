"""One trace as a tree, with a bar for each span."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from opentelemetry.trace import SpanKind
from rich.text import Text

from otel_middleware.cli._text import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from opentelemetry.sdk.trace import ReadableSpan

__all__ = ["trace_tree"]

_KIND, _DURATION, _GAP = 8, 9, 2  # characters
_WIDEST_SERVICE = 16
_SMALLEST_BAR = 12


_STYLES = {SpanKind.SERVER: "bold"}


class _Row(NamedTuple):
    span: ReadableSpan
    above: str
    """Guides in front of the name."""
    below: str
    """Guides in front of the lines under it."""


def trace_tree(spans: Sequence[ReadableSpan], width: int) -> Iterator[Text]:
    """Yield the lines of the tree of *spans*, which are one trace; *width* in characters."""
    start = min(span.start_time or 0 for span in spans)
    end = max(span.end_time or 0 for span in spans)
    bar = max(width // 6, _SMALLEST_BAR)
    service = min(max(len(_service(span)) for span in spans), _WIDEST_SERVICE)
    names = width - bar - _KIND - service - _DURATION - 4 * _GAP
    for row in _rows(spans):
        line = Text.assemble((row.above, "dim"), (shown(row.span.name), _STYLES.get(row.span.kind, "")))
        line.truncate(names, overflow="ellipsis", pad=True)
        line.append(f"  {row.span.kind.name:<{_KIND}}", "dim")
        line.append("  ").append_text(_cut(_service(row.span), service))
        line.append(f"  {_milliseconds(row.span):>{_DURATION - 3}.1f} ms  ")
        yield line.append_text(_bar(row.span, start, end, bar))
        if facts := shown(_told(row.span)):
            told = Text.assemble((row.below, "dim"), (facts, "dim green"))
            told.truncate(width, overflow="ellipsis")
            yield told


def _service(span: ReadableSpan) -> str:
    return shown(span.resource.attributes.get("service.name", "-"))


def _cut(text: str, width: int) -> Text:
    cut = Text(text)
    cut.truncate(width, overflow="ellipsis", pad=True)
    return cut


def _rows(spans: Sequence[ReadableSpan]) -> Iterator[_Row]:
    """Yield the spans depth first, roots and siblings by their start."""
    known = {span.context.span_id for span in spans}
    children: dict[int | None, list[ReadableSpan]] = {}
    for span in sorted(spans, key=lambda each: each.start_time or 0):
        parent = span.parent.span_id if span.parent is not None and span.parent.span_id in known else None
        children.setdefault(parent, []).append(span)

    def below(parent: int | None, guides: str) -> Iterator[_Row]:
        siblings = children.get(parent, [])
        for span in siblings:
            last = span is siblings[-1]
            branch, trunk = ("", "") if parent is None else ("└─ ", "   ") if last else ("├─ ", "│  ")
            inside = children.get(span.context.span_id)
            yield _Row(span, guides + branch, guides + trunk + ("│  " if inside else "   "))
            yield from below(span.context.span_id, guides + trunk)

    return below(None, "")


def _told(span: ReadableSpan) -> str:
    """Return the attributes that tell most, on one line."""
    attributes = dict(span.attributes or {})
    if span.kind is SpanKind.INTERNAL:
        return "  ".join(f"{key}={value}" for key, value in attributes.items())
    parts = [attributes.get("http.response.status_code"), attributes.get("error.type")]
    if span.kind is SpanKind.SERVER:
        source = attributes.get("otel_middleware.route.source")
        tenant = attributes.get("tenant.id")
        parts += [tenant and f"tenant.id={tenant}", source and f"route {source}"]
    elif "server.address" in attributes:
        parts.append(f"{attributes['server.address']}:{attributes.get('server.port', '-')}")
    return "  ".join(str(part) for part in parts if part)


def _milliseconds(span: ReadableSpan) -> float:
    return ((span.end_time or 0) - (span.start_time or 0)) / 1e6


def _bar(span: ReadableSpan, start: int, end: int, width: int) -> Text:
    scale = width / max(end - start, 1)
    first = min(int(((span.start_time or 0) - start) * scale), width - 1)
    last = max(round(((span.end_time or 0) - start) * scale), first + 1)
    style = "cyan" if span.kind is SpanKind.SERVER else "dim cyan"
    return Text(" " * first + "━" * (min(last, width) - first), style=style)
