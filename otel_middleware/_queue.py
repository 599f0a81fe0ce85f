"""How long requests waited between the proxy and here: an attribute of the span and a histogram."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_middleware import _attributes as names
from otel_middleware._version import __version__
from otel_middleware.trust import time_in_queue

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider

    from otel_middleware._exchange import Exchange

__all__ = ["QueueTime"]

_NANOSECONDS = 1e9


class QueueTime:
    """The queue time of one stack that stands behind proxies.

    The histogram ``otel_middleware.time_in_queue``, in seconds, has no attribute: a request waits before anybody knows its
    route, and what it waits for is a free worker. Its exemplars lead to the traces.

    Args:
        provider: Where the histogram is created, in the scope ``otel_middleware``.
    """

    def __init__(self, provider: MeterProvider) -> None:
        self._histogram = provider.get_meter("otel_middleware", __version__).create_histogram(
            names.TIME_IN_QUEUE, unit="s", description="Time between the proxy's receipt of a request and the server's."
        )

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
