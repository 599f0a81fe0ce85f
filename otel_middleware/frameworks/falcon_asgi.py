"""Falcon on ASGI: nothing is told; its router is asked."""

from __future__ import annotations

from typing import Any

from otel_middleware.frameworks import falcon
from otel_middleware.frameworks._framework import Asked, Framework

__all__ = ["FRAMEWORK"]


def _recognises(app: Any) -> bool:
    """Whether *app* is one of Falcon's ASGI applications: those have options for websockets."""
    return falcon.recognises(app) and hasattr(app, "ws_options")


def _route_of(app: Any, _scope: Any, asked: Asked, _body: Any) -> str | None:
    """The URI template."""
    return falcon.template_at(app, asked.root_path + asked.path)


FRAMEWORK = Framework("Falcon", _recognises, _route_of, whole=True, listed=falcon.listed)
