"""Code that is not ours, called on the request path: what it raises costs the request nothing and is said once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from otel_middleware._once import Once
from otel_middleware._same import Same

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["guarded", "say_once"]

T = TypeVar("T")

_SAID_MOST = 1_000
"""Different things said in the life of a process; past it nothing more is."""

_said: dict[object, Once] = {}


def guarded(what: str, function: Callable[..., T], *args: Any) -> T | None:
    """Call *function*; ``None`` when it raises an ``Exception``, which is logged once per function as *what*."""
    try:
        return function(*args)
    except Exception as error:  # noqa: BLE001 - whatever a user's code raises must not reach the request
        # The methods of two objects are one function here: an object may be of one request.
        say_once(what, f"{what} ({function!r})", error, "ignored", of=getattr(function, "__func__", function))
        return None


def say_once(key: object, what: str, error: Exception, consequence: str, *, of: object = None) -> None:
    """Log, once per *key* and object *of* which it is said, that *what* raised *error*, and what follows."""
    known = key, Same(of)
    once = _said.get(known)
    if once is None:
        if len(_said) >= _SAID_MOST:
            return
        once = _said.setdefault(known, Once())
    once.say(what, error, consequence)
