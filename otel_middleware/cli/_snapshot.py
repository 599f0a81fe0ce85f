"""What the web page shows, as plain data."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from otel_middleware.cli._plain import QUANTILES
from otel_middleware.cli._quantile import quantile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opentelemetry.sdk.trace import ReadableSpan

    from otel_middleware.cli._book import Book
    from otel_middleware.cli._durations import Durations

__all__ = ["snapshot", "trace_of"]

_REQUESTS = 100
_ATTRIBUTES = 40
_LONGEST = 500  # characters of a value


def snapshot(book: Book, title: str, comparison: list[dict[str, Any]]) -> dict[str, Any]:
    """Return everything but traces: requests with the newest first, durations by route and tenant, the comparison.

    Args:
        book: What was seen.
        title: What is looked at.
        comparison: Upstream beside ours, where both were run; else empty.
    """
    slowest = book.slowest()
    return {
        "title": title,
        "total": book.total,
        "errors": book.errors,
        "requests": [asdict(seen) for seen in reversed(book.requests(_REQUESTS))],
        "slowest": None if slowest is None else asdict(slowest),
        "routes": _groups(book.routes()),
        "tenants": _groups(book.tenants()),
        "comparison": comparison,
    }


def trace_of(book: Book, trace_id: str) -> list[dict[str, Any]]:
    """Return the spans of a trace, parents before children, with start and length in milliseconds."""
    spans = book.trace(trace_id)
    start = min((span.start_time or 0 for span in spans), default=0)
    known = {span.context.span_id: span for span in spans}
    children: dict[int | None, list[ReadableSpan]] = {}
    for span in spans:
        parent = span.parent.span_id if span.parent is not None and span.parent.span_id in known else None
        children.setdefault(parent, []).append(span)
    rows: list[dict[str, Any]] = []
    waiting = [(span, 0) for span in reversed(children.get(None, []))]
    while waiting:
        span, depth = waiting.pop()
        rows.append(_row(span, depth, start))
        waiting += [(child, depth + 1) for child in reversed(children.get(span.context.span_id, []))]
    return rows


def _groups(groups: Mapping[str, Durations]) -> list[dict[str, Any]]:
    return [_group(name, durations) for name, durations in groups.items()]


def _group(name: str, durations: Durations) -> dict[str, Any]:
    return {
        "name": name,
        "count": durations.count,
        "errors": durations.errors,
        "ms": [quantile(durations, share) * 1000 for share in QUANTILES],
        "histogram": [
            {"from": math.ldexp(1000, power), "to": math.ldexp(1000, power + 1), "power": power, "count": count}
            for power, count in durations.by_doubling().items()
        ],
    }


def _row(span: ReadableSpan, depth: int, start: int) -> dict[str, Any]:
    attributes = list((span.attributes or {}).items())[:_ATTRIBUTES]
    return {
        "name": span.name,
        "kind": span.kind.name,
        "service": str(span.resource.attributes.get("service.name", "-")),
        "failed": span.status.status_code.name == "ERROR",
        "depth": depth,
        "at": ((span.start_time or 0) - start) / 1e6,
        "ms": ((span.end_time or 0) - (span.start_time or 0)) / 1e6,
        "attributes": [[key, str(value)[:_LONGEST]] for key, value in attributes],
        "span_id": f"{span.context.span_id:016x}",
    }
