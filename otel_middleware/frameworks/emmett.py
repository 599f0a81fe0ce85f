"""Emmett: nothing is told; its routers are asked."""

from __future__ import annotations

from typing import Any

from otel_middleware.frameworks._finding import is_a
from otel_middleware.frameworks._framework import Asked, Framework

__all__ = ["FRAMEWORK"]


def _recognises(app: Any) -> bool:
    """Whether *app* is an Emmett application."""
    return is_a(app, "emmett.App")


def _route_of(app: Any, scope: Any, asked: Asked, _body: Any) -> str | None:
    """The path that the route was declared with. Routes are regular expressions: no user's code runs."""
    websocket = asked.kind == "websocket"
    router = app._router_ws if websocket else app._router_http  # noqa: SLF001 - the only ways to the routers
    path = (asked.root_path + asked.path).rstrip("/") or "/"
    if app.language_force_on_url:
        path = router._mixin_cls._split_lang(router, path)[0]  # noqa: SLF001 - as its match() does, without its side effect
    route, _values = _match(router, scope, asked, path)
    return None if route is None else _declared(router._routes_str[route.name])  # noqa: SLF001 - the only place of the path


def _match(router: Any, scope: Any, asked: Asked, path: str) -> Any:
    facts = () if asked.kind == "websocket" else (asked.method,)
    scheme = scope.get("scheme", "http")
    if router._impl_host_match and router._impl_scheme_match:  # noqa: SLF001 - tells which of its tables is filled
        return router.match_route_all(asked.host, scheme, *facts, path)
    if router._impl_host_match:  # noqa: SLF001 - the same
        return router.match_route_host(asked.host, *facts, path)
    if router._impl_scheme_match:  # noqa: SLF001 - the same
        return router.match_route_scheme(scheme, *facts, path)
    return router.match_route_direct(*facts, path)


def _declared(described: str) -> str:
    """``GET http|https://<any>/orders/<int:id> -> name`` to its path."""
    located = described.partition("://")[2].rpartition(" -> ")[0]
    return located[located.index("/") :]


FRAMEWORK = Framework("Emmett", _recognises, _route_of, whole=True)
