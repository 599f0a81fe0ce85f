"""Bottle: told in the environ; its router is asked where that is not the one that was watched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_middleware.frameworks._environ import handed_to, mounted_at, path_below
from otel_middleware.frameworks._finding import is_a
from otel_middleware.frameworks._framework import Asked, Framework, Onward
from otel_middleware.frameworks._listing import enumerated_below

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["FRAMEWORK"]

_ROUTE = "bottle.route"


def _recognises(app: Any) -> bool:
    return is_a(app, "bottle.Bottle")


def _route_of(app: Any, environ: Mapping[str, Any], asked: Asked, _body: Any) -> str | Onward | None:
    route = environ.get(_ROUTE) if "bottle.app" in environ else _matched(app, environ)
    if route is None:
        return None
    own = route.app is app or route in app.routes
    if own and "mountpoint.target" not in route.config:
        return f"{mounted_at(environ, asked)}{route.rule}"
    return _mounted(app, {**environ, _ROUTE: None if own else route}, asked)


def _matched(app: Any, environ: Mapping[str, Any]) -> Any:
    try:
        route, _ = app.router.match({"REQUEST_METHOD": environ["REQUEST_METHOD"], "PATH_INFO": path_below(environ)})
    except Exception as refusal:
        if is_a(refusal, "bottle.HTTPError"):  # the router's answer, not a failure
            return None
        raise
    return route


def _mounted(app: Any, environ: Mapping[str, Any], asked: Asked) -> Onward | None:
    """Onward to the application mounted as plain WSGI: the told route was the mount's, or is that application's own.

    Bottle has put the environ's path back by now. (A Bottle that is mounted with a trailing slash copies its routes,
    prefix included, and needs nothing of this.)
    """
    before = mounted_at(environ, asked)
    for route in app.routes:
        prefix = before + str(route.config.get("mountpoint.prefix", "")).rstrip("/")
        if prefix != before and f"{asked.path}/".startswith(f"{prefix}/"):
            return handed_to(route.config["mountpoint.target"], environ, asked, prefix, before + route.rule)
    return None


def _listed(app: Any) -> Iterator[str]:
    for route in app.routes:
        target = route.config.get("mountpoint.target")
        prefix = str(route.config.get("mountpoint.prefix", "")).rstrip("/")
        yield from [str(route.rule)] if target is None else enumerated_below(target, prefix) or [str(route.rule)]


FRAMEWORK = Framework("Bottle", _recognises, _route_of, listed=_listed)
