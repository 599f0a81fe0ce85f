"""The context of an excluded request: its children are not recorded either, under a parent-based sampler."""

from __future__ import annotations

from random import getrandbits
from typing import TYPE_CHECKING

from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

if TYPE_CHECKING:
    from opentelemetry.context import Context

__all__ = ["silenced"]

_UNSAMPLED = TraceFlags(TraceFlags.DEFAULT)


def silenced(context: Context) -> Context:
    """*context* with an unsampled span of a trace of its own: two excluded requests never share one."""
    span = SpanContext(getrandbits(128) | 1, getrandbits(64) | 1, is_remote=False, trace_flags=_UNSAMPLED)
    return set_span_in_context(NonRecordingSpan(span), context)
