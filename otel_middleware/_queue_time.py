"""How long requests waited between the proxy and here: an attribute of the span and a histogram."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from otel_middleware import _attributes as names
from otel_middleware._version import __version__

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider

    from otel_middleware._exchange import Exchange
    from otel_middleware._forwarded import Header

__all__ = ["QueueTime", "time_in_queue"]

_NANOSECONDS = 1e9

_MAX_QUEUED = 3600.0  # seconds; longer than any proxy waits: a wrong clock
_QUEUE_START = re.compile(r"\s*(?:t=)?([0-9]{1,20}(?:\.[0-9]{1,9})?)\s*")

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
"""Seconds; those of ``http.server.request.duration`` (semantic conventions, "HTTP metrics")."""


class QueueTime:
    """The queue time of one stack that stands behind proxies.

    The histogram ``otel_middleware.time_in_queue``, in seconds, has no attribute: a request waits before anybody knows its
    route, and what it waits for is a free worker. Its exemplars lead to the traces.

    Args:
        provider: Where the histogram is created, in the scope ``otel_middleware``.
    """

    def __init__(self, provider: MeterProvider) -> None:
        create = provider.get_meter("otel_middleware", __version__).create_histogram
        said = names.TIME_IN_QUEUE, "s", "Time between the proxy's receipt of a request and the server's."
        try:
            self._histogram = create(*said, explicit_bucket_boundaries_advisory=_BUCKETS)
        except TypeError:  # an older API knows no advice
            self._histogram = create(*said)

    def note(self, exchange: Exchange) -> None:
        """Read what the proxy wrote. Anyone can write it: only for a trusted peer."""
        queued = time_in_queue(exchange.request.header, exchange.start / _NANOSECONDS)
        if queued is not None:
            exchange.facts[names.TIME_IN_QUEUE] = queued

    def record(self, exchange: Exchange) -> None:
        """Measure what was noted, when the request is over."""
        queued = exchange.facts.get(names.TIME_IN_QUEUE)
        if queued is not None:
            self._histogram.record(queued, {}, exchange.context)


def time_in_queue(header: Header, now: float) -> float | None:
    """Return how long the request waited between the proxy and here, in seconds.

    Read from ``X-Request-Start``, else ``X-Queue-Start``: seconds, milli-, micro- or nanoseconds since 1970, told apart
    by their magnitude, with or without ``t=``. Anyone can send them: ask only when the peer is a trusted proxy. Never
    raises, and is linear in the length of what was sent.

    Args:
        header: The request's headers.
        now: Seconds since 1970.

    Returns:
        Seconds, 0 to 3600; ``None`` without a header, and when it is malformed, in the future or longer ago.
    """
    for name in ("x-request-start", "x-queue-start"):
        value = header(name)
        found = _QUEUE_START.fullmatch(value) if value else None
        if found:
            queued = now - _seconds(float(found[1]))
            return queued if 0 <= queued <= _MAX_QUEUED else None
    return None


def _seconds(start: float) -> float:
    """Bring a point in time to seconds: between 1973 and 5138 each unit has its own magnitude."""
    for least, unit in ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3)):
        if start >= least:
            return start / unit
    return start
