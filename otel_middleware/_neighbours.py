"""Who else instruments the application: upstream's middleware, or an instrumentor of its framework.

Whoever stands inside makes INTERNAL spans below our SERVER span, and measures each request a second time. It cannot be switched
off from outside, so it is said once, with what to remove.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

from otel_middleware import _attributes as names
from otel_middleware.frameworks._finding import reached_from

if TYPE_CHECKING:
    from otel_middleware.routing.resolution import Routes

__all__ = ["FLAG", "Neighbours", "instrumentor", "instrumentor_of_process", "is_of_http", "without"]

_log = logging.getLogger("otel_middleware")

FLAG = "_is_instrumented_by_opentelemetry"
"""Set on applications, and on the one instance of an instrumentor, by ``opentelemetry-instrumentation`` and its instrumentors."""

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
        found = instrumentor_of_process(self._framework) or next(
            filter(None, map(self._told, reached_from(self._app))), ""
        )
        if found:
            _log.warning("%s too: each request has a second span and is measured twice", found)
        return bool(found)

    def _told(self, candidate: Any) -> str:
        """What to say of *candidate*; nothing when it is no neighbour."""
        if isinstance(candidate, type):
            return ""
        if getattr(candidate, "__dict__", {}).get(FLAG) is True:
            return instrumentor(self._framework)
        listed = getattr(candidate, "user_middleware", None)  # Starlette's, not yet put together
        kinds = (
            [type(candidate), *(getattr(each, "cls", None) for each in listed)]
            if isinstance(listed, list)
            else [type(candidate)]
        )
        if any(isinstance(kind, type) and issubclass(kind, self._middleware) for kind in kinds):
            return f"{self._middleware.__module__}.OpenTelemetryMiddleware, which should be removed, instruments the application"
        return ""


def instrumentor(framework: str) -> str:
    """Name the instrumentor of *framework*, and how to switch it off."""
    package = framework.lower()
    return (
        f"opentelemetry-instrumentation-{package}, which should be removed "
        f"(or OTEL_PYTHON_DISABLED_INSTRUMENTATIONS={package} set), instruments the application"
    )


def instrumentor_of_process(framework: str) -> str:
    """The same where that instrumentor is on and instruments all of the process; nothing otherwise."""
    if framework not in _OF_PROCESS:
        return ""
    module = sys.modules.get(f"opentelemetry.instrumentation.{framework.lower()}")
    instance = getattr(getattr(module, f"{framework}Instrumentor", None), "_instance", None)
    return instrumentor(framework) if getattr(instance, FLAG, False) else ""
