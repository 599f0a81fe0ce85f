"""Spans as trees, for a person who reads why a test failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from opentelemetry.sdk.trace import ReadableSpan

    from otel_middleware.testing._wanted import Wanted

__all__ = ["differing", "tree"]

_NANOSECONDS_PER_MILLISECOND = 1e6


def _nothing(_span: ReadableSpan) -> list[str]:
    return []


def tree(spans: Sequence[ReadableSpan], remarks: Callable[[ReadableSpan], list[str]] = _nothing) -> str:
    """*spans* as trees, a line each, children in the order in which they started.

    Args:
        spans: Finished spans. One whose parent is not among them is a root.
        remarks: Given a span, lines to put below it.
    """
    ids = {span.context.span_id for span in spans if span.context is not None}
    roots = [span for span in spans if span.parent is None or span.parent.span_id not in ids]
    return "\n".join(line for root in _started(roots) for line in _branch(root, spans, remarks, "")) or "no span"


def differing(wanted: Wanted, span: ReadableSpan) -> list[str]:
    """What a request has instead of what was asked for; nothing for other spans."""
    if span.kind.name != "SERVER":
        return []
    return wanted.differences(span.attributes, span.name) or ["it has all of them"]


def _branch(
    span: ReadableSpan,
    spans: Sequence[ReadableSpan],
    remarks: Callable[[ReadableSpan], list[str]],
    indent: str,
) -> Iterator[str]:
    yield f"{indent}{_line(span)}"
    yield from (f"{indent}    <- {remark}" for remark in remarks(span))
    for child in _started(spans):
        if child.parent is not None and span.context is not None and child.parent.span_id == span.context.span_id:
            yield from _branch(child, spans, remarks, indent + "  ")


def _started(spans: Sequence[ReadableSpan]) -> list[ReadableSpan]:
    return sorted(spans, key=lambda span: span.start_time or 0)


def _line(span: ReadableSpan) -> str:
    duration = ((span.end_time or 0) - (span.start_time or 0)) / _NANOSECONDS_PER_MILLISECOND
    status = "" if span.status.status_code.name == "UNSET" else f" {span.status.status_code.name}"
    error = (span.attributes or {}).get("error.type")
    return f"{span.name} [{span.kind.name}]{status}{f' {error}' if error else ''} {duration:.1f} ms"
