"""Sanic, served by ASGI: told by the current request; its router is asked where that is not the one that was watched."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from otel_middleware.frameworks._finding import is_a
from otel_middleware.frameworks._framework import Asked, Framework

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FRAMEWORK"]


def _recognises(app: Any) -> bool:
    """Whether *app* is a Sanic application."""
    return is_a(app, "sanic.Sanic")


def _route_of(app: Any, scope: Any, asked: Asked, _body: Any) -> str | None:
    """``uri_template`` of the request in whose context this runs."""
    request = _current()
    if request is not None and request.scope is scope:
        template: str | None = request.uri_template
        return template
    try:
        route = app.router.get(asked.root_path + asked.path, asked.method, asked.host)[0]
    except Exception as refused:
        if getattr(refused, "status_code", None) in (404, 405):
            return None
        raise
    return f"/{route.path}"


def _current() -> Any:
    current = getattr(getattr(sys.modules.get("sanic"), "Request", None), "_current", None)
    return None if current is None else current.get(None)


def _listed(app: Any) -> Iterator[str]:
    yield from (f"/{route.path.removeprefix('/')}" for route in app.router.routes)


FRAMEWORK = Framework("Sanic", _recognises, _route_of, whole=True, listed=_listed)
