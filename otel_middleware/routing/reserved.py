"""Words that stand beside values in many APIs: ``/users/me``."""

from __future__ import annotations

__all__ = ["RESERVED"]

RESERVED = frozenset(
    "all batch bulk callback count create current default edit export health healthz import latest login logout lookup me mine "
    "new options ping register schema search self settings stats status suggest summary sync upload validate".split(" ")
)
