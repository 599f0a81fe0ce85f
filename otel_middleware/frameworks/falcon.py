"""Falcon: nothing is told; its router is asked. Sinks and static routes have no template."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_middleware.frameworks._environ import mounted_at, path_below
from otel_middleware.frameworks._finding import is_a
from otel_middleware.frameworks._framework import Asked, Framework

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["FRAMEWORK", "listed", "recognises", "template_at"]

_TEMPLATE = 3
"""Where a router's ``find()`` puts the template: after resource, method map and fields. Old routers end there."""


def recognises(app: Any) -> bool:
    """Whether *app* is a Falcon application, WSGI or ASGI."""
    return is_a(app, "falcon.App", "falcon.API")


def template_at(app: Any, path: str) -> str | None:
    """The template that the application's router finds for a decoded *path*, for any method; ``None`` for a 404."""
    path = path or "/"
    if app.req_options.strip_url_path_trailing_slash and path != "/":
        path = path.removesuffix("/")
    found = app._router.find(path)  # noqa: SLF001 - Falcon offers no public way to its router
    return found[_TEMPLATE] if found is not None and len(found) > _TEMPLATE else None


def listed(app: Any) -> Iterator[str]:
    """The URI templates of all resources."""
    waiting = list(app._router._roots)  # noqa: SLF001 - Falcon offers no public way to its router
    while waiting:
        node = waiting.pop(0)
        if node.resource is not None:
            yield str(node.uri_template)
        waiting += node.children


def _route_of(app: Any, environ: Mapping[str, Any], asked: Asked, body: Any) -> str | None:
    if body is not None:
        return None
    template = template_at(app, path_below(environ))
    return None if template is None else mounted_at(environ, asked) + template


FRAMEWORK = Framework("Falcon", recognises, _route_of, listed=listed)
