"""Pyramid: nothing is told; its routes are asked. Views found by traversal have no template."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_middleware.frameworks._environ import mounted_at
from otel_middleware.frameworks._finding import is_a
from otel_middleware.frameworks._framework import Asked, Framework

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["FRAMEWORK"]


def _recognises(app: Any) -> bool:
    return is_a(app, "pyramid.Router")


def _route_of(app: Any, environ: Mapping[str, Any], asked: Asked, body: Any) -> str | None:
    if body is not None or app.routes_mapper is None:
        return None
    # Pyramid tells nothing outside its request. Predicates want one: a second, on a copy, to leave the environ alone.
    request = app.request_context(dict(environ)).request
    try:
        route = app.routes_mapper(request)["route"]
    except UnicodeError:  # a path that is no UTF-8 matches no route
        return None
    if route is None:
        return None
    return f"{mounted_at(environ, asked)}/{route.pattern.removeprefix('/')}"


def _listed(app: Any) -> Iterator[str]:
    for route in app.routes_mapper.get_routes() if app.routes_mapper is not None else ():
        yield f"/{route.pattern.removeprefix('/')}"


FRAMEWORK = Framework("Pyramid", _recognises, _route_of, listed=_listed)
