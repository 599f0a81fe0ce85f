"""Django on ASGI: nothing is told; its URL resolver is asked, in the request's own language and URL configuration."""

from __future__ import annotations

from typing import Any

from otel_middleware.frameworks import django
from otel_middleware.frameworks._finding import is_a
from otel_middleware.frameworks._framework import Asked, Framework

__all__ = ["FRAMEWORK"]


def _recognises(app: Any) -> bool:
    """Whether *app* is Django's ASGI handler."""
    return is_a(app, "django.ASGIHandler")


def _route_of(_app: Any, _scope: Any, asked: Asked, _body: Any) -> str | None:
    """The route as the URL configuration spells it, with the leading slash that it lacks."""
    return django.resolved(asked.path)


FRAMEWORK = Framework("Django", _recognises, _route_of, listed=django.listed)
