"""The context of an excluded request: its children are not recorded either, under a parent-based sampler."""

from __future__ import annotations

from random import getrandbits
from typing import TYPE_CHECKING

from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

from otel_middleware._fork import ForkLock

if TYPE_CHECKING:
    from opentelemetry.context import Context

__all__ = ["silenced"]

_UNSAMPLED = TraceFlags(TraceFlags.DEFAULT)
_LOCK = ForkLock()


class _Silent(NonRecordingSpan):
    """An unsampled span whose ids are drawn when somebody asks: most excluded requests start no span."""

    __init__ = object.__init__  # the ids that NonRecordingSpan takes do not exist yet
    _drawn: SpanContext | None = None

    def get_span_context(self) -> SpanContext:
        if self._drawn is None:
            with _LOCK:
                self._drawn = self._drawn or SpanContext(
                    getrandbits(128) | 1, getrandbits(64) | 1, is_remote=False, trace_flags=_UNSAMPLED
                )
        return self._drawn

    def __repr__(self) -> str:
        return f"NonRecordingSpan({self.get_span_context()!r})"


def silenced(context: Context) -> Context:
    """*context* with an unsampled span of a trace of its own: two excluded requests never share one."""
    return set_span_in_context(_Silent(), context)
