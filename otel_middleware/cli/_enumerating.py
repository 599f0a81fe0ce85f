"""The routes that a framework's application lists by itself. Recognised by class names; nothing of a framework is imported."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from otel_middleware._same import Same
from otel_middleware.frameworks._finding import is_a, reached_from
from otel_middleware.frameworks._leads import is_mount, leads_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["enumerated"]

_TAIL = "/{path}"
"""What Starlette adds to a mount's path."""
_DEEPEST = 16  # mounts inside of mounts


def enumerated(app: Any) -> list[str] | None:
    """Return the templates of *app* as its framework spells them, each once; ``None`` when nobody there lists routes."""
    for candidate in reached_from(app):
        for names, listed in _LISTS:
            if is_a(candidate, *names):
                return list(dict.fromkeys(template for template in listed(candidate) if template))
    return None


def _starlette(app: Any, prefix: str = "", depth: int = 0) -> Iterator[str]:
    leads = leads_of(Same(app))
    for route in leads.routes() if leads is not None and depth < _DEEPEST else ():
        path = prefix + str(getattr(route, "path_format", getattr(route, "path", "")))
        if not is_mount(route):
            yield path
            continue
        mounted = path.removesuffix(_TAIL)
        below = list(_starlette(route.app, mounted, depth + 1)) or _behind(route.app, mounted)
        yield from below or [mounted + _TAIL]


def _behind(app: Any, prefix: str) -> list[str]:
    """Return the routes of another framework's application below *prefix*."""
    return [prefix + template for template in enumerated(app) or ()]


def _werkzeug(app: Any) -> Iterator[str]:
    yield from (str(rule.rule) for rule in app.url_map.iter_rules())


def _django(_app: Any) -> Iterator[str]:
    urls: Any = sys.modules["django.urls"]

    def below(patterns: Any, prefix: str) -> Iterator[str]:
        for each in patterns:
            path = prefix + str(each.pattern)
            yield from below(each.url_patterns, path) if hasattr(each, "url_patterns") else [path]

    yield from below(urls.get_resolver().url_patterns, "/")


def _litestar(app: Any) -> Iterator[str]:
    yield from (str(getattr(route, "path_format", route.path)) for route in app.routes)


def _bottle(app: Any) -> Iterator[str]:
    for route in app.routes:
        target = route.config.get("mountpoint.target")
        prefix = str(route.config.get("mountpoint.prefix", "")).rstrip("/")
        yield from [str(route.rule)] if target is None else _behind(target, prefix) or [str(route.rule)]


def _falcon(app: Any) -> Iterator[str]:
    waiting = list(app._router._roots)  # noqa: SLF001 - Falcon offers no public way to its router
    while waiting:
        node = waiting.pop(0)
        if node.resource is not None:
            yield str(node.uri_template)
        waiting += node.children


def _pyramid(app: Any) -> Iterator[str]:
    for route in app.routes_mapper.get_routes() if app.routes_mapper is not None else ():
        yield f"/{route.pattern.removeprefix('/')}"


def _sanic(app: Any) -> Iterator[str]:
    yield from (f"/{route.path.removeprefix('/')}" for route in app.router.routes)


_LISTS: tuple[tuple[tuple[str, ...], Callable[[Any], Iterator[str]]], ...] = (
    (("starlette.Starlette", "starlette.Router"), _starlette),
    (("flask.Flask", "quart.Quart"), _werkzeug),
    (("django.WSGIHandler", "django.ASGIHandler"), _django),
    (("litestar.Litestar",), _litestar),
    (("bottle.Bottle",), _bottle),
    (("falcon.App", "falcon.API"), _falcon),
    (("pyramid.Router",), _pyramid),
    (("sanic.Sanic",), _sanic),
)
