"""CherryPy: objects instead of routes, told by the current request; their names, then those of the handler's parameters."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from otel_middleware.frameworks._cherrypy_path import fits, parameters, walked
from otel_middleware.frameworks._environ import handed_to
from otel_middleware.frameworks._finding import is_a
from otel_middleware.frameworks._framework import Asked, Framework, Onward

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FRAMEWORK"]

_APPLICATIONS = ("cherrypy.Application", "cherrypy.CPWSGIApp")
_TREE = "cherrypy.Tree"


def _recognises(app: Any) -> bool:
    return is_a(app, *_APPLICATIONS, _TREE)


def _route_of(app: Any, environ: Mapping[str, Any], asked: Asked, body: Any) -> str | Onward | None:
    serving: Any = sys.modules["cherrypy"].serving
    if body is not None:  # the request is gone by now
        return None
    # The dispatcher found a handler, and these are what is left of the path for it.
    if hasattr(serving.request, "args"):
        template = _template(serving.request, missing=str(serving.response.status).startswith("404"))
        return template and _below(asked.root_path, template)
    return _grafted(app, environ, asked) if is_a(app, _TREE) else None


def _template(request: Any, *, missing: bool) -> str | None:
    dispatcher = request.app.find_config(request.path_info, "request.dispatch", request.dispatch)
    if is_a(dispatcher, "cherrypy.RoutesDispatcher"):
        return f"{request.script_name}{dispatcher.mapper.routematch(request.path_info)[1].routepath}"
    if not is_a(dispatcher, "cherrypy.Dispatcher"):
        return None
    segments = [segment for segment in request.path_info.split("/") if segment]
    values = len(request.args)
    names, function = walked(request, dispatcher, segments[: max(0, len(segments) - values)])
    # CherryPy's answer to left-over segments that the handler does not take.
    if missing and not fits(function, request):
        return None
    return f"{request.script_name}/{'/'.join((*names, *parameters(function, values)))}"


def _below(root_path: str, template: str) -> str:
    """Without the root path that the server gave: CherryPy's ``script_name`` holds both it and the mount."""
    return template[len(root_path) :] if template.startswith(f"{root_path}/") else template


def _grafted(tree: Any, environ: Mapping[str, Any], asked: Asked) -> Onward | None:
    """The WSGI application of another kind that the tree handed the request to."""
    name = tree.script_name(asked.root_path + asked.path)
    app = tree.apps.get(name)
    if app is None or is_a(app, *_APPLICATIONS) or not name.startswith(asked.root_path):
        return None
    return handed_to(app, environ, asked, name[len(asked.root_path) :])


FRAMEWORK = Framework("CherryPy", _recognises, _route_of)
