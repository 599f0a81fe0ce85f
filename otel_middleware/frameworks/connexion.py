"""Connexion: nothing is told in the scope; the router of its specifications is asked."""

from __future__ import annotations

from typing import Any

from otel_middleware.frameworks import starlette
from otel_middleware.frameworks._finding import is_a, reached_from
from otel_middleware.frameworks._framework import Asked, Framework, Onward

__all__ = ["FRAMEWORK"]


def _recognises(app: Any) -> bool:
    """Whether *app* is a Connexion application, or its middleware around an application of another framework."""
    return is_a(app, "connexion.AbstractApp", "connexion.ConnexionMiddleware")


def _route_of(app: Any, scope: Any, asked: Asked, _body: Any) -> str | Onward | None:
    """The path of the specification behind the API's base path; onward to the application inside for what none names."""
    stack = getattr(app, "middleware", app).app  # built with the first request, so walked per request
    routing = next((layer for layer in reached_from(stack) if is_a(layer, "connexion.RoutingMiddleware")), None)
    if routing is None:
        return None
    for api in routing.router.routes:  # several may have one base path: the next is asked where the first knows nothing
        told = starlette.asked_of([api], scope, asked)
        if isinstance(told, str):
            return told
    return Onward(routing.app, scope, asked)


FRAMEWORK = Framework("Connexion", _recognises, _route_of)
