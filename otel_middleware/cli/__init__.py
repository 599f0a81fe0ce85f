"""The command line: ``otel-middleware`` and ``python -m otel_middleware``.

A thin dispatcher: each command has a module of its own, and what a command needs is imported when it runs. Everything
beyond the core is in the extra ``cli``.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from otel_middleware.cli._giving_up import FAILED, USAGE, give_up

if TYPE_CHECKING:
    import typer

__all__ = ["main"]

_REMEDY = 'pip install "otel-middleware[cli]"'


def main() -> None:
    """Run the command that the arguments name; exits with its status.

    What is wrong with the arguments is one line with the remedy and exit status 2, as is a package of the extra ``cli`` that is
    missing.
    """
    try:
        status = _commands()(prog_name="otel-middleware", standalone_mode=False)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "otel_middleware":
            raise
        give_up(f"the command line needs {error.name}, which is not installed: {_REMEDY}")
    except Exception as error:
        _told(error)
        raise
    sys.exit(status if isinstance(status, int) else 0)


def _told(error: Exception) -> None:
    """Exit as *error* asks when it is one of click's, which typer has by another name in each version."""
    kind = type(error).__name__
    if kind == "Abort":
        sys.exit(FAILED)
    if kind == "NoArgsIsHelpError":  # its message is the help
        error.show()  # type: ignore[attr-defined]
        sys.exit(USAGE)
    if callable(message := getattr(error, "format_message", None)):
        command = getattr(getattr(error, "ctx", None), "command_path", None) or "otel-middleware"
        give_up(f"{message().rstrip('.')}: see {command} --help")


def _commands() -> typer.Typer:
    import typer  # noqa: PLC0415 - of the extra ``cli``

    from otel_middleware.cli import about, demo, doctor, routes, run  # noqa: PLC0415 - the same

    commands = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    commands.callback()(about.about)
    for command in (run.run, run.view, routes.routes, doctor.doctor, demo.demo):
        commands.command()(command)
    return commands
