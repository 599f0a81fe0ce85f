"""Requests that have not ended: nothing of them is reported yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from opentelemetry.sdk.trace import ReadableSpan, TracerProvider

__all__ = ["open_on", "remark"]


def open_on(tracer_provider: TracerProvider) -> AbstractSet[int]:
    """The ids of the SERVER spans of *tracer_provider* that have started and not ended, now and later."""
    # The SDK is an extra: its base class is imported where it is used.
    from opentelemetry.sdk.trace import SpanProcessor  # noqa: PLC0415

    found: set[int] = set()

    class Watch(SpanProcessor):
        def on_start(self, span: ReadableSpan, parent_context: Any = None) -> None:  # noqa: ARG002 - the SDK gives it
            if span.kind.name == "SERVER" and span.context is not None:
                found.add(span.context.span_id)

        def on_end(self, span: ReadableSpan) -> None:
            if span.context is not None:
                found.discard(span.context.span_id)

    tracer_provider.add_span_processor(Watch())
    return found


def remark(still_open: AbstractSet[int]) -> str:
    """What to do about requests that are *still_open*, on a line of its own; nothing when none is."""
    if not still_open:
        return ""
    if len(still_open) == 1:
        return "\n1 request is still open: read or close its response"
    return f"\n{len(still_open)} requests are still open: read or close their responses"
