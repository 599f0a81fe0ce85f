"""What an application is wrapped in already: the objects from the outside to the inside, told by their classes."""

from __future__ import annotations

from typing import Any

from otel_middleware._instrument import _is_asgi
from otel_middleware.cli._giving_up import give_up
from otel_middleware.errors import ConfigurationError
from otel_middleware.frameworks import Router, asgi_router, wsgi_router
from otel_middleware.frameworks._finding import reached_from

__all__ = ["instrumented", "instrumented_at", "is_asgi", "is_ours", "listed_in", "router_of"]

_STACKS = ("otel_middleware.asgi._serve", "otel_middleware.wsgi._serve")


def is_asgi(app: Any, target: str) -> bool:
    """Whether *app* is ASGI, and not WSGI; one line and exit status 2 when it is neither for sure.

    Args:
        app: The application.
        target: As it was named, for the message.
    """
    try:
        return _is_asgi(app)
    except ConfigurationError:
        give_up(
            f"{target} is neither clearly ASGI (scope, receive, send) nor clearly WSGI (environ, start_response); "
            "a function that makes an application is called as module:create_app()"
        )


def instrumented_at(app: Any) -> Any:
    """Return the stack of ours that *app* is, or has in its own middleware; ``None`` when there is none."""
    return next((each for each in reached_from(app) if type(each).__module__ in _STACKS), None)


def listed_in(app: Any) -> list[Any]:
    """Return the classes and functions in the middleware list of a Starlette or FastAPI application, the outermost first."""
    for candidate in reached_from(app):
        listed = getattr(candidate, "user_middleware", None)
        if isinstance(listed, list):
            return [getattr(each, "cls", each) for each in listed]
    return []


def is_ours(listed: Any) -> bool:
    """Whether an entry of a middleware list is one of our ``instrument`` functions."""
    return getattr(listed, "__name__", "") == "instrument" and str(listed.__module__).startswith("otel_middleware.")


def instrumented(app: Any) -> bool:
    """Whether *app* is instrumented by us already, around it or in its middleware list."""
    return instrumented_at(app) is not None or any(map(is_ours, listed_in(app)))


def router_of(app: Any, *, asgi: bool) -> Router:
    """Return the framework behind *app*."""
    return asgi_router(app) if asgi else wsgi_router(app)
