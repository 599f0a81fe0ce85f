"""How deep values within values are read."""

from __future__ import annotations

__all__ = ["MAX_DEPTH"]

MAX_DEPTH = 6
"""Each level costs one pass: three percent-decodings, and URLs inside URLs. What lies deeper is masked."""
