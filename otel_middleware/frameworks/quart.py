"""Quart: nothing is told; its URL map is asked, as Quart asks it."""

from __future__ import annotations

from typing import Any

from otel_middleware.frameworks._finding import is_a
from otel_middleware.frameworks._framework import Asked, Framework
from otel_middleware.frameworks.werkzeug import rules_of

__all__ = ["FRAMEWORK"]


def _recognises(app: Any) -> bool:
    """Whether *app* is a Quart application."""
    return is_a(app, "quart.Quart")


def _route_of(app: Any, scope: Any, asked: Asked, _body: Any) -> str | None:
    """The rule that fits; on 405 the one of another method."""
    adapter = _bound(app, scope, asked)
    websocket = asked.kind == "websocket"
    try:
        rule, _values = adapter.match(asked.path, asked.method, return_rule=True, websocket=websocket)
    except Exception as refused:
        allowed = getattr(refused, "valid_methods", None)
        if allowed:
            return str(adapter.match(asked.path, next(iter(allowed)), return_rule=True, websocket=websocket)[0].rule)
        if hasattr(refused, "get_response"):
            return None
        raise
    return str(rule.rule)


def _bound(app: Any, scope: Any, asked: Asked) -> Any:
    """The map bound as Quart binds it: the Host chooses among hosts and, where asked for, among subdomains."""
    host = asked.host or "localhost"
    server = app.config["SERVER_NAME"] or host
    subdomain = host.removesuffix(f".{server}") if app.subdomain_matching and host.endswith(f".{server}") else None
    name = host if app.url_map.host_matching else server
    return app.url_map.bind(name, subdomain=subdomain, url_scheme=scope.get("scheme", "http"))


FRAMEWORK = Framework("Quart", _recognises, _route_of, listed=rules_of)
