"""The metrics tests once more in the modes that this process is not in: upstream reads the mode once per process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.parametrize("file", ["test_metrics_beside_upstream.py", "test_beside_instrumentors.py"])
@pytest.mark.parametrize("mode", ["default", "http/dup"])
def test_it_holds_in_each_mode(mode, file):
    """What is asserted of stable conventions is true of old ones, and of both at once."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(HERE / file)],
        capture_output=True,
        text=True,
        check=False,
        cwd=HERE.parent.parent,
        env={**os.environ, "OTEL_SEMCONV_STABILITY_OPT_IN": mode},
    )
    assert done.returncode == 0, done.stdout[-6000:]
