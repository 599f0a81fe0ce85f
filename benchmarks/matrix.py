"""``python -m benchmarks matrix``: the built wheel and sdist under each Python, old and new upstream, old and new frameworks.

Each cell is an environment of its own, made by uv. The package comes from what was built; the tests are copied away from the
checkout, so that nothing else can be imported. What cannot be had here (an interpreter, upstream's main) is said, not faked.
"""

from __future__ import annotations

import argparse
import email
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import venv
import zipfile
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from benchmarks import tables

ROOT = Path(__file__).resolve().parents[1]
RESULT = Path(__file__).with_name("results") / "matrix.json"
GITHUB = "https://github.com/open-telemetry"
TESTS = ("frameworks", "trust")
LEFT_OUT = {
    "test_architecture.py": "reads the checkout",
    "test_benchmarks.py": "measures",
    "test_demo.py": "is of the command line",
    "test_documentation.py": "is of the newest pdoc",
    "test_matrix.py": "is of this",
    "test_packaging.py": "builds",
    "test_readme.py": "reads the checkout",
    "test_recipes.py": "reads the checkout",
}
BROKEN = {
    "tests/frameworks/test_ravyn_asgi.py": "Ravyn 0.2 fails by itself on the Lilya that it takes",
    "tests/frameworks/test_django_asgi.py": "Django 4.2 fails by itself with coroutine views on today's asgiref",
    "tests/frameworks/test_channels_asgi.py::test_each_protocol_is_asked_on_its_own[a root path]": "Channels 4.0 answers otherwise",
    "tests/frameworks/test_blacksheep_asgi.py": "BlackSheep 2.0 keeps the root path, and tells less of mounts",
}
"""What is left out with the oldest frameworks, and why."""

FORGIVEN = (
    "DeprecationWarning",
    "PendingDeprecationWarning",
    "ResourceWarning",
    "pytest.PytestUnraisableExceptionWarning",
)
"""What old releases warn of on newer Pythons and beside newer packages; with newest ones every warning is an error."""

PYTEST = ("-n2", "--dist=worksteal", "-rfE", "--continue-on-collection-errors", "--no-header", "--tb=short")
EXTRAS = ("test", "frameworks", "servers")
TOOLS = re.compile(r"pytest|hypothesis|rich|typer|opentelemetry|otel-middleware|gunicorn")
SHOWN = (
    "opentelemetry-api",
    "opentelemetry-instrumentation-asgi",
    "starlette",
    "fastapi",
    "django",
    "flask",
    "litestar",
)


class Cell(NamedTuple):
    """One environment."""

    python: str
    upstream: str
    frameworks: str
    artifact: str


CELLS = (
    Cell("3.10", "lowest", "oldest", "wheel"),
    Cell("3.10", "newest", "newest", "sdist"),
    Cell("3.11", "lowest", "newest", "sdist"),
    Cell("3.11", "newest", "oldest", "wheel"),
    Cell("3.12", "lowest", "newest", "wheel"),
    Cell("3.12", "newest", "newest", "wheel"),
    Cell("3.13", "lowest", "newest", "wheel"),
    Cell("3.13", "newest", "newest", "sdist"),
    Cell("3.13", "main", "newest", "wheel"),
)

MAIN = {
    "opentelemetry-python": (
        *("opentelemetry-api", "opentelemetry-sdk", "opentelemetry-semantic-conventions", "opentelemetry-proto"),
        *("exporter/opentelemetry-exporter-otlp-common", "exporter/opentelemetry-exporter-otlp-proto-common"),
        *("exporter/opentelemetry-exporter-otlp-proto-http", "exporter/opentelemetry-exporter-http-transport"),
    ),
    "opentelemetry-python-contrib": (
        *("opentelemetry-instrumentation", "util/opentelemetry-util-http"),
        *(f"instrumentation/opentelemetry-instrumentation-{name}" for name in ("asgi", "wsgi", "httpx", "requests")),
    ),
}
"""Where upstream's packages stand in its two repositories."""


def asked(*command, **options):
    """Return what a command prints; its complaint is the error."""
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, **{"timeout": 900, **options}
    )
    if done.returncode:
        raise RuntimeError(re.sub(r"\s+", " ", done.stderr or done.stdout)[-600:])
    return done.stdout


def uv_in(folder):
    """Return uv: the one that is installed, else one of our own."""
    found = shutil.which("uv")
    if found:
        return found
    venv.create(folder / "uv", with_pip=True)
    asked(folder / "uv" / "bin" / "pip", "install", "--quiet", "uv")
    return folder / "uv" / "bin" / "uv"


def interpreter(version):
    """Return the path of a Python of *version*: of pyenv, or on the path."""
    home = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for candidate in [*sorted(home.glob(f"{version}.*/bin/python"), reverse=True), shutil.which(f"python{version}")]:
        if candidate and not subprocess.run([candidate, "-c", ""], capture_output=True, check=False).returncode:
            return candidate
    raise RuntimeError(f"no Python {version} on this machine")


def requirements(wheel):
    """Return what the wheel asks for: name and extras of a package, and its lowest version."""
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        lines = email.message_from_bytes(archive.read(name)).get_all("Requires-Dist")
    extras = "test|cli|otlp|sdk|yaml|frameworks|servers"
    needed = re.compile(rf"([\w.-]+)(\[\w+\])?>=([\w.]+)(?:; extra == '(?:{extras})')?")
    return {(m[1], m[2] or ""): m[3] for m in map(needed.fullmatch, lines) if m}


def lowest_upstream(wheel):
    """Return constraints: upstream at the lower bounds."""
    return [
        f"{name}=={bound}.*" if "b" not in bound else f"{name}=={bound}"
        for (name, _), bound in requirements(wheel).items()
        if name.startswith("opentelemetry")
    ]


def oldest_frameworks(uv, wheel, python):
    """Return constraints: the oldest series of frameworks and servers that are allowed and go together, each in its last release."""
    asked_for = {pair: bound for pair, bound in requirements(wheel).items() if not TOOLS.match(pair[0])}
    lines = "\n".join(f"{name}{extra}>={bound}" for (name, extra), bound in asked_for.items())
    command = [uv, "pip", "compile", "--quiet", "--resolution", "lowest-direct", "--python", python, "-"]
    settled = asked(*command, input=lines)
    names = {re.sub(r"[-_.]+", "-", name).lower() for name, _ in asked_for}
    series = re.findall(r"^([\w-]+)(?:\[\w+\])?==(\d+(?:\.\d+)?)", settled, re.MULTILINE)
    return [f"{name}=={version}.*" for name, version in series if name in names]


def main_of_upstream(place):
    """Return requirements: upstream's packages from git; *place* holds its two repositories."""
    return [
        f"{folder.rpartition('/')[2]} @ git+{place}/{repository}#subdirectory={folder}"
        for repository, folders in MAIN.items()
        for folder in folders
    ]


def installed(uv, cell, built, folder, place):
    """Make the environment of *cell*; return its interpreter."""
    base = interpreter(cell.python)
    asked(uv, "venv", "--quiet", "--clear", "--seed", "--python", base, folder)
    python = folder / "bin" / "python"
    wheel = next(built.glob("*.whl"))
    artifact = wheel if cell.artifact == "wheel" else next(built.glob("*.tar.gz"))
    constraints = lowest_upstream(wheel) if cell.upstream == "lowest" else []
    constraints += oldest_frameworks(uv, wheel, base) if cell.frameworks == "oldest" else []
    (folder / "constraints.txt").write_text("\n".join(constraints))
    wanted = [f"otel-middleware[{','.join(EXTRAS)}] @ {artifact.as_uri()}", "pytest-xdist"]
    wanted += main_of_upstream(place) if cell.upstream == "main" else []
    # Upstream's own tables of sources lead to GitHub, wherever its repositories were asked to be taken from.
    asked(
        uv,
        "pip",
        "install",
        "--quiet",
        "--no-sources",
        "--python",
        python,
        "--constraint",
        folder / "constraints.txt",
        *wanted,
    )
    return python


def copied(folder):
    """Copy the tests that are run away from the checkout; return where they are."""
    names = [path.name for path in (ROOT / "tests").glob("*.py") if path.name not in LEFT_OUT]
    for name in chain(names, TESTS):
        source, target = ROOT / "tests" / name, folder / "tests" / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", *LEFT_OUT))
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def tested(python, cell, tests):
    """Run the tests of *cell*; return figures and the names of those that failed."""
    newest = cell.upstream != "lowest" and cell.frameworks == "newest"
    lenient = [] if newest else [word for warning in FORGIVEN for word in ("-W", f"ignore::{warning}")]
    left_out = [f"--deselect={test}" for test in BROKEN] if cell.frameworks == "oldest" else []
    environment = {
        name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "OTEL_SEMCONV_STABILITY_OPT_IN")
    }
    where = asked(python, "-c", "import otel_middleware; print(otel_middleware.__file__)", cwd=tests, env=environment)
    if "site-packages" not in where:
        raise RuntimeError(f"imported from {where}")
    done = subprocess.run(
        [python, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", *PYTEST, *lenient, *left_out, "tests"],
        cwd=tests, env=environment, capture_output=True, text=True, check=False, timeout=1_200,
    )  # fmt: skip
    (python.parent.parent / "pytest.txt").write_text(done.stdout + done.stderr)
    figures = {
        word: int(count)
        for count, word in re.findall(r"(\d+) (passed|failed|skipped|error)", done.stdout.splitlines()[-1])
    }
    return figures | {"failures": re.findall(r"^(?:FAILED|ERROR) (tests/.*)", done.stdout, re.MULTILINE)}


def run(uv, cell, built, folder, tests, place):
    """Return all that is found out of one cell."""
    began, row = time.monotonic(), cell._asdict()
    try:
        python = installed(uv, cell, built, folder, place)
        listed = json.loads(asked(uv, "pip", "list", "--quiet", "--format", "json", "--python", python))
        versions = {package["name"].lower(): package["version"] for package in listed}
        row["versions"] = {name: versions.get(name, "-") for name in SHOWN}
        row["check"] = asked(python, "-m", "pip", "check").strip()
        row |= tested(python, cell, tests)
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        row["not run"] = str(error)
    return row | {"seconds": round(time.monotonic() - began)}


def table(rows):
    """Return the Markdown of *rows*, and a line for each that could not be run or failed."""
    head = [
        "Python, upstream, frameworks",
        "from",
        "upstream",
        "Starlette",
        "FastAPI",
        "Django",
        "Flask",
        "pip check",
        "passed",
        "skipped",
        "failed",
    ]
    lines, cells = [], []
    for row in rows:
        name = f"{row['python']}, {row['upstream']}, {row['frameworks']}"
        told = row.get("versions", {})
        shown = [
            told.get(package, "-")
            for package in ("opentelemetry-instrumentation-asgi", "starlette", "fastapi", "django", "flask")
        ]
        agrees = {"No broken requirements found.": "clean"}.get(row.get("check"), "-")
        failed = row.get("failed", 0) + row.get("error", 0)
        cells.append(
            [
                name,
                row["artifact"],
                *shown,
                agrees,
                row.get("passed", "-"),
                row.get("skipped", 0),
                failed if "passed" in row else "-",
            ]
        )
        lines += [f"Not run: {name}: {row['not run']}"] if "not run" in row else []
        lines += [f"Failed under {name}: `{failure}`" for failure in row.get("failures", ())]
    return "\n\n".join([tables.table(head, cells), *lines])


def report(*, quick=False):  # noqa: ARG001 - as every report
    """Return the Markdown of the matrix as it was last run; it is not run for a report."""
    if not RESULT.exists():
        return "Not run: `python -m benchmarks matrix`."
    rows = json.loads(RESULT.read_text(encoding="utf-8"))
    built = sorted({f"{row['date']}, commit {row['commit']}" for row in rows})
    said = f"The tests of the core and of {', '.join(TESTS)}, copied away from the checkout, against what was built from it."
    broken = (
        "Left out with the oldest frameworks: " + "; ".join(f"`{test}`: {why}" for test, why in BROKEN.items()) + "."
    )
    return f"By `python -m benchmarks matrix`; {'; '.join(built)}. {said}\n\n{table(rows)}\n\n{broken}"


def keep(rows):
    """Keep what was found out; of a cell that was not run now, what was known of it."""
    known = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else []
    found = {Cell(*(row[key] for key in Cell._fields)): row for row in [*known, *rows]}
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps([found[cell] for cell in CELLS if cell in found], indent=1) + "\n", encoding="utf-8")


def main(argv=None):
    """Run the matrix, print its table, keep its result; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks matrix", description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="run the cells whose name has this in it: 3.12, lowest, sdist, ...")
    parser.add_argument("--main", default=GITHUB, help="where upstream's two repositories are, for git")
    parser.add_argument("--keep", type=Path, help="a folder for the environments, which then stay")
    options = parser.parse_args(argv)
    from benchmarks import report as reporting  # noqa: PLC0415 - it draws, which this does not need

    chosen = [cell for cell in CELLS if options.only in " ".join(cell)]
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        uv = uv_in(folder)
        asked(uv, "build", "--quiet", "--clear", "--out-dir", folder / "dist", ROOT)
        shutil.rmtree(folder / "copy", ignore_errors=True)
        tests = copied(folder / "copy")
        rows = []
        built = {"date": reporting.today(), "commit": reporting.commit()}
        for cell in chosen:
            rows.append(run(uv, cell, folder / "dist", folder / "-".join(cell), tests, options.main) | built)
            keep(rows[-1:])
            print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    print(table(rows))
    return int(any(row.get("failed") or row.get("error") for row in rows))


if __name__ == "__main__":
    sys.exit(main())
