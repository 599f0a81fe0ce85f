"""Flask: told by its request in the environ; its URL map is asked where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_middleware.frameworks._environ import mounted_at
from otel_middleware.frameworks._finding import is_a
from otel_middleware.frameworks._framework import Asked, Framework, Onward
from otel_middleware.frameworks.werkzeug import rule_of, rules_of

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FRAMEWORK"]

_REQUEST = "werkzeug.request"


def _recognises(app: Any) -> bool:
    return is_a(app, "flask.Flask")


def _route_of(app: Any, environ: Mapping[str, Any], asked: Asked, body: Any) -> str | Onward | None:
    request: Any = environ.get(_REQUEST)
    if hasattr(request, "url_rule"):
        rule = request.url_rule and request.url_rule.rule
    elif _REQUEST not in environ and _elsewhere(app, environ, asked):
        return Onward(app.wsgi_app, environ, asked)
    else:
        # When all is over Flask has put its request away. Before that, an exception went through it, a middleware
        # inside answers only now, or Flask was given another environ.
        rule = _matched_again(app, environ) if body is None else None
    return None if rule is None else f"{mounted_at(environ, asked)}{rule}"


def _elsewhere(app: Any, environ: Mapping[str, Any], asked: Asked) -> bool:
    """Whether a dispatcher that was put in ``app.wsgi_app`` handed the request to another application."""
    return getattr(app.wsgi_app, "__self__", None) is not app and mounted_at(environ, asked) != ""


def _matched_again(app: Any, environ: Mapping[str, Any]) -> str | None:
    request = app.request_class(environ, populate_request=False)
    return rule_of(app.create_url_adapter(request))


FRAMEWORK = Framework("Flask", _recognises, _route_of, listed=rules_of)
