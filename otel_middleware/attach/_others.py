"""Who instruments an application already, so that it must be left alone: ourselves, or an instrumentor of upstream's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_middleware._neighbours import FLAG, instrumentor, instrumentor_of_process
from otel_middleware.frameworks import asgi_router, wsgi_router

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["is_exposition", "is_ours", "others_on"]


def is_ours(candidate: Any) -> bool:
    """Whether *candidate* is a stack of ours, or has ``instrument`` in a list of middleware that is put together later."""
    return any(
        kind.__module__.startswith("otel_middleware.") and kind.__name__ in ("Attached", "Serve", "instrument")
        for kind in _kinds(candidate)
    )


def is_exposition(candidate: Any) -> bool:
    """Whether *candidate* is prometheus_client's: the page that is scraped, on a server and a port of its own."""
    return str(getattr(candidate, "__module__", "")).startswith("prometheus_client.")


def others_on(app: Any, protocol: str, reached: Iterable[Any]) -> str:
    """Say which instrumentor of upstream's is on *app*, and how to switch it off; nothing when none is.

    Args:
        app: The application.
        protocol: ``asgi`` or ``wsgi``.
        reached: *app* and what it wraps.
    """
    framework = (asgi_router if protocol == "asgi" else wsgi_router)(app).name
    for candidate in reached:
        if getattr(candidate, "__dict__", {}).get(FLAG) is True:
            return instrumentor(framework)
        for kind in _kinds(candidate):
            if kind.__name__ == "OpenTelemetryMiddleware" and kind.__module__.startswith("opentelemetry."):
                return (
                    f"{kind.__module__}.OpenTelemetryMiddleware, which should be removed, instruments the application"
                )
    return instrumentor_of_process(framework)


def _kinds(candidate: Any) -> Iterator[Any]:
    """The classes of *candidate*, and of the middleware that Starlette has yet to put around it."""
    yield from type(candidate).__mro__
    listed = getattr(candidate, "user_middleware", None)
    for each in listed if isinstance(listed, list) else ():
        kind = getattr(each, "cls", None)
        yield from kind.__mro__ if isinstance(kind, type) else filter(callable, [kind])
