"""``python -m benchmarks.extras [extra ...]``: the wheel, with each extra, in a fresh environment of its own.

Builds the wheel once; for each extra makes a virtual environment, installs the wheel with it, asks ``pip check``, imports what
the extra is for, and serves a request. Needs a package index.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
EXTRAS = (
    "",
    "sdk",
    "otlp",
    "yaml",
    "cli",
    "test",
    "servers",
    "contrib",
    "uwsgi",
    "fuzz",
    "lint",
    "types",
    "bench",
    "frameworks",
    "dev",
)

REQUEST = """
from otel_middleware import TenantFromHeader, asgi, wsgi
import asyncio, otel_middleware

def app(environ, start_response):
    start_response("200 OK", [])
    return [b"ok"]

async def bare(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})

async def send(message): sent.append(message)

environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/orders/7", "wsgi.url_scheme": "http", "SERVER_NAME": "a", "SERVER_PORT": "80"}
assert b"".join(wsgi.instrument(app, tenant=TenantFromHeader("x-tenant-id"))(environ, lambda *_: None)) == b"ok"
sent = []
scope = {"type": "http", "method": "GET", "path": "/orders/7", "query_string": b"", "headers": []}
asyncio.run(asgi.instrument(bare)(scope, None, send))
assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
assert "site-packages" in otel_middleware.__file__, otel_middleware.__file__
"""

USES = {
    "sdk": "import otel_middleware.sdk; from otel_middleware.testing import Telemetry",
    "otlp": "from otel_middleware.sdk import init_telemetry; init_telemetry(service_name='shop')",
    "yaml": "import yaml; from otel_middleware import RouteTable",
    "cli": "from otel_middleware import cli; import otel_middleware.cli.run, otel_middleware.cli.demo",
    "test": "import pytest, hypothesis, pytest_otel_middleware",
    "servers": "import gunicorn, hypercorn, cheroot, otel_middleware.attach",
    "contrib": "import opentelemetry.distro, otel_middleware.attach",
    "uwsgi": "import uwsgidecorators",
    "fuzz": "import atheris",
    "types": "import mypy",
    "bench": "import matplotlib",
    "frameworks": "import litestar, bottle",
    "dev": "import mypy, matplotlib, pytest, litestar",
}


def built(folder):
    """Build the wheel into *folder*, from the working tree; return its path."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(command, check=True)
    return next(Path(folder).glob("*.whl"))


def fresh(folder, *, newest_pip=False):
    """Make an empty virtual environment in *folder*; return its interpreter.

    The pip of Python 3.11 (23.2) finds no common version for ``contrib``, where there is one: that takes the newest.
    """
    venv.create(folder, with_pip=True, clear=True, upgrade_deps=newest_pip)
    return Path(folder) / ("Scripts" if os.name == "nt" else "bin") / "python"


def install(python, wheel, extra=""):
    """Install *wheel* with *extra* and see whether what was installed agrees."""
    target = f"otel-middleware[{extra}] @ {wheel.as_uri()}" if extra else str(wheel)
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", target], check=True)
    subprocess.run([python, "-m", "pip", "check"], check=True, stdout=subprocess.DEVNULL)


def run(python, code):
    """Run *code* outside of the working tree, with warnings as errors, and without what would point into the tree."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none"}
    done = subprocess.run(
        [python, "-W", "error", "-c", code],
        cwd=python.parent,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout


def main(extras=()):
    """Try *extras*, all of them by default; print a table, return the exit status."""
    failed = 0
    print("| extra | packages | seconds | result |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        wheel = built(folder)
        for extra in extras or EXTRAS:
            began, told, installed = time.monotonic(), "works", "-"
            try:
                python = fresh(Path(folder) / "environment", newest_pip=True)
                install(python, wheel, extra)
                run(python, REQUEST + USES.get(extra, ""))
                listed = subprocess.run(
                    [python, "-m", "pip", "list"], capture_output=True, text=True, check=True
                ).stdout
                installed = len(listed.splitlines()) - 2
            except (RuntimeError, subprocess.SubprocessError) as error:
                failed, told = 1, re.sub(r"\s+", " ", str(error))[-300:]
            print(f"| {extra or '(core)'} | {installed} | {time.monotonic() - began:.0f} | {told} |", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
