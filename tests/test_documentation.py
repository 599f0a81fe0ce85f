"""The reference renders: every public name has its page, and nothing of it is a warning."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from importlib import import_module

import pytest

PUBLIC = [
    *("otel_middleware", "otel_middleware.asgi", "otel_middleware.wsgi", "otel_middleware.sdk"),
    *("otel_middleware.testing", "otel_middleware.attach", "otel_middleware.sanitization"),
]


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The reference of the public modules, by name."""
    pytest.importorskip("pdoc")
    folder = tmp_path_factory.mktemp("reference")
    command = [sys.executable, "-W", "error", "-m", "pdoc", "--docformat", "google", *PUBLIC, "-o", folder]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return {name: folder.joinpath(*name.split(".")).with_suffix(".html").read_text(encoding="utf-8") for name in PUBLIC}


@pytest.mark.parametrize("module", PUBLIC)
def test_every_public_name_is_in_the_reference(module, pages):
    """Each has a section, and no role of another docstring format is left in the text."""
    told = set(re.findall(r'<section id="([\w.]+)">', pages[module]))
    prose = re.sub(r'<div class="pdoc-code.*?</div>', "", pages[module], flags=re.DOTALL)

    assert {name for name in import_module(module).__all__ if name != "__version__"} <= told
    assert re.findall(r":(?:class|func|mod|data|meth|attr):", prose) == []


@pytest.mark.parametrize("module", PUBLIC)
def test_every_public_name_says_what_it_is(module):
    """Classes, their public methods, and functions have docstrings."""
    silent = []
    for name in import_module(module).__all__:
        value = getattr(import_module(module), name)
        if inspect.isclass(value):
            members = {f"{name}.{key}": each for key, each in vars(value).items() if not key.startswith("_")}
            documented = {name: value, **{key: each for key, each in members.items() if callable(each)}}
        else:
            documented = {name: value} if callable(value) else {}
        silent += [key for key, each in documented.items() if not inspect.getdoc(each)]

    assert silent == []
