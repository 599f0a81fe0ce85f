"""How long requests waited between the proxy and here: an attribute of the span and a histogram."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_middleware import _attributes as names
from otel_middleware._forwarded import time_in_queue
from otel_middleware._version import __version__

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider

    from otel_middleware._exchange import Exchange

__all__ = ["QueueTime"]

_NANOSECONDS = 1e9

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
