"""How a command that cannot go on says so: one line with the remedy on the error output, no traceback."""

from __future__ import annotations

import sys
from typing import NoReturn

__all__ = ["FAILED", "USAGE", "give_up"]

FAILED, USAGE = 1, 2
"""Exit statuses: something was found or did not work; the command could not be started."""


def give_up(problem: str, status: int = USAGE) -> NoReturn:
    """Print *problem* and exit with *status*."""
    line = " ".join(problem.split())
    # Not ``sys.stderr``: the live view may have taken its place.
    print(f"otel-middleware: {line}", file=sys.__stderr__)
    sys.exit(status)
