"""The frameworks that can be asked, in the order in which they are tried."""

from __future__ import annotations

from otel_middleware.frameworks import (
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

__all__ = ["ASGI", "WSGI"]

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
