"""Where a request's template came from: the values of ``otel_middleware.route.source``, and which is better than which."""

from __future__ import annotations

__all__ = ["APPLICATION", "DECLARED", "FRAMEWORK", "INFERRED", "outranked"]

APPLICATION, DECLARED, FRAMEWORK, INFERRED = "application", "declared", "framework", "inferred"
_RANKS = {None: 0, INFERRED: 1, FRAMEWORK: 2, DECLARED: 3, APPLICATION: 4}


def outranked(known: str | None, source: str) -> bool:
    """Whether *source* may replace what *known* said: the same may, a worse one may not. What is none of them is nothing."""
    return _RANKS[source] >= _RANKS.get(known, 0)
