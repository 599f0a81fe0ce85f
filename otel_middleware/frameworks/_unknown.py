"""Applications that could not be recognised, behind a wrapper that hides them say: what their router left in the carrier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_middleware.frameworks import starlette
from otel_middleware.frameworks._environ import mounted_at
from otel_middleware.frameworks._fastapi_includes import effective
from otel_middleware.frameworks._framework import Asked, Framework, Onward
from otel_middleware.frameworks._recording import RecordingScope

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ASGI", "RECORDED", "WSGI"]


def _recognises(_app: Any) -> bool:
    """Every application: stands behind all that know theirs."""
    return True


def _told_by_scope(_app: Any, scope: Mapping[str, Any], asked: Asked, _body: Any) -> str | Onward | None:
    """Litestar's, Lilya's and Starlette's keys; the latter's only where no mount took off a part of the path."""
    template = scope.get("path_template") or scope.get("route_path_template")
    route = scope.get("route")
    if template is None and scope.get("root_path", "") == asked.root_path and hasattr(route, "endpoint"):
        template = getattr(effective(route, scope), "path_format", None)
    return template if isinstance(template, str) else None


def _told_by_recording(app: Any, scope: Mapping[str, Any], asked: Asked, body: Any) -> str | Onward | None:
    """The same, and what a Starlette or FastAPI among several applications told the recording scope."""
    if isinstance(scope, RecordingScope) and scope.hops:
        return starlette.told(app, scope, asked)
    return _told_by_scope(app, scope, asked, body)


def _told_by_environ(_app: Any, environ: Mapping[str, Any], asked: Asked, _body: Any) -> str | None:
    """Flask's and Bottle's keys."""
    rule = getattr(environ.get("werkzeug.request"), "url_rule", None) or environ.get("bottle.route")
    template = getattr(rule, "rule", None)
    return mounted_at(environ, asked) + template if isinstance(template, str) else None


ASGI = Framework("unknown", _recognises, _told_by_scope)
RECORDED = Framework("unknown", _recognises, _told_by_recording, starlette.taken, records=True)
"""Several applications in one function, of which some need a recording scope."""
WSGI = Framework("unknown", _recognises, _told_by_environ)
