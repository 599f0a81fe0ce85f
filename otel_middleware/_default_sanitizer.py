"""The default ``Sanitizer()``: in signatures from the start, built with the first stack that nobody gives another.

Compiling its patterns takes as long as importing everything else.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from otel_middleware.sanitization import Sanitizer

__all__ = ["SANITIZER", "sanitizer_of"]


class _BuiltLater:
    def __repr__(self) -> str:
        return "Sanitizer()"


SANITIZER = cast("Sanitizer", _BuiltLater())
"""Stands for ``Sanitizer()`` in a signature."""


T = TypeVar("T")


def sanitizer_of(option: T) -> T:
    """*option* itself, and where it is :data:`SANITIZER` the one that all stacks share."""
    return cast("T", default_sanitizer()) if option is SANITIZER else option


@cache
def default_sanitizer() -> Sanitizer:
    from otel_middleware.sanitization import Sanitizer  # noqa: PLC0415 - see above

    return Sanitizer()
