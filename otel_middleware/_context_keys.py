"""Where this package's objects stand in the OpenTelemetry context."""

from __future__ import annotations

__all__ = ["BY_HAND_KEY", "EXCHANGE_KEY"]

EXCHANGE_KEY = "otel_middleware.exchange"
"""The :class:`~otel_middleware._exchange.Exchange`; a weak reference to it stands under this key in the scope or environ.

Weak, since the exchange's request reads the environ: a cycle would wait for the garbage collector.
"""

BY_HAND_KEY = "otel_middleware.by_hand"
"""The :class:`~otel_middleware._by_hand.CurrentSpan` of a request that has no exchange."""
