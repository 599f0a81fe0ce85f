"""daphne: ``daphne module:app``, and Channels' ``runserver``, which is built on it."""

from __future__ import annotations

from otel_middleware.attach._seat import Seat, argument

__all__ = ["SEATS"]

SEATS = (Seat("daphne.server", "Server.__init__", argument("asgi", 0, "application")),)
