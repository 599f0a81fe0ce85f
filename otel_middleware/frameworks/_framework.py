"""What a framework file says of its framework."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from otel_middleware.request import Request

__all__ = ["Asked", "Framework", "Onward", "spelled_rest"]


class Asked(NamedTuple):
    """The request as it was before the application ran; routers change scopes and environs while they route."""

    kind: str
    """``http`` or ``websocket``."""
    request: Request
    """As policies see it."""
    path: str
    """Decoded path below ``root_path`` / ``SCRIPT_NAME``."""
    root_path: str
    """``root_path`` / ``SCRIPT_NAME`` as the server gave it, decoded; empty when there is none."""

    @property
    def method(self) -> str:
        """As received; ``GET`` for a websocket."""
        return self.request.method

    @property
    def host(self) -> str:
        """The Host header as received; empty when there is none."""
        return self.request.host or ""


class Onward(NamedTuple):
    """What ``route_of`` answers when another application routes the rest of the path: a mount, a dispatcher."""

    app: Any
    """The application that the request was handed to, perhaps behind middleware of its own."""
    carrier: Any
    """The scope or environ that it was handed with."""
    asked: Asked
    """The request as that application was asked: what is left of the path."""
    prefix: str = ""
    """The template of what was taken off the path."""
    otherwise: str | None = None
    """The template when nobody knows how that application routes; ``None`` when nothing was taken off the path."""


class Framework(NamedTuple):
    """One framework: how its application object is told from others, and how it tells a template."""

    name: str
    """As its users spell it."""
    recognises: Callable[[Any], bool]
    """Whether an object is an application of this framework, told by the name of its class: nothing imported, nothing called."""
    route_of: Callable[[Any, Any, Asked, Any], str | Onward | None]
    """``(app, scope_or_environ, asked, body)`` to the template as the framework spells it, or ``None``.

    Called after routing: on ASGI when the response starts (or the application raised or returned without), on WSGI at
    ``start_response`` (*body* is ``None``) and again, when that gave nothing, once the callable has returned *body* (or raised).
    May raise: the caller guards and logs once.
    """
    taken: Callable[[Any, Any, Asked], str | None] | None = None
    """``(app, scope_or_environ, asked)`` to the template of what was taken off the path so far, in mid-routing, or ``None``.

    By default the prefix of an ``Onward`` that ``route_of`` gives. May raise.
    """
    records: bool = False
    """ASGI: the application needs a recording scope (see ``_recording``); the scope given to ``route_of`` is that one."""
    whole: bool = False
    """ASGI: the framework matches the whole path, root path included: below a mount its templates have the prefix already."""
    listed: Callable[[Any], Iterator[str]] | None = None
    """Of an application to all its templates as the framework spells them; ``None`` where it offers no such list.

    Called by the command line, before any request. May raise.
    """


def spelled_rest(asked: Asked, placeholder: str) -> str:
    """The rest of the path below a mount as the framework spells it, ``/{path}`` say; itself when nothing is left to place."""
    return placeholder if asked.path.strip("/") else asked.path
