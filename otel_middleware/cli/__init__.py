"""The command line: ``otel-middleware`` and ``python -m otel_middleware``.

A thin dispatcher: each command has a module of its own, and what a command needs is imported when it runs. Everything
beyond the core is in the extra ``cli``.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typer

__all__ = ["main"]

_REMEDY = 'pip install "otel-middleware[cli]"'
_USAGE = 2
"""Exit status for a command that could not be started, as shells and typer have it."""


def main() -> None:
    """Run the command that the arguments name; exits with its status.

    Where a package of the extra ``cli`` is missing it prints one line with the remedy and exits with 2.
    """
    try:
        _commands()(prog_name="otel-middleware")
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package == "otel_middleware":
            raise
        print(
            f"otel-middleware: the command line needs {error.name}, which is not installed: {_REMEDY}", file=sys.stderr
        )
        sys.exit(_USAGE)


def _commands() -> typer.Typer:
    import typer  # noqa: PLC0415 - of the extra ``cli``

    from otel_middleware.cli import demo, doctor, routes, run  # noqa: PLC0415 - the same

    commands = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    commands.callback()(_about)
    for command in (run.run, run.view, routes.routes, doctor.doctor, demo.demo):
        commands.command()(command)
    return commands


def _about() -> None:
    """Framework-grade OpenTelemetry spans and metrics for any ASGI or WSGI callable."""
