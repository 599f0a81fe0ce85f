"""Zero-code: ``opentelemetry-instrument uvicorn shop:app`` puts our stack around the application that the server loads.

OpenTelemetry's own packages for ASGI and WSGI have no instrumentor, so a bare callable stays dark.
:class:`MiddlewareInstrumentor` is one for *servers*: each hands its application to our stack just before it serves it.
"""

from otel_middleware.attach._instrumentor import MiddlewareInstrumentor, choose_conventions

__all__ = ["MiddlewareInstrumentor", "choose_conventions"]
