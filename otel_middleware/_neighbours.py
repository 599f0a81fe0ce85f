"""Who instruments the application already: ourselves, upstream's middleware, or an instrumentor of its framework.

Whoever else stands inside makes INTERNAL spans below our SERVER span, and measures each request a second time. It cannot be
switched off from outside, so it is said once, with what to remove.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

from otel_middleware import _attributes as names
from otel_middleware._upstream import INSTRUMENTED, ONE_INSTANCE
from otel_middleware.frameworks._finding import reached_from

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from otel_middleware.routing.resolution import Routes

__all__ = [
    "Neighbours",
    "is_in_front",
    "is_of_http",
    "is_ours",
    "is_stack",
    "is_upstreams",
    "listed_in",
    "others_on",
    "stack_on",
    "without",
]

_log = logging.getLogger("otel_middleware")

_OF_PROCESS = frozenset({"Django", "Pyramid"})
"""Frameworks whose instrumentors mark no application: they instrument all of the process."""

_METHODS = frozenset({names.HTTP_REQUEST_METHOD, names.OLD_HTTP_METHOD})


def is_of_http(span: Any) -> bool:
    """Whether *span* is of an HTTP instrumentation, which measures the request too: it has the method."""
    return not _METHODS.isdisjoint(getattr(span, "attributes", None) or ())


def without(app: Any, middleware: type, attribute: str) -> Any:
    """*app* without upstream's *middleware* directly around it: ``instrument`` asks upstream itself.

    Args:
        app: The application that ``instrument`` was given.
        middleware: Upstream's class of this protocol.
        attribute: Where it keeps its application.
    """
    while isinstance(app, middleware):
        _log.warning(
            "instrument() was given an application inside %s.OpenTelemetryMiddleware, which is left out together with its "
            "options: remove it, instrument() asks it itself",
            middleware.__module__,
        )
        app = getattr(app, attribute)
    return app


def is_stack(candidate: Any) -> bool:
    """Whether *candidate* is what our ``instrument`` made."""
    return _is_called(type(candidate), "otel_middleware.", "Serve")


def is_in_front(listed: Any) -> bool:
    """Whether an entry of a middleware list is one of our ``instrument`` functions."""
    return _is_called(listed, "otel_middleware.", "instrument")


def is_ours(candidate: Any) -> bool:
    """Whether *candidate* is a stack of ours, or has ``instrument`` in a list of middleware that is put together later."""
    return any(_is_called(kind, "otel_middleware.", "Attached", "Serve", "instrument") for kind in _kinds(candidate))


def is_upstreams(kind: Any) -> bool:
    """Whether a class is upstream's middleware, of either protocol."""
    return _is_called(kind, "opentelemetry.", "OpenTelemetryMiddleware")


def stack_on(app: Any) -> Any:
    """The stack of ours that *app* is, or has in its own middleware; ``None`` when there is none."""
    return next(filter(is_stack, reached_from(app)), None)


def listed_in(app: Any) -> list[Any]:
    """The classes and functions in the middleware list of a Starlette or FastAPI application, the outermost first."""
    return next((listed for each in reached_from(app) if (listed := _listed(each)) is not None), [])


def others_on(reached: Iterable[Any], framework: str) -> str:
    """Say which instrumentor of upstream's is on an application, and how to switch it off; nothing when none is.

    Args:
        reached: The application and what it wraps.
        framework: Whose application it is.
    """
    told = (_told(each, framework, is_upstreams) for each in reached)
    return next(filter(None, told), "") or _told_of_process(framework)


class Neighbours:
    """Looks for others when the stack is built and when its first request comes, and says once whom it found.

    Args:
        app: The application.
        routes: Its routes, which know its framework.
        middleware: Upstream's class of this protocol.
    """

    __slots__ = ("_app", "_framework", "_middleware", "seen")

    def __init__(self, app: Any, routes: Routes, middleware: type) -> None:
        self._app = app
        self._framework = "" if routes.router is None else routes.router.name
        self._middleware = middleware
        self.seen = self._look()
        """Whether nothing is left to look for."""

    def look_again(self) -> None:
        """Look for who came after the stack was built; frameworks put their own stack together with the first request."""
        self.seen = True
        self._look()

    def _look(self) -> bool:
        told = (
            _told(each, self._framework, lambda kind: kind is self._middleware)
            for each in reached_from(self._app)
            if not isinstance(each, type)
        )
        found = _told_of_process(self._framework) or next(filter(None, told), "")
        if found:
            _log.warning("%s too: each request has a second span and is measured twice", found)
        return bool(found)


def _told(candidate: Any, framework: str, is_looked_for: Callable[[Any], bool]) -> str:
    """What to say of *candidate*; nothing when it is no neighbour."""
    if getattr(candidate, "__dict__", {}).get(INSTRUMENTED) is True:
        return _instrumentor(framework)
    kind = next(filter(is_looked_for, _kinds(candidate)), None)
    if kind is None:
        return ""
    return f"{kind.__module__}.OpenTelemetryMiddleware, which should be removed, instruments the application"


def _told_of_process(framework: str) -> str:
    """What to say where the instrumentor of *framework* is on and instruments all of the process; nothing otherwise."""
    if framework not in _OF_PROCESS:
        return ""
    module = sys.modules.get(f"opentelemetry.instrumentation.{framework.lower()}")
    instance = getattr(getattr(module, f"{framework}Instrumentor", None), ONE_INSTANCE, None)
    return _instrumentor(framework) if getattr(instance, INSTRUMENTED, False) else ""


def _instrumentor(framework: str) -> str:
    """Name the instrumentor of *framework*, and how to switch it off."""
    package = framework.lower()
    return (
        f"opentelemetry-instrumentation-{package}, which should be removed "
        f"(or OTEL_PYTHON_DISABLED_INSTRUMENTATIONS={package} set), instruments the application"
    )


def _kinds(candidate: Any) -> Iterator[Any]:
    """The classes of *candidate*, and of the middleware that Starlette has yet to put around it."""
    yield from type(candidate).__mro__
    for kind in _listed(candidate) or ():
        yield from kind.__mro__ if isinstance(kind, type) else filter(callable, [kind])


def _listed(candidate: Any) -> list[Any] | None:
    """What Starlette keeps until it puts its middleware together; ``None`` when *candidate* has no such list."""
    listed = getattr(candidate, "user_middleware", None)
    return [getattr(each, "cls", each) for each in listed] if isinstance(listed, list) else None


def _is_called(kind: Any, package: str, *names: str) -> bool:
    return getattr(kind, "__name__", "") in names and str(kind.__module__).startswith(package)
