"""Asking the framework: whose application is it, and which template did its router choose.

One file a framework, each with one ``FRAMEWORK``. Nothing of a framework is imported or patched: applications are recognised by
their classes' names, and asked after routing.
"""

from __future__ import annotations

from collections import deque
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from otel_middleware._same import Same
from otel_middleware.frameworks import _unknown
from otel_middleware.frameworks._bridge import across
from otel_middleware.frameworks._environ import fixed
from otel_middleware.frameworks._finding import reached_from
from otel_middleware.frameworks._framework import Asked, Framework, Onward
from otel_middleware.frameworks._recording import RecordingScope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, MutableMapping
    from types import ModuleType

__all__ = ["Asked", "Router", "asgi_router", "fixed", "wsgi_router"]


class Router:
    """How one application tells its templates. Immutable; built once per instrumented application.

    Args:
        framework: Whose application it is.
        app: The application object, found behind whatever wraps it.
        bridged: Whether it speaks the other protocol and stands behind a bridge: it is then asked with a carrier made for it.
    """

    __slots__ = ("_app", "_bridged", "_framework")

    def __init__(self, framework: Framework, app: Any, *, bridged: bool = False) -> None:
        self._framework = framework
        self._app = app
        self._bridged = bridged

    @property
    def name(self) -> str:
        """The framework's name; ``unknown`` when no framework's application was found."""
        return self._framework.name

    @property
    def unknown(self) -> bool:
        """Whether no framework's application was found."""
        return self._framework in (_unknown.ASGI, _unknown.RECORDED, _unknown.WSGI)

    @property
    def whole(self) -> bool:
        """Whether templates have the prefix of a mount already."""
        return self._framework.whole and not self._bridged

    @property
    def records(self) -> bool:
        """Whether the application needs a recording scope."""
        return self._framework.records and not self._bridged

    def prepared(self, scope: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """The scope to give to the application: *scope* itself, unless the application needs a recording one."""
        return RecordingScope(scope) if self.records else scope

    def template(self, carrier: Any, asked: Asked, body: Any = None) -> str | None:
        """The full template below the root path that the server gave, or ``None``. May raise: the caller guards.

        Args:
            carrier: The scope that ``prepared`` gave, or the environ, after routing.
            asked: The request as it was before the application ran.
            body: WSGI: what the application returned, ``None`` as long as it has not.
        """
        given = across(carrier, asked) if self._bridged else carrier
        told = self._framework.route_of(self._app, given, asked, body)
        if isinstance(told, Onward):
            onward = told._replace(carrier=across(carrier, told.asked)) if self._bridged else told
            return _followed(onward, body)
        return told if told is None or told.startswith("/") else f"/{told}"

    def taken(self, carrier: Any, asked: Asked) -> str | None:
        """The template of what this application's routers have taken off the path so far, or ``None``. May raise.

        Args:
            carrier: The scope or environ that an application inside was given.
            asked: The request as it was before this application ran.
        """
        given = across(carrier, asked) if self._bridged else carrier
        if self._framework.taken is not None:
            return self._framework.taken(self._app, given, asked)
        told = self._framework.route_of(self._app, given, asked, None)
        return told.prefix if isinstance(told, Onward) else None

    def __repr__(self) -> str:
        return f"<Router of {self.name}>"


def asgi_router(app: Any) -> Router:
    """The router of the ASGI application *app*, behind whatever wraps it; of a WSGI application behind a bridge, too.

    An application of no known framework, and a function over several applications, get a router that only reads what
    routers leave in the scope.
    """
    registry = _known()
    found = _found(app, registry.ASGI, registry.WSGI)
    if len(found) == 1:
        return found[0]
    return Router(_unknown.RECORDED if any(router.records for router in found) else _unknown.ASGI, app)


def wsgi_router(app: Any) -> Router:
    """The same for the WSGI application *app*."""
    registry = _known()
    found = _found(app, registry.WSGI, registry.ASGI)
    return found[0] if len(found) == 1 else Router(_unknown.WSGI, app)


def _known() -> ModuleType:
    """The frameworks' files, imported with the first stack that is built."""
    from otel_middleware.frameworks import _registry  # noqa: PLC0415

    return _registry


def _found(app: Any, spoken: Iterable[Framework], bridged: Iterable[Framework]) -> list[Router]:
    """The routers of all applications that *app* is or wraps, whatever these wrap left out."""
    found: list[Router] = []

    def ends_at(candidate: Any) -> bool:
        router = _router_of(candidate, spoken, bridged)
        if router is not None:
            found.append(router)
        return router is not None

    deque(reached_from(app, ends_at), maxlen=0)
    return found


def _router_of(candidate: Any, spoken: Iterable[Framework], bridged: Iterable[Framework]) -> Router | None:
    for frameworks, behind_bridge in ((spoken, False), (bridged, True)):
        for framework in frameworks:
            if _recognised(framework, candidate):
                return Router(framework, candidate, bridged=behind_bridge)
    return None


def _recognised(framework: Framework, candidate: Any) -> bool:
    try:
        return framework.recognises(candidate)
    except Exception:  # noqa: BLE001 - properties and proxies of others may raise anything outside a request
        return False


def _followed(onward: Onward, body: Any) -> str | None:
    """What the application that routes the rest tells, behind the prefix."""
    asgi = "type" in onward.carrier
    router = _remembered(Same(onward.app), asgi_router if asgi else wsgi_router)
    if router.unknown and asgi and onward.otherwise is not None:
        return onward.otherwise  # what stands in the scope may be the outer router's word
    told = router.template(onward.carrier, onward.asked, body)
    if told is None:
        return onward.otherwise if router.unknown else None
    return told if router.whole else onward.prefix + told


@lru_cache(maxsize=256)
def _remembered(same: Same, protocol: Callable[[Any], Router]) -> Router:
    """Mounted applications are met per request and searched once."""
    return protocol(same.it)
