"""The corpus once more in the modes that this process is not in: upstream reads the mode once per process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
THEMES = ["hosts", "targets", "lines", "scopes", "environs"]
"""Those whose values have other names in old conventions."""


def test_the_hostile_are_served_and_reported_in_each_mode():
    """Old conventions, and both at once: what holds of the stable ones holds of them."""
    chosen = f"everything and ({' or '.join(THEMES)})"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-k",
        chosen,
        HERE / "test_hostile_corpus.py",
    ]
    started = [
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=HERE.parent.parent,
            env={**os.environ, "OTEL_SEMCONV_STABILITY_OPT_IN": mode},
        )
        for mode in ("default", "http/dup")
    ]
    for process in started:
        said, _ = process.communicate()
        assert process.returncode == 0, said[-6000:]
