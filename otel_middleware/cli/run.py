"""``otel-middleware run``: serve an application instrumented, and look at what it reports."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

__all__ = ["run", "view"]

APP = typer.Argument(metavar="MODULE:APP", help="An ASGI or WSGI application; module:create_app() calls a factory.")
_HOST = typer.Option(metavar="ADDRESS", help="Where to listen.")
_PORT = typer.Option(metavar="NUMBER", min=0, max=65535, help="Port to listen on; 0 takes a free one.")
_OTLP = typer.Option(metavar="URL", help="Also send spans and metrics to this collector (OTLP over HTTP).")
_ROUTES = typer.Option(
    metavar="FILE", help="Declared templates: a reviewed file (see 'routes'), or an OpenAPI document."
)
_TENANT = typer.Option(metavar="NAME", help="The header that names the tenant.")
_PLAIN = typer.Option("--plain", help="One line a request; so in a pipe anyway.")
_WEB = typer.Option("--web", help="Also show it on a web page, on this machine only.")


def run(
    app: Annotated[str, APP],
    host: Annotated[str, _HOST] = "127.0.0.1",
    port: Annotated[int, _PORT] = 8000,
    otlp: Annotated[str | None, _OTLP] = None,
    routes: Annotated[str | None, _ROUTES] = None,
    tenant_header: Annotated[str | None, _TENANT] = None,
    plain: Annotated[bool, _PLAIN] = False,  # noqa: FBT002 - a flag
    web: Annotated[bool, _WEB] = False,  # noqa: FBT002 - a flag
) -> None:
    """Serve an application instrumented, ASGI on uvicorn or WSGI on waitress, with a live view.

    Requests with name, status, outcome, tenant, duration, source of the route and redactions; durations by route; the trace of
    the last, the slowest or a selected request. Ctrl-C ends it with a summary.
    """
    _serve(app, host, port, otlp, routes, tenant_header, live=not plain and sys.stdout.isatty(), lines=True, web=web)


def view(
    app: Annotated[str, APP],
    host: Annotated[str, _HOST] = "127.0.0.1",
    port: Annotated[int, _PORT] = 8000,
    otlp: Annotated[str | None, _OTLP] = None,
    routes: Annotated[str | None, _ROUTES] = None,
    tenant_header: Annotated[str | None, _TENANT] = None,
) -> None:
    """Serve an application as 'run' does, and look at it on a web page alone."""
    _serve(app, host, port, otlp, routes, tenant_header, live=False, lines=False, web=True)


def _serve(  # noqa: PLR0913 - as above
    app: str,
    host: str,
    port: int,
    otlp: str | None,
    routes: str | None,
    tenant_header: str | None,
    *,
    live: bool,
    lines: bool,
    web: bool,
) -> None:
    # Imported here: what is installed beside the core.
    from otel_middleware.cli._otlp import Collector  # noqa: PLC0415
    from otel_middleware.cli._running import Run  # noqa: PLC0415

    collector = None if otlp is None else Collector.at(otlp)
    if collector is not None and not collector.listens():
        print(f"otel-middleware: nothing listens at {collector.url}, spans are only shown here", file=sys.stderr)
    Run(app, collector, routes, tenant_header, live=live, lines=lines, web=web).serve(host, port)
