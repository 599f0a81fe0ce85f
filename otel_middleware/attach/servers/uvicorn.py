"""uvicorn: ``uvicorn module:app``, ``uvicorn.run``, ``uvicorn.Server``, and gunicorn's uvicorn workers.

Inside of uvicorn's own middleware, so that what ``--proxy-headers`` was told to believe stays believed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry import metrics, trace

from otel_middleware._after_uvicorn import flushed_after_uvicorn
from otel_middleware.attach._seat import Seat, afterwards

if TYPE_CHECKING:
    from otel_middleware.attach._wrapping import Wrapping

__all__ = ["SEATS"]

_OWN = ("uvicorn.middleware.message_logger", "uvicorn.middleware.proxy_headers")


def _seated(wrapping: Wrapping, config: Any, _result: Any) -> None:
    holder, name = config, "loaded_app"
    while type(getattr(holder, name)).__module__ in _OWN:
        holder, name = getattr(holder, name), "app"
    protocol = "asgi"
    if config.interface == "wsgi":
        protocol, holder, name = "wsgi", getattr(holder, name), "app"  # behind uvicorn's bridge
    setattr(holder, name, wrapping(getattr(holder, name), protocol))
    flushed_after_uvicorn(_flush)


def _flush() -> None:
    """Export what the global providers hold: opentelemetry-instrument leaves that to ``atexit``."""
    for provider in (trace.get_tracer_provider(), metrics.get_meter_provider()):
        flush = getattr(provider, "force_flush", None)
        if flush is not None:
            flush()


SEATS = (Seat("uvicorn.config", "Config.load", afterwards(_seated)),)
