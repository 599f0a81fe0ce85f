"""``otel-middleware routes``: the route templates of an application, a document or an access log."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["routes"]

_LOGS = typer.Argument(metavar="[LOG]...", help="Access logs: common, combined, JSON lines; gzip too; - is the input.")
_APP = typer.Option(metavar="MODULE:APP", help="List the routes of this application's framework.")
_OPENAPI = typer.Option(metavar="FILE", help="List the paths of this OpenAPI document.")
_WRITE = typer.Option(metavar="FILE", help="Write the templates to this file, to be read, edited and declared.")
_CHECK = typer.Option(metavar="FILE", help="Compare with this reviewed file; exit status 1 when names drift.")
_MOST = typer.Option("--max-templates", metavar="NUMBER", min=1, help="Distinct templates that are learned at most.")


def routes(
    logs: Annotated[list[str] | None, _LOGS] = None,
    app: Annotated[str | None, _APP] = None,
    openapi: Annotated[str | None, _OPENAPI] = None,
    write: Annotated[str | None, _WRITE] = None,
    check: Annotated[str | None, _CHECK] = None,
    most: Annotated[int, _MOST] = 2000,
) -> None:
    """Print route templates with how often each was asked for, from one source: access logs, --app, or --openapi.

    A file that was written, and edited by a person, is declared by 'run --routes FILE' or RouteTable.from_file(FILE); with
    --check FILE it is held against the source, for CI. Exit status: 1 names drifted, 2 no source of templates.
    """
    from otel_middleware.cli._giving_up import give_up  # noqa: PLC0415 - with what it needs
    from otel_middleware.cli._template_source import Source  # noqa: PLC0415 - the same

    if sum(map(bool, (logs, app, openapi))) != 1:
        give_up("routes wants one source: access logs, --app MODULE:APP, or --openapi FILE")
    if write is not None and check is not None:
        give_up("routes takes --write or --check, not both: check first, then write the file anew")
    source = Source(logs or [], app, openapi, check, most)
    source.show()
    if write is not None:
        source.write(write)
    raise typer.Exit(source.checked())
