"""hypercorn: ``hypercorn module:app``, ``hypercorn.asyncio.serve`` and ``hypercorn.trio.serve``, of both protocols."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_middleware.attach._seat import Seat, afterwards

if TYPE_CHECKING:
    from otel_middleware.attach._wrapping import Wrapping

__all__ = ["SEATS"]


def _seated(wrapping: Wrapping, _instance: Any, made: Any) -> None:
    # hypercorn has looked which protocol it is: its own wrapper's class says so.
    made.app = wrapping(made.app, "wsgi" if type(made).__name__ == "WSGIWrapper" else "asgi")


SEATS = (Seat("hypercorn.utils", "wrap_app", afterwards(_seated)),)
