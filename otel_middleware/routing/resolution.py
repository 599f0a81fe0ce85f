"""Where a template comes from, best first: set by the application, declared, told by the framework, inferred.

Neutral: both protocols ask the same :class:`Routes`, which notes what it finds on the exchange.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_middleware._callable import is_sync, refused
from otel_middleware._guard import guarded, say_once
from otel_middleware._methods import Methods
from otel_middleware._route_sources import DECLARED, FRAMEWORK, INFERRED
from otel_middleware.errors import ConfigurationError
from otel_middleware.frameworks import Asked, fixed

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_middleware._exchange import Exchange
    from otel_middleware.frameworks import Router
    from otel_middleware.routing.inference import InferredRoutes
    from otel_middleware.routing.table import RouteTable

__all__ = ["Routes"]

_NOT_ROUTED = (404, 405)
"""What a router answers that matched nothing."""


def _learner(option: Any = None) -> InferredRoutes:
    """*option* where it is a learner, else a new one."""
    from otel_middleware.routing.inference import InferredRoutes  # noqa: PLC0415

    return option if isinstance(option, InferredRoutes) else InferredRoutes()


class Routes:
    """The sources of templates of one stack.

    Args:
        option: ``routes`` as ``instrument`` and ``RouteTemplateMiddleware`` take it.
        router: How the application's framework tells its template; ``None`` asks nobody.

    Raises:
        ConfigurationError: When *option* is no source of templates, or a template is malformed.
    """

    def __init__(self, option: Any = None, router: Router | None = None) -> None:
        self.router = router
        self.framework_known = router is not None and not router.unknown
        self.table: RouteTable | None = None
        self.function: Callable[[Any], str | None] | None = None
        self.learner: InferredRoutes | None = None
        self._take(option)
        self.declares = self.table is not None or self.function is not None
        self.methods = Methods()

    def _take(self, option: Any) -> None:
        # Sources are imported where a stack is built that uses them: learning takes more to import than all the rest.
        from otel_middleware.routing.table import RouteTable  # noqa: PLC0415

        if isinstance(option, RouteTable):
            self.table = option
            self.learner = _learner() if option.infer else None
            return
        self.learner = _learner(option)
        if option is None or option is self.learner:
            return
        if isinstance(option, type):
            raise ConfigurationError(f"routes must be an instance, not the class {option!r}")
        if callable(option):
            if not is_sync(option, 1):
                raise ConfigurationError(refused("routes as a callable", option, 1))
            self.function = option
        elif isinstance(option, (str, bytes)) or not hasattr(option, "__iter__"):
            raise ConfigurationError(
                "routes must be a RouteTable, InferredRoutes, an iterable of templates or a callable "
                f"(scope_or_environ) -> str | None, not {option!r}"
            )
        else:
            self.table = RouteTable(option)

    @property
    def infers_on_metrics(self) -> bool:
        """Whether inferred templates stand on metrics: only when the user said so."""
        return self.learner is not None and self.learner.on_metrics

    def declared(self, path: str, method: str, carrier: Any, shown: Callable[[Any], str | None]) -> str | None:
        """The declared template of *path* below ``root_path`` / ``SCRIPT_NAME``.

        *shown* makes what a callable says fit to be shown; ``None`` when it says nothing.
        """
        if self.table is not None:
            return self.table.match(path, method)
        return None if self.function is None else shown(guarded("the routes callable", self.function, carrier))

    def before(self, exchange: Exchange, carrier: Any) -> None:
        """Before the span starts: a declared template, else a guess where no framework is known to tell."""
        template = None
        try:
            if self.declares:
                shown = exchange.plan.said_template
                template = self.declared(exchange.route_path, exchange.request.method, carrier, shown)
            if template is not None:
                exchange.set_route(template, DECLARED)
            elif self.learner is not None and not self.framework_known:
                guess = self.learner.template_of(exchange.safe_path)
                if guess is not None:
                    exchange.set_route(guess, INFERRED)
        except Exception as error:  # noqa: BLE001 - a fault here costs the route, not the span
            self._say(error)

    def told(self, exchange: Exchange, carrier: Any, body: Any = None) -> None:
        """After routing: what the framework tells."""
        if self.router is None or exchange.source not in (None, INFERRED):
            return
        asked = Asked(exchange.kind, exchange.request, exchange.route_path, exchange.root_path)
        template = self.answer(carrier, asked, body)
        if template:
            _set(exchange, template, FRAMEWORK)

    def answer(self, carrier: Any, asked: Asked, body: Any = None) -> str | None:
        """What the framework tells, as it came; ``None`` when there is none or it fails."""
        if self.router is None:
            return None
        try:
            return self.router.template(carrier, asked, body)
        except Exception as error:  # noqa: BLE001 - a framework's inside may raise anything
            say_once(type(error), f"asking {self.router.name} for its route", error, "no route", of=self)
            return None

    def inferred(self, path: str, status: int | None) -> str | None:
        """When it is over: the inferred template of the sanitised *path*, learned from a success."""
        if self.learner is None or status is None or (self.framework_known and status in _NOT_ROUTED):
            return None
        try:
            return self.learner.learn(path, status)
        except Exception as error:  # noqa: BLE001 - a fault here costs the route, not the span
            self._say(error)
            return None

    def _say(self, error: Exception) -> None:
        say_once(("route", type(error)), "looking for a route", error, "no route", of=self)

    def declare_inside(self, exchange: Exchange, root: str, path: str, carrier: Any) -> None:
        """A table that stands deeper inside: its template, behind the prefix that routers in between took off.

        Args:
            exchange: The exchange of the outer stack.
            root: The root path here.
            path: The decoded path below it.
            carrier: The scope or environ here.
        """
        template = self.declared(path, exchange.request.method, carrier, exchange.plan.said_template)
        if template is None:
            return
        taken = root[len(exchange.root_path) :] if root.startswith(exchange.root_path) else ""
        prefix = exchange.plan.routes.told_prefix(exchange, carrier) if taken else ""
        if prefix is not None:
            _set(exchange, prefix + template, DECLARED)
        elif exchange.source != DECLARED:  # else the outer table knows the whole of it
            _set(exchange, fixed(taken) + template, DECLARED)

    def told_prefix(self, exchange: Exchange, carrier: Any) -> str | None:
        """The template of what the framework's routers have taken off the path so far; ``None`` when it does not tell."""
        if self.router is None:
            return None
        asked = Asked(exchange.kind, exchange.request, exchange.route_path, exchange.root_path)
        try:
            return self.router.taken(carrier, asked) or None
        except Exception as error:  # noqa: BLE001 - a framework's inside may raise anything
            say_once(type(error), f"asking {self.router.name} for its prefix", error, "no prefix", of=self)
            return None


def _set(exchange: Exchange, template: str, source: str) -> None:
    """Name the request, without the secrets that stood in its path: an unknown prefix is a part of that."""
    shown: str | None = template
    if exchange.safe_path != exchange.request.path:
        shown = exchange.plan.said_template(template)
    if shown is not None:
        exchange.set_route(shown, source)
