"""What can be told of an application before it is served: its protocol, its framework, and whether we are on it."""

from __future__ import annotations

from inspect import isclass, isfunction
from typing import Any

from otel_middleware._instrument import is_asgi
from otel_middleware._neighbours import is_in_front, listed_in, stack_on
from otel_middleware.cli._giving_up import give_up
from otel_middleware.errors import ConfigurationError
from otel_middleware.frameworks import Router, asgi_router, wsgi_router

__all__ = ["instrumented", "router_of", "speaks_asgi"]


def speaks_asgi(app: Any, target: str) -> bool:
    """Whether *app* is ASGI, and not WSGI; one line and exit status 2 when it is neither for sure, or a class that cannot answer.

    Args:
        app: The application.
        target: As it was named, for the message.
    """
    try:
        asgi = is_asgi(app)
    except ConfigurationError:
        give_up(
            f"{target} is neither clearly ASGI (scope, receive, send) nor clearly WSGI (environ, start_response); "
            "a function that makes an application is called as module:create_app()"
        )
    if _makes_no_answer(app, asgi=asgi):
        give_up(
            f"{target} is a class whose objects are no answer, as they cannot be {'awaited' if asgi else 'iterated over'}: "
            "name an application; a class that makes one is called as module:Class()"
        )
    return asgi


def _makes_no_answer(app: Any, *, asgi: bool) -> bool:
    """Whether *app* is a class, called for each request, whose objects are nothing that its protocol answers with.

    Of one that decides itself what a call gives, by ``__new__`` or a metaclass, nothing is known.
    """
    if not isclass(app) or type(app).__call__ is not type.__call__ or isfunction(app.__new__):
        return False
    return not any(hasattr(app, name) for name in (("__await__",) if asgi else ("__iter__", "__getitem__")))


def instrumented(app: Any) -> bool:
    """Whether *app* is instrumented by us already, around it or in its middleware list."""
    return stack_on(app) is not None or any(map(is_in_front, listed_in(app)))


def router_of(app: Any, *, asgi: bool) -> Router:
    """Return the framework behind *app*."""
    return asgi_router(app) if asgi else wsgi_router(app)
