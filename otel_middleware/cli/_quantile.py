"""Percentiles of an exponential histogram: a point of the SDK's, or :class:`~otel_middleware.cli._durations.Durations`."""

from __future__ import annotations

from typing import Any

__all__ = ["quantile"]


def quantile(point: Any, share: float) -> float:
    """Return the value below which *share* (0 to 1) of an exponential histogram's measurements lie, in their unit.

    True to the width of a bucket: base ``2 ** 2 ** -scale`` (OpenTelemetry metrics data model, "ExponentialHistogram").
    """
    base = 2**2**-point.scale
    wanted, seen = share * point.count, point.zero_count
    for index, count in enumerate(point.positive.bucket_counts):
        seen += count
        if count and seen >= wanted:
            middle: float = base ** (point.positive.offset + index + 0.5)
            return float(min(max(middle, point.min), point.max))
    return float(point.max)
