"""Objects as keys, whatever they say of equality."""

from __future__ import annotations

from typing import Any

__all__ = ["Same"]


class Same:
    """An object as a key: by identity, whatever its own ``__eq__`` says, and kept alive so that no other takes its place."""

    __slots__ = ("it",)

    def __init__(self, it: Any) -> None:
        self.it = it

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.it is other.it

    def __hash__(self) -> int:
        return id(self.it)
