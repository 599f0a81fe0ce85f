"""The instrumentor that ``opentelemetry-instrument`` finds by its entry point."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

from opentelemetry.instrumentation.instrumentor import BaseInstrumentor  # type: ignore[attr-defined]  # upstream hides it from mypy

from otel_middleware._upstream import choose_semantic_conventions
from otel_middleware.attach._settings import disabled, options_of, unknown_in
from otel_middleware.attach._wrapping import Wrapping
from otel_middleware.attach.servers import SEATS
from otel_middleware.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["MiddlewareInstrumentor", "choose_conventions"]

_log = logging.getLogger("otel_middleware")


class MiddlewareInstrumentor(BaseInstrumentor):  # type: ignore[misc]  # the same
    """Attaches our stack to servers: whatever ASGI or WSGI application they serve from then on is inside of it.

    One per process, as all instrumentors. An application that is instrumented already, by ``instrument`` in its own code or by
    an instrumentor of its framework, is left alone, so that a request has one SERVER span.
    """

    _wrapping: Wrapping | None = None

    def instrumentation_dependencies(self) -> Collection[str]:
        """Nothing: a server that is not installed is never imported, and so never touched."""
        return ()

    def instrument(self, **options: Any) -> None:
        """Attach to all servers, those already imported and those that will be.

        Args:
            **options: As ``otel_middleware.instrument`` takes them (``tracer_provider``, say); they win over the environment.
        """
        choose_conventions()
        super().instrument(**options)

    def _instrument(self, **options: Any) -> None:
        if disabled(os.environ):
            return
        for sentence in unknown_in(os.environ):
            _log.warning("%s", sentence)
        try:
            self._wrapping = Wrapping({**options_of(os.environ), **options})
        except ConfigurationError as error:
            _log.warning("otel_middleware is not attached, applications are served without it: %s", error)
            return
        for seat in SEATS:
            seat.take(self._wrapping)

    def _uninstrument(self, **_: Any) -> None:
        """Give the servers their functions back; applications that are being served go on without our stack."""
        if self._wrapping is not None:
            self._wrapping.active = False
            self._wrapping = None
            for seat in SEATS:
                seat.leave()


def choose_conventions() -> None:
    """Choose stable semantic conventions before any other instrumentor reads them, unless we are switched off.

    ``opentelemetry-instrument`` calls it before the instrumentors, which it takes in an order of its own.
    """
    if not disabled(os.environ):
        choose_semantic_conventions()
