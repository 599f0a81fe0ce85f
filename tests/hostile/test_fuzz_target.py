"""The fuzz target runs for as long as it is asked to, and finds nothing in that time."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(find_spec("atheris") is None, reason="the extra fuzz is not installed")
def test_fuzzing_finds_nothing_in_five_seconds():
    """Both protocols at once; each tries many requests, and none of them is served or reported wrongly."""
    command = [sys.executable, "-m", "tests.hostile.fuzz", "--seconds", "5"]
    started = [
        subprocess.Popen([*command, protocol], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for protocol in ("asgi", "wsgi")
    ]
    for process in started:
        said, _ = process.communicate()
        done = re.search(r"Done (\d+) runs", said)
        assert process.returncode == 0, said[-6000:]
        assert done
        assert int(done[1]) > 10
