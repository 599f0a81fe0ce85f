"""Asking the framework: whose application is it, and which template did its router choose.

One file a framework, each with one ``FRAMEWORK``. Nothing of a framework is imported or patched: applications are recognised by
their classes' names, and asked after routing.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from otel_middleware.frameworks import (
    _unknown,
    blacksheep,
    bottle,
    channels,
    cherrypy,
    connexion,
    dispatcher,
    django,
    django_asgi,
    emmett,
    falcon,
    falcon_asgi,
    fastapi,
    flask,
    litestar,
    pyramid,
    quart,
    ravyn,
    sanic,
    starlette,
    webpy,
    werkzeug,
)
from otel_middleware.frameworks._bridge import environ_of
from otel_middleware.frameworks._finding import reached_from
from otel_middleware.frameworks._framework import Asked, Framework, Onward
from otel_middleware.frameworks._recording import RecordingScope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, MutableMapping

__all__ = ["Asked", "Router", "asgi_router", "wsgi_router"]

ASGI = (
    fastapi.FRAMEWORK,
    starlette.FRAMEWORK,
    litestar.FRAMEWORK,
    quart.FRAMEWORK,
    sanic.FRAMEWORK,
    blacksheep.FRAMEWORK,
    falcon_asgi.FRAMEWORK,
    django_asgi.FRAMEWORK,
    connexion.FRAMEWORK,
    ravyn.FRAMEWORK,
    emmett.FRAMEWORK,
    channels.PROTOCOLS,
    channels.URLS,
)
"""FastAPI stands before Starlette, which it is made of."""

WSGI = (
    flask.FRAMEWORK,
    dispatcher.FRAMEWORK,
    django.FRAMEWORK,
    bottle.FRAMEWORK,
    falcon.FRAMEWORK,
    pyramid.FRAMEWORK,
    cherrypy.FRAMEWORK,
    webpy.FRAMEWORK,
    werkzeug.FRAMEWORK,
)
"""Flask stands before Werkzeug, which it is made of."""


class Router:
    """How one application tells its templates. Immutable; built once per instrumented application.

    Args:
        framework: Whose application it is.
        app: The application object, found behind whatever wraps it.
        bridged: Whether it is a WSGI application behind an ASGI one: it is then asked with an environ made from the scope.
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
        return self._framework in (_unknown.ASGI, _unknown.WSGI)

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
        given = environ_of(carrier, asked) if self._bridged else carrier
        told = self._framework.route_of(self._app, given, asked, body)
        if isinstance(told, Onward):
            onward = told._replace(carrier=environ_of(carrier, told.asked)) if self._bridged else told
            return _followed(onward, body)
        return told if told is None or told.startswith("/") else f"/{told}"

    def __repr__(self) -> str:
        return f"<Router of {self.name}>"


def asgi_router(app: Any) -> Router:
    """The router of the ASGI application *app*, behind whatever wraps it.

    A WSGI application behind a bridge is found too. An application of no known framework gets a router that reads what frameworks leave
    in the scope.
    """
    return _found(app, ASGI, WSGI) or Router(_unknown.ASGI, app)


def wsgi_router(app: Any) -> Router:
    """The router of the WSGI application *app*, as ``asgi_router``."""
    return _found(app, WSGI) or Router(_unknown.WSGI, app)


def _found(app: Any, spoken: Iterable[Framework], bridged: Iterable[Framework] = ()) -> Router | None:
    """The nearest application of one of these frameworks; among those that recognise it, the first."""
    for candidate in reached_from(app):
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
    router = _remembered(_Same(onward.app), asgi_router if asgi else wsgi_router)
    if router.unknown and asgi and onward.otherwise is not None:
        return onward.otherwise  # what stands in the scope may be the outer router's word
    told = router.template(onward.carrier, onward.asked, body)
    if told is None:
        return onward.otherwise if router.unknown else None
    return told if router.whole else onward.prefix + told


class _Same:
    """An application as a key: by identity, whatever its own ``__eq__`` says."""

    __slots__ = ("app",)

    def __init__(self, app: Any) -> None:
        self.app = app

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.app is other.app

    def __hash__(self) -> int:
        return id(self.app)


@lru_cache(maxsize=256)
def _remembered(same: _Same, protocol: Callable[[Any], Router]) -> Router:
    """Mounted applications are met per request and searched once."""
    return protocol(same.app)
