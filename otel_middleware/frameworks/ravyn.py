"""Ravyn, and Lilya on which it is built: told in the scope; what an Include leads to is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_middleware.frameworks._finding import is_a
from otel_middleware.frameworks._framework import Asked, Framework, Onward, spelled_rest

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FRAMEWORK"]


def _recognises(app: Any) -> bool:
    """Whether *app* is an application of Ravyn or Lilya."""
    return is_a(app, "ravyn.Application", "lilya.Lilya", "lilya.BaseLilya")


def _route_of(_app: Any, scope: Any, asked: Asked, _body: Any) -> str | Onward | None:
    """``route_path_template``; below an Include the routers write to copies of the scope."""
    route = scope.get("route")
    if route is None or not _leads_on(route):
        template: str | None = scope.get("route_path_template")
        return template
    return _searched(route, scope, asked, "")


def _searched(route: Any, scope: Mapping[str, Any], asked: Asked, prefix: str) -> str | Onward | None:
    match, found = route.search(scope)
    if match.name != "FULL":
        return None
    if not _leads_on(route):
        return prefix + str(route.path)
    if not is_a(route, "lilya.Host"):
        prefix += str(route.path).rstrip("/")
    below = {**scope, **found}
    inside = [inner for inner in route.routes if is_a(inner, "lilya.BasePath")]
    if not inside:
        return _onward(route.app, below, asked, prefix)
    searched = (_searched(inner, below, asked, prefix) for inner in inside)
    return next((template for template in searched if template is not None), None)


def _onward(app: Any, scope: Mapping[str, Any], asked: Asked, prefix: str) -> Onward:
    root_path = str(scope.get("root_path", ""))
    path = str(scope["path"]).removeprefix(root_path)
    below = asked._replace(path=path, root_path=root_path)
    return Onward(app, scope, below, prefix, prefix + spelled_rest(below, "/{path:path}"))


def _leads_on(route: Any) -> bool:
    return is_a(route, "lilya.Include", "lilya.Host")


FRAMEWORK = Framework("Ravyn", _recognises, _route_of)
