"""``otel-middleware`` without a command: what it is, and of which version."""

from __future__ import annotations

from typing import Annotated

import typer

from otel_middleware.cli._versions import versions

__all__ = ["about"]


def _tell(asked: bool) -> None:  # noqa: FBT001 - typer's
    if asked:
        print(versions())
        raise typer.Exit


# Eager: told before a command is missed.
_VERSION = typer.Option("--version", callback=_tell, is_eager=True, help="Print this version and OpenTelemetry's.")


def about(version: Annotated[bool, _VERSION] = False) -> None:  # noqa: FBT002 - a flag
    """Framework-grade OpenTelemetry spans and metrics for any ASGI or WSGI callable."""
