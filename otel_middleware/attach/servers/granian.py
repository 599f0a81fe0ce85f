"""granian with the interfaces ``asgi``, ``asginl`` and ``wsgi``; its own, RSGI, is neither.

A worker calls these functions with the application that it has loaded. The loader itself is sent to workers by name, so it
stays as it is.
"""

from __future__ import annotations

from otel_middleware.attach._seat import Seat, argument

__all__ = ["SEATS"]

SEATS = (
    Seat("granian.asgi", "_callback_wrapper", argument("asgi", 0, "callback")),
    Seat("granian.wsgi", "_callback_wrapper", argument("wsgi", 0, "callback")),
)
