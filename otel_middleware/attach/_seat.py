"""Where a server takes the application that it will serve."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

from wrapt import FunctionWrapper, register_post_import_hook, wrap_function_wrapper

from otel_middleware.attach._wrapping import Wrapping

__all__ = ["Seat", "afterwards", "argument"]

_log = logging.getLogger("otel_middleware")

Around = Callable[[Wrapping], Callable[[Any, Any, Any, Any], Any]]
"""Given how to wrap an application, what is called in place of the server's function: ``(wrapped, instance, args, kwargs)``."""


class Seat(NamedTuple):
    """A function of a server's through which its application goes.

    Args:
        module: The server's module. Nothing is imported: the seat is taken when the server's own code imports it.
        function: Its name in the module, ``Class.method`` or ``function``.
        around: What is called in its place.
    """

    module: str
    function: str
    around: Around

    def take(self, wrapping: Wrapping) -> None:
        """Put *wrapping* on the function, now or when the module is imported."""

        def imported(module: Any) -> None:
            if not wrapping.active:
                return
            try:
                wrap_function_wrapper(module, self.function, self.around(wrapping))
            except AttributeError:
                _log.warning("%s has no %s: what it serves is not instrumented", self.module, self.function)

        register_post_import_hook(imported, self.module)

    def leave(self) -> None:
        """Give the server its own function back."""
        owner: Any = sys.modules.get(self.module)
        *classes, name = self.function.split(".")
        for each in classes:
            owner = getattr(owner, each, None)
        function = getattr(owner, "__dict__", {}).get(name)
        if isinstance(function, FunctionWrapper):
            setattr(owner, name, function.__wrapped__)


def argument(protocol: str, position: int, name: str) -> Around:
    """Return what wraps the application where it is an argument of the function.

    Args:
        protocol: ``asgi`` or ``wsgi``.
        position: Its place, 0 the first after ``self``.
        name: Its name.
    """

    def around(wrapping: Wrapping) -> Callable[[Any, Any, Any, Any], Any]:
        def called(wrapped: Any, _instance: Any, args: Any, kwargs: Any) -> Any:
            if name in kwargs:
                kwargs = {**kwargs, name: wrapping(kwargs[name], protocol)}
            elif len(args) > position:
                args = (*args[:position], wrapping(args[position], protocol), *args[position + 1 :])
            return wrapped(*args, **kwargs)

        return called

    return around


def afterwards(seated: Callable[[Wrapping, Any, Any], None]) -> Around:
    """Return what wraps the application where the function has left it.

    Args:
        seated: Called with the wrapping, the instance and the result. What it raises is logged, and the server goes on.
    """

    def around(wrapping: Wrapping) -> Callable[[Any, Any, Any, Any], Any]:
        def called(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
            result = wrapped(*args, **kwargs)
            try:
                seated(wrapping, instance, result)
            except Exception as error:  # noqa: BLE001 - a server that changed its ways serves without us
                _log.warning("otel_middleware is not attached to %s: %r", seated.__module__.rpartition(".")[2], error)
            return result

        return called

    return around
