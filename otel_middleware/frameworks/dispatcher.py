"""Werkzeug's ``DispatcherMiddleware``: an application for each prefix."""

from __future__ import annotations

from typing import Any

from otel_middleware.frameworks._framework import Asked, Framework, Onward, spelled_rest

__all__ = ["FRAMEWORK"]


def _recognises(app: Any) -> bool:
    """Whether *app* keeps applications by prefix, and one for the rest."""
    return isinstance(getattr(app, "mounts", None), dict) and callable(getattr(app, "app", None))


def _route_of(app: Any, environ: Any, asked: Asked, _body: Any) -> Onward:
    """Onward to the application with the longest prefix of whole segments."""
    prefix = asked.path
    while prefix and prefix not in app.mounts:
        prefix = prefix.rpartition("/")[0]
    if not prefix:
        return Onward(app.app, environ, asked)
    below = asked._replace(path=asked.path[len(prefix) :], root_path=asked.root_path + prefix)
    return Onward(app.mounts[prefix], environ, below, prefix, prefix + spelled_rest(below, "/{path}"))


FRAMEWORK = Framework("Werkzeug dispatcher", _recognises, _route_of)
