"""``python -m otel_middleware``: the command line."""

from __future__ import annotations

from otel_middleware.cli import main

if __name__ == "__main__":
    main()
