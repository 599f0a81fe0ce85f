"""What FastAPI keeps beside its routes: since 0.138 a route object no longer knows the prefixes that its includes added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["effective", "flattened", "frontend"]


def effective(route: Any, scope: Mapping[str, Any]) -> Any:
    """What *route* became where it was included, when *scope* says so; else *route* itself."""
    told = scope.get("fastapi")
    context = told.get("effective_route_context") if isinstance(told, dict) else None
    return context if context is not None and context.original_route is route else route


def flattened(routes: Iterable[Any]) -> Iterator[Any]:
    """*routes* with the included ones in the place of their include, each with its full path."""
    for route in routes:
        contexts = getattr(route, "effective_route_contexts", None)
        if contexts is None:
            yield route
        else:
            yield from (getattr(context, "starlette_route", None) or context for context in contexts())


def frontend(scope: Mapping[str, Any]) -> str | None:
    """The template of a directory that ``app.frontend()`` serves: its fixed prefix, and the file as a placeholder."""
    told = scope.get("fastapi")
    rest = told.get("frontend_path") if isinstance(told, dict) else None
    if rest is None:
        return None
    path = str(scope["path"]).removeprefix(str(scope.get("root_path", "")))
    return f"{path.removesuffix(rest).rstrip('/')}/{{path}}" if rest else path
