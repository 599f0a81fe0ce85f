"""The default ``Sanitizer()``: in signatures from the start, built with the first stack that nobody gives another.

Compiling its patterns takes as long as importing everything else.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from otel_middleware.sanitization import Sanitizer

__all__ = ["SANITIZER", "sanitizer_of"]


class _BuiltLater:
    def __repr__(self) -> str:
        return "Sanitizer()"


SANITIZER: Any = _BuiltLater()
"""Stands for ``Sanitizer()`` in a signature."""


def sanitizer_of(option: Any) -> Any:
    """*option* itself, and where it is :data:`SANITIZER` the one that all stacks share."""
    return _shared() if option is SANITIZER else option


@cache
def _shared() -> Sanitizer:
    from otel_middleware.sanitization import Sanitizer  # noqa: PLC0415 - see above

    return Sanitizer()
