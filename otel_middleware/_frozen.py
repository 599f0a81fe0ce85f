"""Objects that are decided once."""

from __future__ import annotations

__all__ = ["Frozen"]


class Frozen:
    """Takes no attribute any more once ``_made`` is true, which a subclass says at the end of its ``__init__``."""

    __slots__ = ("_made",)

    def __setattr__(self, name: str, value: object) -> None:
        if getattr(self, "_made", False):
            raise AttributeError(f"{type(self).__name__} is immutable: {name!r} cannot be set")
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable: {name!r} cannot be deleted")
