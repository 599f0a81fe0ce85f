"""An environment in which nobody measures coverage: its own locks and hooks survive neither forks amid threads nor subinterpreters."""

from __future__ import annotations

import os

UNCOVERED = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
