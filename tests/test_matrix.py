"""The matrix of versions asks for what the metadata promises, and tells what it found."""

from __future__ import annotations

import zipfile
from importlib.metadata import distribution

import pytest

from benchmarks import matrix


@pytest.fixture
def wheel(tmp_path):
    """A wheel with this distribution's metadata, and nothing else."""
    path = tmp_path / "otel_middleware-0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("otel_middleware-0.dist-info/METADATA", distribution("otel-middleware").read_text("METADATA"))
    return path


def test_lowest_upstream_is_the_lower_bound_of_the_metadata(wheel):
    """Every package of upstream's that core needs is held at its bound, a beta exactly, a release with its patches."""
    held = dict(line.split("==") for line in matrix.lowest_upstream(wheel))
    bounds = {name: bound for (name, _), bound in matrix.requirements(wheel).items()}

    for name in ("opentelemetry-api", "opentelemetry-instrumentation-asgi", "opentelemetry-instrumentation-wsgi"):
        assert held[name].removesuffix(".*") == bounds[name]
        assert held[name].endswith(".*") is ("b" not in bounds[name])
    assert all(name.startswith("opentelemetry") for name in held)


def test_every_supported_python_has_cells():
    """Each Python of the classifiers is run with upstream at its lower bound and at its newest."""
    classifiers = distribution("otel-middleware").metadata.get_all("Classifier")
    supported = {line.rpartition(":: ")[2] for line in classifiers if ":: Python :: 3." in line}

    assert {cell.python for cell in matrix.CELLS} == supported
    for python in supported:
        assert {cell.upstream for cell in matrix.CELLS if cell.python == python} >= {"lowest", "newest"}


def test_what_was_not_run_or_failed_is_told():
    """A table that hides nothing: a cell that could not be run and a test that failed have a line each."""
    cell = {"python": "3.10", "upstream": "main", "frameworks": "newest", "artifact": "wheel"}
    failed = {
        **cell,
        "passed": 1,
        "failed": 1,
        "failures": ["tests/test_spans.py::test_x"],
        "versions": {},
        "check": "",
    }
    told = matrix.table([{**cell, "not run": "no git"}, failed])

    assert "Not run: 3.10, main, newest: no git" in told
    assert "tests/test_spans.py::test_x" in told


def test_results_are_kept_cell_by_cell(tmp_path, monkeypatch):
    """A run of some cells replaces what was known of those, and of no other."""
    monkeypatch.setattr(matrix, "RESULT", tmp_path / "matrix.json")
    first, second = ({**cell._asdict(), "passed": 1, "date": "then", "commit": "a"} for cell in matrix.CELLS[:2])
    matrix.keep([first, second])
    matrix.keep([{**second, "passed": 2, "date": "now", "commit": "b"}])

    told = matrix.report()
    assert "then, commit a" in told
    assert "now, commit b" in told
    assert matrix.RESULT.read_text(encoding="utf-8").count('"passed"') == 2
