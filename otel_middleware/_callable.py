"""What may be called on the request path, where nothing is awaited."""

from __future__ import annotations

from inspect import iscoroutinefunction, signature
from typing import Any

__all__ = ["is_coroutine", "is_plain", "is_sync", "refused", "takes"]

_COUNTED = ("no argument", "one argument", "two arguments", "three arguments", "four arguments")


def is_coroutine(value: Any) -> bool:
    """Whether *value* is a coroutine function, or an object whose ``__call__`` is one."""
    called = value if not hasattr(value, "__call__") else type(value).__call__  # noqa: B004
    return iscoroutinefunction(value) or iscoroutinefunction(called)


def takes(value: Any, arguments: int) -> bool:
    """Whether *value* can be called with so many positional arguments; what does not say can."""
    try:
        asked = signature(value)
    except (TypeError, ValueError):  # written in C
        return True
    try:
        asked.bind(*[None] * arguments)
    except TypeError:
        return False
    return True


def is_sync(value: Any, arguments: int) -> bool:
    """Whether *value* can be called with so many arguments for its answer, not for a coroutine."""
    return callable(value) and not is_coroutine(value) and takes(value, arguments)


def is_plain(value: Any, arguments: int) -> bool:
    """The same, and no class: one that stands where an instance of it should is a slip."""
    return is_sync(value, arguments) and not isinstance(value, type)


def refused(name: str, value: Any, arguments: int) -> str:
    """Why *value* cannot be the setting *name*, which is called with so many arguments."""
    kind = "the coroutine function " if is_coroutine(value) else ""
    return f"{name} must be a plain callable of {_COUNTED[arguments]}, not {kind}{value!r}"
