"""Channels: an application for each protocol, and routes of Django's patterns."""

from __future__ import annotations

from typing import Any

from otel_middleware.frameworks._finding import is_a, reached_from
from otel_middleware.frameworks._framework import Asked, Framework, Onward

__all__ = ["PROTOCOLS", "URLS"]


def _recognises_protocols(app: Any) -> bool:
    """Whether *app* chooses an application by the kind of the scope."""
    return is_a(app, "channels.ProtocolTypeRouter")


def _recognises_urls(app: Any) -> bool:
    """Whether *app* chooses an application by the path."""
    return is_a(app, "channels.URLRouter")


def _by_protocol(app: Any, scope: Any, asked: Asked, _body: Any) -> Onward | None:
    """Onward to the application of this kind."""
    chosen = app.application_mapping.get(asked.kind)
    return None if chosen is None else Onward(chosen, scope, asked)


def _by_url(app: Any, scope: Any, asked: Asked, _body: Any) -> Onward | None:
    """The pattern, and onward: a consumer routes no further, another application (Django's, say) is given the whole path."""
    found = _matched(app, asked.path.lstrip("/"))
    if found is None:
        return None
    template, application = found
    return Onward(application, scope, asked, otherwise=f"/{template}")


def _matched(app: Any, path: str) -> tuple[str, Any] | None:
    for route in app.routes:
        match = route.pattern.match(path)
        if match:
            nested = next((inner for inner in reached_from(route.callback) if _recognises_urls(inner)), None)
            if nested is None:
                return str(route.pattern), route.callback
            below = _matched(nested, match[0])
            return None if below is None else (f"{route.pattern}{below[0]}", below[1])
    return None


PROTOCOLS = Framework("Channels", _recognises_protocols, _by_protocol)
URLS = Framework("Channels", _recognises_urls, _by_url)
