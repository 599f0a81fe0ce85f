"""Litestar: told in the scope."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_middleware.frameworks._finding import is_a
from otel_middleware.frameworks._framework import Asked, Framework, Onward, spelled_rest

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FRAMEWORK"]


def _recognises(app: Any) -> bool:
    """Whether *app* is a Litestar application."""
    return is_a(app, "litestar.Litestar")


def _route_of(_app: Any, scope: Any, asked: Asked, _body: Any) -> str | Onward | None:
    """``path_template``; empty for a mount, which takes a fixed prefix off the path and leads to another application."""
    template = scope.get("path_template")
    handler = scope.get("route_handler")
    if template or handler is None:
        return template or None
    rest = str(scope["path"])
    prefix = asked.path.rstrip("/").removesuffix(rest.rstrip("/"))
    below = asked._replace(path=rest, root_path=asked.root_path + prefix)
    return Onward(getattr(handler, "fn", handler), scope, below, prefix, prefix + spelled_rest(below, "/{path}"))


def _listed(app: Any) -> Iterator[str]:
    yield from (str(getattr(route, "path_format", route.path)) for route in app.routes)


FRAMEWORK = Framework("Litestar", _recognises, _route_of, listed=_listed)
