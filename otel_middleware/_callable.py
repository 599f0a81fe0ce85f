"""What may be called on the request path, where nothing is awaited."""

from __future__ import annotations

from inspect import iscoroutinefunction
from typing import Any

__all__ = ["is_plain", "is_sync"]


def is_sync(value: Any) -> bool:
    """Whether *value* can be called for its answer, not for a coroutine."""
    called = value if not hasattr(value, "__call__") else type(value).__call__  # noqa: B004 - an object whose __call__ is async
    return callable(value) and not (iscoroutinefunction(value) or iscoroutinefunction(called))


def is_plain(value: Any) -> bool:
    """The same, and no class: one that stands where an instance of it should is a slip."""
    return is_sync(value) and not isinstance(value, type)
