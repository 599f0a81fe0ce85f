"""The README tells the truth: its code runs, its commands are there, its tables name what exists."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import otel_middleware
from otel_middleware import _attributes, asgi, wsgi

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"(?:<!-- (continues|needs (\w+)) -->\n)?^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def chains():
    """Every python block, joined with those that continue it, each with the number of its first line.

    Those that need a package which the extra ``test`` has not are driven in ``test_recipes``.
    """
    found = []
    for block in BLOCK.finditer(README):
        line = README.count("\n", 0, block.start(3)) + 1
        if block[1] == "continues":
            found[-1][1] += "\n" + block[3]
        elif not block[2]:
            found.append([line, block[3]])
    return [pytest.param(code, id=f"line {line}") for line, code in found]


@pytest.mark.parametrize("code", chains())
def test_code_of_the_readme_runs(code):
    """Every python block runs in a process of its own, without an error or a warning."""
    environment = {**os.environ, "OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none"}
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    for printed, promised in zip(done.stdout.splitlines(), re.findall(r"print\(.*\)  # (.*)", code), strict=True):
        assert promised.startswith(printed)


RECORDING = """
from opentelemetry import trace as _trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

_spans = InMemorySpanExporter()
_trace.set_tracer_provider(TracerProvider())
_trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(_spans))
"""
CALL_WSGI = """
environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "wsgi.url_scheme": "http", "SERVER_NAME": "a", "SERVER_PORT": "80"}
body = app(environ, lambda status, headers, exc_info=None: None)
list(body), getattr(body, "close", list)()
executor.shutdown()
"""
CALL_ASGI = """
async def _ignore(message): pass
async def _drive():
    working = asyncio.create_task(worker())
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}
    await app(scope, None, _ignore)
    while len(_spans.get_finished_spans()) < 2:
        await asyncio.sleep(0.001)
    working.cancel()
asyncio.run(_drive())
"""
TELL = """
_names = {span.context.span_id: span.name for span in _spans.get_finished_spans()}
for span in _spans.get_finished_spans():
    print(span.name, "under", _names[span.parent.span_id] if span.parent else None)
"""


@pytest.mark.parametrize(
    ("hazard", "call", "child"),
    [
        ("**Executors and threads**", CALL_WSGI, "work"),
        ("**Fire-and-forget tasks after the response.**", CALL_ASGI, "send_mail"),
    ],
    ids=["executor", "queue"],
)
@pytest.mark.parametrize("remedy", [True, False], ids=["bound", "unbound"])
def test_remedies_against_lost_context_work(hazard, call, child, remedy):
    """With ``bound`` the span is a child of the request's; without it a root, which is the hazard."""
    code = BLOCK.search(README, README.index(hazard))[3]
    code = code if remedy else re.sub(r"bound\((\w+)\)", r"\1", code)
    done = subprocess.run(
        [sys.executable, "-c", RECORDING + code + call + TELL], capture_output=True, text=True, timeout=60, check=False
    )

    assert f"{child} under {'GET /' if remedy else None}" in done.stdout.splitlines(), done.stderr


def test_options_table_is_complete():
    """The options table names every option of both ``instrument`` functions, and no other."""
    table = README.partition("## Options\n")[2].partition("\n## ")[0]
    cells = " ".join(line.split(" | ")[0] for line in table.splitlines() if line.startswith("| `"))
    told = set(re.findall(r"`(\w+)", cells))
    kinds = inspect.Parameter.KEYWORD_ONLY
    real = {
        name
        for module in (asgi, wsgi)
        for name, parameter in inspect.signature(module.instrument).parameters.items()
        if parameter.kind is kinds
    }

    assert told == real


def test_attributes_table_names_what_is_written():
    """Every ``otel_middleware.`` attribute of the code is in the attributes table, websockets' together."""
    table = README.partition("## Attributes\n")[2].partition("\n## ")[0]
    ours = {
        value for name, value in vars(_attributes).items() if name.isupper() and value.startswith("otel_middleware.")
    }
    missing = [name for name in ours if not name.startswith("otel_middleware.websocket.") and f"`{name}`" not in table]

    assert missing == []
    assert "`otel_middleware.websocket.*`" in table


def test_every_dependency_has_its_range_and_reason():
    """The security section's table has the dependencies of the package, each with the range that is declared."""
    table = README.partition("\n## Security\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if " | >=" in line]
    told = {f"{name}{bounds}" for names, bounds, reason in rows for name in names.split(", ") if reason}
    project = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    declared = project.partition("\ndependencies = [\n")[2].partition("]")[0]

    assert told == set(re.findall(r'"(.+)"', declared))


def test_environment_variables_exist():
    """Every variable of the table is one that the code or upstream reads."""
    table = README.partition("## Environment variables\n")[2].partition("\n**")[0]
    package = Path(otel_middleware.__file__).parent
    source = "".join(path.read_text(encoding="utf-8") for path in package.rglob("*.py"))
    abbreviated = {f"OTEL_PYTHON_{protocol}_EXCLUDED_URLS" for protocol in ("ASGI", "WSGI")}

    unknown = set(re.findall(r"OTEL_\w+", table)) - abbreviated - set(re.findall(r"OTEL_\w+", source))
    assert unknown == set()


def test_two_commands_are_the_promised_ones():
    """The two commands are there, each on one line: one that runs the demo, one that runs the tests."""
    commands = re.findall(r"^    (python -m venv .*)$", README, re.MULTILINE)

    assert commands == [
        "python -m venv .venv && .venv/bin/pip install '.[cli]' && .venv/bin/python -m otel_middleware demo",
        "python -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/python -m pytest -n 4 --dist loadfile",
    ]


def test_the_test_command_is_what_ci_runs():
    """CI measures coverage around the very arguments that the README gives."""
    [arguments] = re.findall(r"python -m pytest (.*)$", README, re.MULTILINE)
    script = (Path(__file__).parents[1] / ".ci" / "run").read_text(encoding="utf-8")

    assert f"-m pytest {arguments}" in script.replace("-m pytest -q ", "-m pytest ")


def test_costs_are_those_of_the_last_run():
    """The table of costs is that of ``benchmarks/RESULTS.md``, row by row."""
    results = (Path(__file__).parent.parent / "benchmarks" / "RESULTS.md").read_text(encoding="utf-8")
    results = results.partition("\n## Goals\n")[2].partition("\n## ")[0]
    measured = re.findall(
        r"^\| (.+?) +\| +[\d.]+ \| +([\d.]+) \| +[\d.]+ \| +([\d.]+) \| +[\d.]+ \| +\w+ \|$", results, re.MULTILINE
    )
    told = README.partition("\n## Cost\n")[2].partition("\n## ")[0]

    assert len(measured) == 9
    assert re.findall(r"^\| (.+?) \| ([\d.]+) \| ([\d.]+) \|$", told, re.MULTILINE) == measured
