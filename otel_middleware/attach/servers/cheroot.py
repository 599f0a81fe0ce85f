"""cheroot: ``cheroot module:app``, ``cheroot.wsgi.Server``, and CherryPy, which is built on it."""

from __future__ import annotations

from otel_middleware.attach._seat import Seat, argument

__all__ = ["SEATS"]

SEATS = (Seat("cheroot.wsgi", "Server.__init__", argument("wsgi", 1, "wsgi_app")),)
