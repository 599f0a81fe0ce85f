"""Starlette: routes told in a recording scope, mounts and all; its router is asked where a middleware hid the scope."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_middleware._same import Same
from otel_middleware.frameworks._fastapi_includes import effective, frontend
from otel_middleware.frameworks._finding import is_a
from otel_middleware.frameworks._framework import Asked, Framework, Onward, spelled_rest
from otel_middleware.frameworks._listing import enumerated_below
from otel_middleware.frameworks._recording import RecordingScope
from otel_middleware.frameworks._starlette_leads import is_mount, leads_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from otel_middleware.frameworks._recording import Hop

__all__ = ["FRAMEWORK", "asked_of", "listed", "route_of", "taken", "told"]

_TAIL = "/{path}"
"""What Starlette adds to a mount's path."""

_DEEPEST = 16  # mounts inside of mounts


def _recognises(app: Any) -> bool:
    """Whether *app* is a Starlette application or one of its routers: a stack inside its ``middleware=`` ends in the latter."""
    return is_a(app, "starlette.Starlette", "starlette.Router")


def route_of(app: Any, scope: Any, asked: Asked, _body: Any) -> str | Onward | None:
    """The full template, from what the routers wrote; from the router itself when it saw another scope than ours."""
    if isinstance(scope, RecordingScope) and (scope.hops or scope.routed):
        return told(app, scope, asked)
    leads = leads_of(Same(app))
    return None if leads is None else asked_of(leads.routes(), scope, asked, getattr(app, "root_path", ""))


def asked_of(routes: Iterable[Any], scope: Mapping[str, Any], asked: Asked, root_path: str = "") -> str | Onward | None:
    """The full template that these routes find for the request as it was; convertors run."""
    return _asked(routes, {**scope, "path": asked.path, "root_path": root_path}, asked, "")


def told(app: Any, scope: RecordingScope, asked: Asked) -> str | Onward | None:
    """The full template from what the routers wrote; *app* finds a route that none of them told."""
    walked = _walked(app, scope)
    if walked is None:
        return None
    prefix, leaf, where = walked
    if leaf is None:
        leaf = frontend(scope)
    if leaf is not None:
        return prefix + str(leaf)
    if where is app or leads_of(Same(where)) is not None:
        return None  # a router of ours knew no route
    return _onward(where, scope, asked, prefix)


def taken(app: Any, scope: Any, asked: Asked) -> str | None:
    """The template of what mounts have taken off the path so far, or ``None``."""
    if isinstance(scope, RecordingScope) and scope.hops:
        walked = _walked(app, scope)
        return None if walked is None else walked[0]
    onward = route_of(app, scope, asked, None)
    return onward.prefix if isinstance(onward, Onward) else None


def listed(app: Any) -> Iterator[str]:
    """The paths of all routes, those of mounted applications behind the path of their mount."""
    return _listed_below(app, "", 0)


def _listed_below(app: Any, prefix: str, depth: int) -> Iterator[str]:
    leads = leads_of(Same(app))
    for route in leads.routes() if leads is not None and depth < _DEEPEST else ():
        path = prefix + str(getattr(route, "path_format", getattr(route, "path", "")))
        if not is_mount(route):
            yield path
            continue
        mounted = path.removesuffix(_TAIL)
        below = list(_listed_below(route.app, mounted, depth + 1)) or enumerated_below(route.app, mounted)
        yield from below or [mounted + _TAIL]


def _walked(app: Any, scope: RecordingScope) -> tuple[str, str | None, Any] | None:
    """Where the routers went: the prefix of all mounts, the route's template behind them, and the last mount's application."""
    prefix, leaf, where = "", None, app
    for hop in scope.hops:
        route = hop.route if hop.route is not None else _identified(where, hop, scope)
        if route is None:
            return None
        if is_mount(route):
            prefix, leaf, where = prefix + _prefix_of(route), None, route.app
        else:
            leaf = getattr(effective(route, scope), "path_format", None)
    return prefix, leaf, where


def _asked(routes: Iterable[Any], scope: Mapping[str, Any], asked: Asked, prefix: str) -> str | Onward | None:
    partial = None
    for route in routes:
        match, found = route.matches(scope)
        if match.name == "FULL":
            if not is_mount(route):
                return prefix + str(route.path_format)
            below = prefix + _prefix_of(route)
            leads = leads_of(Same(route.app))
            if leads is None:
                return _onward(route.app, {**scope, **found}, asked, below)
            return _asked(leads.routes(), {**scope, **found}, asked, below)
        if match.name == "PARTIAL" and partial is None:
            partial = prefix + str(route.path_format)
    return partial


def _onward(app: Any, scope: Mapping[str, Any], asked: Asked, prefix: str) -> Onward:
    root_path = str(scope.get("root_path", ""))
    below = asked._replace(path=str(scope["path"]).removeprefix(root_path), root_path=root_path)
    return Onward(app, scope, below, prefix, prefix + spelled_rest(below, _TAIL))


def _identified(where: Any, hop: Hop, scope: Mapping[str, Any]) -> Any:
    """The route that leads to the hop's endpoint: by identity, and by the pattern where several do. No convertor is called."""
    leads = leads_of(Same(where))
    leading = [] if leads is None else leads.to(hop.endpoint)
    if len(leading) == 1:
        return leading[0]
    path = str(scope["path"]).removeprefix(str(hop.root_path))
    fitting = [route for route in leading if route.path_regex.match(path)]
    return next((route for route in fitting if _answers(route, scope.get("method"))), fitting[0] if fitting else None)


def _answers(route: Any, method: str | None) -> bool:
    methods = getattr(route, "methods", None)
    return not methods or method in methods


def _prefix_of(mount: Any) -> str:
    return "" if hasattr(mount, "host") else str(mount.path_format).removesuffix(_TAIL)


FRAMEWORK = Framework("Starlette", _recognises, route_of, taken, records=True, listed=listed)
