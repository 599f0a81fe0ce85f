"""How long requests took, counted in buckets: bounded memory, and percentiles true to a few percent."""

from __future__ import annotations

import math
from typing import NamedTuple

__all__ = ["Durations"]

_LOWEST, _HIGHEST = -160, 80
"""Bucket indexes between about one microsecond and a quarter of an hour; what is beyond counts at the edge."""


class _Buckets(NamedTuple):
    offset: int
    bucket_counts: list[int]


class Durations:
    """An exponential histogram of seconds, with the names that a point of the SDK's has, so that one ``quantile`` reads both.

    Attributes:
        scale: 3: each bucket is 9 % wider than the one before (base ``2 ** 2 ** -3``).
        zero_count: Always 0.
        count: Measurements.
        errors: Those of them that were errors.
        min: The shortest, in seconds.
        max: The longest.
    """

    scale = 3
    zero_count = 0

    def __init__(self) -> None:
        self.count = 0
        self.errors = 0
        self.min, self.max = math.inf, 0.0
        self._counts: dict[int, int] = {}

    def add(self, seconds: float, *, error: bool) -> None:
        """Count one measurement."""
        self.count += 1
        self.errors += error
        self.min, self.max = min(self.min, seconds), max(self.max, seconds)
        index = math.ceil(math.log2(max(seconds, 1e-9)) * 2**self.scale) - 1
        index = min(max(index, _LOWEST), _HIGHEST)
        self._counts[index] = self._counts.get(index, 0) + 1

    @property
    def positive(self) -> _Buckets:
        """The buckets from the first to the last that holds something."""
        counts = dict(self._counts)  # at once: others go on counting
        if not counts:
            return _Buckets(0, [])
        first, last = min(counts), max(counts)
        return _Buckets(first, [counts.get(index, 0) for index in range(first, last + 1)])

    def by_doubling(self) -> dict[int, int]:
        """Return the counts by power of two: ``{-7: 4}`` are four between ``2 ** -7`` and ``2 ** -6`` seconds."""
        sums: dict[int, int] = {}
        for index, count in sorted(dict(self._counts).items()):
            power = index >> self.scale
            sums[power] = sums.get(power, 0) + count
        return sums
