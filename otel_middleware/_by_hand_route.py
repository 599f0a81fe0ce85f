"""Which route a request took that has no exchange: asked of a table, a framework or a learner, and said to its span."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_middleware._default_sanitizer import default_sanitizer
from otel_middleware._guard import guarded
from otel_middleware._route_sources import DECLARED, FRAMEWORK, INFERRED, outranked
from otel_middleware._said_template import said_template
from otel_middleware.frameworks import Asked

if TYPE_CHECKING:
    from otel_middleware._by_hand import CurrentSpan
    from otel_middleware.routing.resolution import Routes

__all__ = ["ask", "declare", "infer", "shown_template"]


def declare(current: CurrentSpan, routes: Routes, path: str, carrier: Any) -> bool:
    """Name the request by a declared template; whether there is one."""
    template = guarded("looking for a route", routes.declared, path, current.request.method, carrier, shown_template)
    if template is not None:
        current.set_route(template, DECLARED, routes.methods.in_name)
    return template is not None


def ask(current: CurrentSpan, routes: Routes, root: str, path: str, carrier: Any, body: Any = None) -> bool:
    """Name the request by what the framework tells; whether it is told, or something better was before."""
    if not outranked(current.source, FRAMEWORK):
        return True
    asked = Asked(current.kind, current.request, path, root)
    template = routes.answer(carrier, asked, body)
    if template and _has_secret(current.request.path):  # an unknown prefix is a part of the path
        template = shown_template(template)
    if template:
        current.set_route(template, FRAMEWORK, routes.methods.in_name)
    return bool(template)


def _has_secret(path: str) -> bool:
    return default_sanitizer().path(path) != path


def infer(current: CurrentSpan, routes: Routes, path: str, status: int | None) -> None:
    """Name the request by what others like it taught, else by its method alone: a path is no name.

    Args:
        current: The span; nobody has named it better.
        routes: The sources of the layer.
        path: The decoded path below the root path.
        status: What was answered; ``None`` teaches nothing.
    """
    whole = current.request.path
    template = routes.inferred(default_sanitizer().path(whole), status)
    if template:
        current.set_route(template, INFERRED, routes.methods.in_name)
    elif current.source is None:
        current.forget_path({path, whole}, routes.methods.in_name)


def shown_template(template: Any) -> str | None:
    """By the default sanitizer: by hand nobody gave one, and names are shown."""
    return said_template(template, default_sanitizer().path)
