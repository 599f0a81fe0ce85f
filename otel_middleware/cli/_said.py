"""What the application prints and logs while the live view has the screen: kept, and shown in its place."""

from __future__ import annotations

import io
from collections import deque

__all__ = ["Said"]

_LINES = 100
_LONGEST = 2000  # characters of one line


class Said(io.TextIOBase):
    """Stands in for ``sys.stdout`` and ``sys.stderr``; keeps the last 100 lines."""

    def __init__(self) -> None:
        self.lines: deque[str] = deque(maxlen=_LINES)
        self._rest = ""

    def writable(self) -> bool:
        """Say yes."""
        return True

    def write(self, text: str) -> int:
        """Keep whole lines; what has no end yet waits."""
        *whole, self._rest = (self._rest + text).split("\n")
        self.lines.extend(line[:_LONGEST] for line in whole if line.strip())
        self._rest = self._rest[-_LONGEST:]
        return len(text)
