"""Where this package's objects stand in the OpenTelemetry context."""

from __future__ import annotations

__all__ = ["EXCHANGE_KEY", "TAGGED_KEY"]

EXCHANGE_KEY = "otel_middleware.exchange"
"""The :class:`~otel_middleware._exchange.Exchange`; a weak reference to it stands under this key in the scope or environ.

Weak, since the exchange's request reads the environ: a cycle would wait for the garbage collector.
"""

TAGGED_KEY = "otel_middleware.tagged"
"""A :class:`~otel_middleware._by_hand.CurrentSpan` that has a tenant."""
