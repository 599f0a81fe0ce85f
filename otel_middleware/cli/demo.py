"""``otel-middleware demo``: the same traffic through upstream alone and through the whole stack, for a person to compare."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

__all__ = ["demo"]

_KEPT = ("OTEL_EXPORTER_OTLP_", "OTEL_RESOURCE_ATTRIBUTES")
_SETTINGS = {
    "OTEL_SEMCONV_STABILITY_OPT_IN": "http",
    "OTEL_PYTHON_EXCLUDED_URLS": "healthz",
    "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST": "authorization",
}
"""What both sides are configured with, by the variables that upstream reads itself."""

_OTLP = typer.Option(metavar="URL", help="Also send our spans and metrics to this collector (OTLP over HTTP).")


_WEB = typer.Option("--web", help="Then show it on a web page, on this machine only, until Ctrl-C.")


def demo(
    otlp: Annotated[str | None, _OTLP] = None,
    web: Annotated[bool, _WEB] = False,  # noqa: FBT002 - a flag
) -> None:
    """Serve two applications without a framework, send them requests, show what is reported.

    The applications, one ASGI on uvicorn and one WSGI on waitress, run twice on free loopback ports: wrapped by upstream's
    OpenTelemetryMiddleware alone, and by instrument(). No collector is needed.
    """
    _settle_environment()
    # Imported here: what is installed beside the core, and only after the environment is settled.
    from otel_middleware.cli._demo_observe import observe  # noqa: PLC0415
    from otel_middleware.cli._demo_sides import ours, upstream_alone  # noqa: PLC0415
    from otel_middleware.cli._demo_view import show  # noqa: PLC0415
    from otel_middleware.cli._otlp import Collector  # noqa: PLC0415

    collector = None if otlp is None else Collector.at(otlp)
    before, after = observe(upstream_alone), observe(ours)
    show(before, after)
    if collector is not None:
        print(collector.send(after.spans, after.metrics))
    if web:
        from otel_middleware.cli._demo_page import show_page  # noqa: PLC0415 - only here

        show_page(before, after)


def _settle_environment() -> None:
    """Show the defaults, whatever the shell has configured for other programs."""
    for name in list(os.environ):
        if name.startswith("OTEL_") and not name.startswith(_KEPT):
            del os.environ[name]
    os.environ.update(_SETTINGS)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # a terminal that has no box characters
