"""Finding the application object behind other middleware."""

from __future__ import annotations

from types import FunctionType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["is_a", "reached_from"]

_MOST = 32
"""Objects looked at, at most: no stack is deeper, and a cycle ends."""

_LINKS = (
    "app",  # Starlette's, Werkzeug's and a2wsgi's middleware, and nearly everybody's own
    "_app",
    "application",
    "wsgi_application",  # asgiref's WsgiToAsgi
    "other_asgi_app",  # python-socketio
    "wsgi",  # upstream's WSGI middleware
    "wsgi_app",
    "asgi_app",
    "inner",  # Channels
    "__self__",  # a bound method: flask_app.wsgi_app
    "func",  # functools.partial
    "__wrapped__",  # functools.wraps
)


def is_a(candidate: Any, *names: str) -> bool:
    """Whether one of the classes of *candidate* bears one of *names*, ``package.Class`` each, the modules between left out.

    Classes of a framework's own are told by name and package, so that nothing is imported, and nothing that happens
    to have an attribute ``routes`` is taken for an application.
    """
    return any(f"{kind.__module__.partition('.')[0]}.{kind.__name__}" in names for kind in type(candidate).__mro__)


def _nowhere(_candidate: Any) -> bool:
    return False


def reached_from(app: Any, ends_at: Callable[[Any], bool] = _nowhere) -> Iterator[Any]:
    """*app*, then what it wraps, nearest first: by the attributes that middleware use, then by what a function closes over.

    Args:
        app: Where the walk starts.
        ends_at: Whether the walk goes no further behind an object; by default it goes behind all.
    """
    seen: set[int] = set()
    waiting = [app]
    while waiting and len(seen) < _MOST:
        candidate = waiting.pop(0)
        if id(candidate) not in seen:
            seen.add(id(candidate))
            yield candidate
            if not ends_at(candidate):
                waiting.extend(_wrapped_by(candidate))


def _wrapped_by(candidate: Any) -> Iterator[Any]:
    if isinstance(candidate, type):
        return
    for link in _LINKS:
        wrapped = _read(candidate, link)
        if callable(wrapped):
            yield wrapped
    if isinstance(candidate, FunctionType):
        yield from _closed_over(candidate)


def _closed_over(function: FunctionType) -> Iterator[Any]:
    for cell in function.__closure__ or ():
        value = _read(cell, "cell_contents")
        if callable(value):
            yield value


def _read(candidate: Any, attribute: str) -> Any:
    try:
        return getattr(candidate, attribute, None)
    except Exception:  # noqa: BLE001 - properties and proxies of others may raise anything outside a request
        return None
