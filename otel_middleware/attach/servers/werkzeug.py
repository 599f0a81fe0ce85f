"""Werkzeug's development server: ``flask run``, ``werkzeug.serving.run_simple`` and ``make_server``."""

from __future__ import annotations

from otel_middleware.attach._seat import Seat, argument

__all__ = ["SEATS"]

SEATS = (Seat("werkzeug.serving", "BaseWSGIServer.__init__", argument("wsgi", 2, "app")),)
