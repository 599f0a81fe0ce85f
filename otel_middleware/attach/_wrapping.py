"""Putting our stack around the application that a server is about to serve."""

from __future__ import annotations

import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from otel_middleware._neighbours import is_ours, others_on
from otel_middleware.frameworks import asgi_router, wsgi_router
from otel_middleware.frameworks._finding import reached_from

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Attached", "Wrapping"]

_log = logging.getLogger("otel_middleware")


class Wrapping:
    """Wraps applications, each once, and never raises: a server that cannot have our stack serves without it.

    Args:
        options: Keyword arguments of ``instrument``.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.active = True
        """Whether applications are wrapped, and those that were are traced."""
        self._options = options
        self._made: WeakValueDictionary[int, Attached] = WeakValueDictionary()
        self._said: set[str] = set()

    def __call__(self, app: Any, protocol: str) -> Any:
        """Return *app* inside our stack; *app* itself where somebody instruments it already, or where it cannot be.

        Args:
            app: What a server is about to serve. The same one gets the same stack: a server may have several sockets.
            protocol: ``asgi`` or ``wsgi``, as the server calls it.
        """
        if not self.active or not callable(app):
            return app
        try:
            return self._attached(app, protocol)
        except Exception as error:  # noqa: BLE001 - whatever it is, the application is served
            self._say(f"otel_middleware is not attached, the application is served without it: {error}")
            return app

    def _attached(self, app: Any, protocol: str) -> Any:
        reached = list(reached_from(app))
        if any(is_ours(each) or _is_exposition(each) for each in reached):
            return app
        framework = (asgi_router if protocol == "asgi" else wsgi_router)(app).name
        others = others_on(reached, framework)
        if others:
            self._say(f"{others} already: otel_middleware leaves it alone")
            return app
        made = self._made.get(id(app))
        if made is None:
            stack = import_module(f"otel_middleware.{protocol}").instrument(app, **self._options)
            made = self._made[id(app)] = _KINDS[protocol](self, app, stack)
        return made

    def _say(self, sentence: str) -> None:
        if sentence not in self._said:
            self._said.add(sentence)
            _log.warning("%s", sentence)


class Attached:
    """An application and its stack: the stack is called until the instrumentor is taken off."""

    def __init__(self, wrapping: Wrapping, app: Any, stack: Any) -> None:
        self.wrapping = wrapping
        self.app = app
        self.stack = stack


class _Asgi(Attached):
    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        return await (self.stack if self.wrapping.active else self.app)(scope, receive, send)


class _Wsgi(Attached):
    def __call__(self, environ: Any, start_response: Any) -> Any:
        return (self.stack if self.wrapping.active else self.app)(environ, start_response)


_KINDS: dict[str, type[_Asgi | _Wsgi]] = {"asgi": _Asgi, "wsgi": _Wsgi}


def _is_exposition(candidate: Any) -> bool:
    """Whether *candidate* is prometheus_client's: the page that is scraped, on a server and a port of its own."""
    return str(getattr(candidate, "__module__", "")).startswith("prometheus_client.")
