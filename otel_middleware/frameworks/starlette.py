"""Starlette: routes told in a recording scope, mounts and all; its router is asked where a middleware hid the scope."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_middleware.frameworks._finding import is_a, reached_from
from otel_middleware.frameworks._framework import Asked, Framework, Onward, spelled_rest
from otel_middleware.frameworks._includes import effective, flattened
from otel_middleware.frameworks._recording import RecordingScope

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from otel_middleware.frameworks._recording import Hop

__all__ = ["FRAMEWORK", "asked_of", "recognises", "route_of"]

_TAIL = "/{path}"
"""What Starlette adds to a mount's path."""


def recognises(app: Any) -> bool:
    """Whether *app* is a Starlette application or one of its routers: a stack inside its ``middleware=`` ends in the latter."""
    return is_a(app, "starlette.Starlette", "starlette.Router")


def route_of(app: Any, scope: Any, asked: Asked, _body: Any) -> str | Onward | None:
    """The full template, from what the routers wrote; from the router itself when it saw another scope than ours."""
    if isinstance(scope, RecordingScope) and (scope.hops or scope.routed):
        return _told(app, scope, asked)
    return asked_of(_routes_of(app), scope, asked, getattr(app, "root_path", ""))


def asked_of(routes: Iterable[Any], scope: Mapping[str, Any], asked: Asked, root_path: str = "") -> str | Onward | None:
    """The full template that these routes find for the request as it was; convertors run."""
    return _asked(routes, {**scope, "path": asked.path, "root_path": root_path}, asked, "")


def _told(app: Any, scope: RecordingScope, asked: Asked) -> str | Onward | None:
    prefix, leaf, where = "", None, app
    for hop in scope.hops:
        route = hop.route if hop.route is not None else _identified(where, hop, scope)
        if route is None:
            return None
        if _is_mount(route):
            prefix, leaf, where = prefix + _prefix_of(route), None, route.app
        else:
            leaf = getattr(effective(route, scope), "path_format", None)
    if leaf is not None:
        return prefix + leaf
    return _onward(where, scope, asked, prefix) if where is not app else None


def _asked(routes: Iterable[Any], scope: Mapping[str, Any], asked: Asked, prefix: str) -> str | Onward | None:
    partial = None
    for route in routes:
        match, found = route.matches(scope)
        if match.name == "FULL":
            if not _is_mount(route):
                return prefix + str(route.path_format)
            below = prefix + _prefix_of(route)
            if _has_routes(route.app):
                return _asked(_routes_of(route.app), {**scope, **found}, asked, below)
            return _onward(route.app, {**scope, **found}, asked, below)
        if match.name == "PARTIAL" and partial is None:
            partial = prefix + str(route.path_format)
    return partial


def _onward(app: Any, scope: Mapping[str, Any], asked: Asked, prefix: str) -> Onward | None:
    """The rest of the path is the mounted application's, unless it is one of ours, whose router knew no route."""
    if _has_routes(app):
        return None
    root_path = str(scope.get("root_path", ""))
    path = str(scope["path"]).removeprefix(root_path)
    below = asked._replace(path=path, root_path=root_path)
    return Onward(app, scope, below, prefix, prefix + spelled_rest(below, _TAIL))


def _identified(where: Any, hop: Hop, scope: Mapping[str, Any]) -> Any:
    """The route that leads to the hop's endpoint: by identity, and by the pattern where several do. No convertor is called."""
    leading = [route for route in _routes_of(where) if _leads_to(route, hop.endpoint)]
    if len(leading) == 1:
        return leading[0]
    path = str(scope["path"]).removeprefix(hop.root_path)
    fitting = [route for route in leading if route.path_regex.match(path)]
    return next((route for route in fitting if _answers(route, scope.get("method"))), fitting[0] if fitting else None)


def _leads_to(route: Any, endpoint: Any) -> bool:
    return getattr(route, "app" if _is_mount(route) else "endpoint", None) is endpoint


def _answers(route: Any, method: str | None) -> bool:
    methods = getattr(route, "methods", None)
    return not methods or method in methods


def _is_mount(route: Any) -> bool:
    """Whether *route* is a ``Mount`` or a ``Host``: both lead to an application and have no endpoint."""
    return not hasattr(route, "endpoint") and hasattr(route, "app")


def _prefix_of(mount: Any) -> str:
    return "" if hasattr(mount, "host") else str(mount.path_format).removesuffix(_TAIL)


def _has_routes(app: Any) -> bool:
    return any(recognises(candidate) for candidate in reached_from(app))


def _routes_of(app: Any) -> Iterator[Any]:
    for candidate in reached_from(app):
        if recognises(candidate):
            return flattened(candidate.routes)
    return iter(())


FRAMEWORK = Framework("Starlette", recognises, route_of, records=True)
