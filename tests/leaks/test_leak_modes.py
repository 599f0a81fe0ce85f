"""The leak tests once more in the modes that this process is not in: upstream reads the mode once per process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.parametrize("mode", ["default", "http/dup"])
def test_nothing_leaks_in_each_mode(mode):
    """Old conventions have more places for a secret, and leak in none of them."""
    files = [str(HERE / name) for name in ("test_leaks.py", "test_forged_input.py")]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files],
        capture_output=True,
        text=True,
        check=False,
        cwd=HERE.parent.parent,
        env={**os.environ, "OTEL_SEMCONV_STABILITY_OPT_IN": mode},
    )
    assert done.returncode == 0, done.stdout[-6000:]
