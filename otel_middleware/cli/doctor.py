"""``otel-middleware doctor``: boot an application, send it requests, say what is wrong and what helps."""

from __future__ import annotations

import logging
from typing import Annotated

import typer

__all__ = ["doctor"]

_APP = typer.Argument(metavar="MODULE:APP", help="An ASGI or WSGI application, bare or instrumented.")
_PATH = typer.Option(metavar="PATH", help="One that is answered. {n} in it becomes a number: /orders/{n}.")
_RAISES = typer.Option(metavar="PATH", help="One at which the application raises.")
_IGNORE = typer.Option(metavar="CODE", help="A kind of finding to leave out; may be given several times.")
_JSON = typer.Option("--json", help="Print one JSON object.")


def doctor(
    app: Annotated[str, _APP],
    path: Annotated[str, _PATH] = "/",
    raises: Annotated[str | None, _RAISES] = None,
    ignore: Annotated[list[str] | None, _IGNORE] = None,
    as_json: Annotated[bool, _JSON] = False,  # noqa: FBT002 - a flag
) -> None:
    """Boot an application in this process, send it requests, print what arrived and every finding with its remedy.

    Requests: an answer, 404, HEAD, a client that leaves, planted secrets, hostile bytes, health checks, a websocket, and 50
    different paths. Exporters are switched off meanwhile. Exit status: 0 nothing found, 1 findings, 2 it could not be booted.
    """
    # Imported here: what is installed beside the core.
    from otel_middleware.cli import _doctor_report as report  # noqa: PLC0415
    from otel_middleware.cli._examining import Examination  # noqa: PLC0415
    from otel_middleware.cli._finding import CODES  # noqa: PLC0415
    from otel_middleware.cli._giving_up import give_up  # noqa: PLC0415

    ignored = set(ignore or ())
    if ignored - set(CODES):
        give_up(f"--ignore {', '.join(sorted(ignored - set(CODES)))}: the kinds are {', '.join(CODES)}")
    for name, value in (("--path", path), ("--raises", raises)):
        if value is not None and not value.startswith("/"):
            give_up(f"{name} {value} is no path: it begins with /")
    logging.getLogger("otel_middleware").propagate = False  # warnings become findings
    examination = Examination(app, path, raises)
    findings = [finding for finding in examination.findings() if finding.code not in ignored]
    if as_json:
        print(report.as_json(app, examination.told, findings))
    else:
        report.print_report(app, examination.told, findings)
    raise typer.Exit(1 if findings else 0)
