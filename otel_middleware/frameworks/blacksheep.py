"""BlackSheep: nothing is told; its router and its mounts are asked."""

from __future__ import annotations

from typing import Any

from otel_middleware.frameworks._finding import is_a
from otel_middleware.frameworks._framework import Asked, Framework, Onward, spelled_rest

__all__ = ["FRAMEWORK"]


def _recognises(app: Any) -> bool:
    """Whether *app* is a BlackSheep application."""
    return is_a(app, "blacksheep.Application")


def _route_of(app: Any, scope: Any, asked: Asked, _body: Any) -> str | Onward | None:
    """The pattern of the route, or onward to a mounted application. Patterns are regular expressions: no user's code runs."""
    path = scope.get("raw_path") or (asked.root_path + asked.path).encode()
    for mount in app.mount_registry.mounted_apps:
        found = mount.match_by_path(path)
        if found is not None:
            return _onward(mount, found.values["tail"], scope, asked)
    root_path = asked.root_path.encode()
    method = "GET_WS" if asked.kind == "websocket" else asked.method
    below = path.removeprefix(root_path)
    for router in (*(app.router._sub_routers or ()), app.router):  # noqa: SLF001 - the routers of several hosts have no other name
        route = router.get_matching_route(method, below or b"/")
        if route is not None:
            return str(route.pattern.decode())
    return None


def _onward(mount: Any, tail: str, scope: Any, asked: Asked) -> Onward:
    prefix = mount.pattern.decode().removesuffix("/*")
    path = asked.path.removesuffix(tail).rstrip("/")
    below = asked._replace(path=f"/{tail}", root_path=asked.root_path + path)
    return Onward(mount.handler, scope, below, prefix, prefix + spelled_rest(below, "/*"))


FRAMEWORK = Framework("BlackSheep", _recognises, _route_of)
