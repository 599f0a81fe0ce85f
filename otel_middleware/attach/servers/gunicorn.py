"""gunicorn's own workers, in each of their processes; workers of uvicorn's are left to uvicorn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_middleware.attach._seat import Seat, afterwards

if TYPE_CHECKING:
    from otel_middleware.attach._wrapping import Wrapping

__all__ = ["SEATS"]

_WSGI_WORKERS = {f"gunicorn.workers.{name}" for name in ("base_async", "gthread", "gtornado", "sync")}
"""Workers that serve WSGI. Others, aiohttp's say, load what is no WSGI application by the same method."""


def _wsgi(wrapping: Wrapping, worker: Any, _result: Any) -> None:
    if not _WSGI_WORKERS.isdisjoint(kind.__module__ for kind in type(worker).__mro__):
        worker.wsgi = wrapping(worker.wsgi, "wsgi")


def _asgi(wrapping: Wrapping, worker: Any, _result: Any) -> None:
    worker.asgi = wrapping(worker.asgi, "asgi")


SEATS = (
    Seat("gunicorn.workers.base", "Worker.load_wsgi", afterwards(_wsgi)),
    Seat("gunicorn.workers.gasgi", "ASGIWorker.load_wsgi", afterwards(_asgi)),
)
