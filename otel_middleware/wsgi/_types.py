"""WSGI's words. Source: PEP 3333."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ParamSpec, Protocol, TypeVar, final

__all__ = ["AnIterable", "App", "Environ", "ExcInfo", "NoSuchOption", "P", "StartResponse", "Write"]

Environ = dict[str, Any]
"""The request; PEP 3333 wants a ``dict`` proper, which server, middleware and application share."""

ExcInfo = Any
"""What ``sys.exc_info()`` gives, or ``None``."""

Write = Callable[[bytes], Any]


class StartResponse(Protocol):
    """Begins the response; gives the ``write`` callable."""

    def __call__(self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo = None, /) -> Write:
        """Begin the response."""
        ...


App = Callable[[Environ, StartResponse], Iterable[bytes]]

# What is wrapped is called as before.
P = ParamSpec("P")
AnIterable = TypeVar("AnIterable", bound=Iterable[bytes])


@final
class NoSuchOption:
    """Nothing is one: any keyword argument of this type is a mistake, and a type checker says why by this name."""
