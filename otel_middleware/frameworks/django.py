"""Django: told by the request that its response belongs to; its URL resolver is asked where there is none."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from otel_middleware.frameworks._environ import mounted_at, path_below
from otel_middleware.frameworks._finding import is_a
from otel_middleware.frameworks._framework import Asked, Framework

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["FRAMEWORK", "listed", "resolved"]


def resolved(path: str) -> str | None:
    """What Django's resolver finds for a decoded *path* below the mount, where Django itself does not tell.

    In the URLconf and language that are active in this thread or task, which may be others than the request's. ``None``
    for a 404.
    """
    urls: Any = sys.modules["django.urls"]
    try:
        return f"/{urls.resolve(path or '/').route}"
    except urls.Resolver404:
        return None


def listed(_app: Any) -> Iterator[str]:
    """The routes of the URL configuration, those that it includes behind their prefix."""
    urls: Any = sys.modules["django.urls"]

    def below(patterns: Any, prefix: str) -> Iterator[str]:
        for each in patterns:
            path = prefix + str(each.pattern)
            yield from below(each.url_patterns, path) if hasattr(each, "url_patterns") else [path]

    yield from below(urls.get_resolver().url_patterns, "/")


def _recognises(app: Any) -> bool:
    return is_a(app, "django.WSGIHandler")


def _route_of(_app: Any, environ: Mapping[str, Any], asked: Asked, body: Any) -> str | None:
    if body is None and _to_come(environ):
        return None
    request = _request_of(body)
    route = resolved(path_below(environ)) if request is None else _route_of_request(request)
    return None if route is None else mounted_at(environ, asked) + route


def _route_of_request(request: Any) -> str | None:
    """What Django resolved for its own *request*; ``None`` when it resolved nothing, as for a 404 or a redirect."""
    return None if request.resolver_match is None else f"/{request.resolver_match.route}"


def _to_come(environ: Mapping[str, Any]) -> bool:
    """Whether the response object, which knows the request that knows the route, is still to be returned.

    It never is when Django raises, and is not seen where an ASGI framework mounts Django: no server made that environ.
    """
    return "wsgi.version" in environ and sys.exc_info()[1] is None


def _request_of(body: Any) -> Any:
    """The request of the response that *body* is, or streams: Django leaves the request's ``close`` with it."""
    for response in _behind(body):
        for closer in getattr(response, "_resource_closers", ()):
            owner = getattr(closer, "__self__", None)
            if hasattr(owner, "resolver_match"):
                return owner
    return None


def _behind(body: Any) -> Iterator[Any]:
    # A server's file wrapper keeps the file, or its close(), and there Django has put the close() of its response.
    yield body
    for closable in (body, getattr(body, "file", None), getattr(body, "filelike", None)):
        yield getattr(getattr(closable, "close", None), "__self__", None)


FRAMEWORK = Framework("Django", _recognises, _route_of, listed=listed)
