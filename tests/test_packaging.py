"""What is shipped: the wheel has all that it needs, says what it is, and works where nothing else is installed."""

from __future__ import annotations

import configparser
import email
import subprocess
import sys
import zipfile
from importlib import import_module
from pathlib import Path

import pytest

import otel_middleware
from benchmarks.extras import EXTRAS, REQUEST, ROOT, built, fresh, install, run

PACKAGE = Path(otel_middleware.__file__).parent
IS_SOURCE = PACKAGE.parent == ROOT

pytestmark = pytest.mark.skipif(not IS_SOURCE, reason="builds from the working tree")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of the working tree."""
    folder = tmp_path_factory.mktemp("dist")
    reached = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder / "index", "hatchling"]
    if subprocess.run(reached, capture_output=True, check=False).returncode:
        pytest.skip("no package index is reached from here")
    return built(folder)


@pytest.fixture(scope="module")
def bare(wheel, tmp_path_factory):
    """The interpreter of a fresh environment with the wheel and what it needs, no extra."""
    python = fresh(tmp_path_factory.mktemp("bare"))
    install(python, wheel)
    return python


def metadata(wheel):
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return email.message_from_bytes(archive.read(name))


def test_the_wheel_has_every_file_of_the_package(wheel):
    """Modules, data files and the typed marker: what is in the tree is in the wheel, and nothing that is not ours."""
    with zipfile.ZipFile(wheel) as archive:
        shipped = {name for name in archive.namelist() if ".dist-info/" not in name}
    present = {
        path.relative_to(ROOT).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert shipped == present | {"pytest_otel_middleware.py"}
    assert {"otel_middleware/py.typed", "otel_middleware/routing/lexicon.txt"} <= shipped
    assert any(name.endswith(".html") for name in shipped)


def test_metadata_says_what_it_is(wheel):
    """One version, a licence file, a readme, and the classifiers of the interpreters that are supported."""
    told = metadata(wheel)
    version = otel_middleware.__version__

    assert (told["Name"], told["Version"]) == ("otel-middleware", version)
    assert (told["License-Expression"], told["License-File"]) == ("Apache-2.0", "LICENSE")
    assert told["Description-Content-Type"] == "text/markdown"
    assert {"Typing :: Typed", "Framework :: Pytest"} <= set(told.get_all("Classifier"))
    literal = f'"{version}"'
    sources = [path for path in [*PACKAGE.rglob("*.py"), ROOT / "pyproject.toml"] if literal in path.read_text("utf-8")]
    assert sources == [PACKAGE / "_version.py"]


def test_every_extra_is_tried_by_the_matrix(wheel):
    """``benchmarks.extras`` knows each extra that the metadata offers, and no other."""
    assert set(metadata(wheel).get_all("Provides-Extra")) == set(EXTRAS) - {""}


def test_entry_points_lead_somewhere(wheel):
    """Each names an object that exists."""
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith("/entry_points.txt")]
        points = configparser.ConfigParser()
        points.read_string(archive.read(name).decode())
    targets = [value for section in points.sections() for value in points[section].values()]

    assert len(targets) == 5
    for target in targets:
        module, _, attribute = target.partition(":")
        assert not attribute or callable(getattr(import_module(module), attribute))


def test_twine_is_content(wheel):
    """An index would take the wheel and render its readme."""
    pytest.importorskip("twine")
    done = subprocess.run(
        [sys.executable, "-m", "twine", "check", "--strict", wheel], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout


def test_the_wheel_works_in_a_bare_environment(bare):
    """Core alone, in a fresh environment: what is installed agrees, a request is served, and nothing optional is imported."""
    optional = ["opentelemetry.sdk", "yaml", "rich", "typer", "pytest", "httpx", "uvicorn"]
    told = run(
        bare,
        REQUEST
        + f"""
import importlib.metadata, importlib.util, sys
import otel_middleware.attach, otel_middleware.attach.environment_variables
assert importlib.metadata.version("otel-middleware") == otel_middleware.__version__
print([name for name in {optional!r} if name in sys.modules or importlib.util.find_spec(name)])
""",
    )

    assert told.strip() == "[]"


def test_the_command_without_its_extra_is_one_line(bare, tmp_path):
    """In a bare environment the command line says what to install."""
    done = subprocess.run(
        [bare, "-m", "otel_middleware", "demo"], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.returncode != 0
    assert "otel-middleware[cli]" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
