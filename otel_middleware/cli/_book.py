"""What was seen lately: a span processor that keeps requests, their traces, and their durations by route and tenant."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from threading import Lock
from typing import TYPE_CHECKING

from opentelemetry.sdk.trace import SpanProcessor
from opentelemetry.trace import SpanKind

from otel_middleware.cli._durations import Durations
from otel_middleware.cli._seen import Seen

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.sdk.trace import ReadableSpan

__all__ = ["Book"]

_REQUESTS = 500
_TRACES = 500
_SPANS = 200  # of one trace
_GROUPS = 200  # routes, and tenants
_OTHER = "_other"


class Book(SpanProcessor):
    """Keeps the last 500 requests, their traces, and durations by route and by tenant (200 each, then ``_other``). Thread-safe.

    Args:
        on_request: Called with each finished request, on its thread.

    Attributes:
        total: Requests since the start.
        errors: Those of them that failed.
        since: Unix time of the start.
    """

    def __init__(self, on_request: Callable[[Seen], None] | None = None) -> None:
        self.total = self.errors = 0
        self.since = time.time()
        self._on_request = on_request
        self._requests: deque[Seen] = deque(maxlen=_REQUESTS)
        self._traces: OrderedDict[str, list[ReadableSpan]] = OrderedDict()
        self._routes: dict[str, Durations] = {}
        self._tenants: dict[str, Durations] = {}
        self._lock = Lock()

    def on_end(self, span: ReadableSpan) -> None:
        """Take a finished span in."""
        with self._lock:
            self._keep(span)
            seen = self._count(Seen.of(span)) if span.kind is SpanKind.SERVER else None
        if seen is not None and self._on_request is not None:
            self._on_request(seen)

    def requests(self, newest: int = _REQUESTS) -> list[Seen]:
        """Return the last requests, the newest last."""
        with self._lock:
            return list(self._requests)[-newest:]

    def slowest(self) -> Seen | None:
        """Return the slowest of the requests that are kept."""
        return max(self.requests(), key=lambda seen: seen.seconds, default=None)

    def trace(self, trace_id: str) -> list[ReadableSpan]:
        """Return the spans of a trace by their start; none when it is forgotten."""
        with self._lock:
            return sorted(self._traces.get(trace_id, ()), key=lambda span: span.start_time or 0)

    def routes(self) -> dict[str, Durations]:
        """Return the durations by route, the busiest first."""
        return self._busiest(self._routes)

    def tenants(self) -> dict[str, Durations]:
        """Return the durations by tenant, the busiest first."""
        return self._busiest(self._tenants)

    def _busiest(self, groups: dict[str, Durations]) -> dict[str, Durations]:
        with self._lock:
            return dict(sorted(groups.items(), key=lambda group: -group[1].count))

    def _keep(self, span: ReadableSpan) -> None:
        spans = self._traces.setdefault(f"{span.context.trace_id:032x}", [])
        if len(spans) < _SPANS or span.kind is SpanKind.SERVER:
            spans.append(span)
        if len(self._traces) > _TRACES:
            self._traces.popitem(last=False)

    def _count(self, seen: Seen) -> Seen:
        self.total += 1
        self.errors += seen.failed
        self._requests.append(seen)
        for groups, name in ((self._routes, seen.route), (self._tenants, seen.tenant)):
            known = name if name in groups or len(groups) < _GROUPS else _OTHER
            groups.setdefault(known, Durations()).add(seen.seconds, error=seen.failed)
        return seen
