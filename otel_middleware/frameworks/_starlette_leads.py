"""Which route leads where, for routers that do not tell: Starlette's before 1.7, and FastAPI's mounts."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from otel_middleware.frameworks._fastapi_includes import flattened
from otel_middleware.frameworks._finding import is_a, reached_from

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otel_middleware._same import Same

__all__ = ["is_mount", "leads_of"]


def is_mount(route: Any) -> bool:
    """Whether *route* is a ``Mount`` or a ``Host``: both lead to an application and have no endpoint."""
    return not hasattr(route, "endpoint") and hasattr(route, "app")


class _Leads:
    """The routes of one Starlette or FastAPI router by what they lead to.

    Indexed at the first question, and again when routes were added: an application may grow while it serves.

    Args:
        router: The application or router.
    """

    def __init__(self, router: Any) -> None:
        self._router = router
        self._indexed: tuple[int, dict[int, list[Any]]] = (-1, {})

    def routes(self) -> Iterator[Any]:
        """All routes, included ones with their full path."""
        return flattened(self._router.routes)

    def to(self, endpoint: Any) -> list[Any]:
        """The routes that lead to this very object, in their order."""
        size, leading = self._indexed
        if size != len(self._router.routes) or id(endpoint) not in leading:
            leading = self._index()
        return leading.get(id(endpoint), [])

    def _index(self) -> dict[int, list[Any]]:
        size = len(self._router.routes)
        leading: dict[int, list[Any]] = {}
        for route in self.routes():
            endpoint = getattr(route, "app" if is_mount(route) else "endpoint", None)
            # The route keeps its endpoint alive, so its id is its own.
            leading.setdefault(id(endpoint), []).append(route)
        self._indexed = (size, leading)
        return leading


@lru_cache(maxsize=256)
def leads_of(app: Same) -> _Leads | None:
    """The routes of the application that ``app.it`` is or wraps; ``None`` when that is no Starlette or FastAPI."""
    for candidate in reached_from(app.it):
        if is_a(candidate, "starlette.Starlette", "starlette.Router"):
            return _Leads(candidate)
    return None
