"""The standard library's server: ``wsgiref.simple_server.make_server``, and Django's ``runserver``, which is built on it."""

from __future__ import annotations

from otel_middleware.attach._seat import Seat, argument

__all__ = ["SEATS"]

SEATS = (Seat("wsgiref.simple_server", "WSGIServer.set_app", argument("wsgi", 0, "application")),)
