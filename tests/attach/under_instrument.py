"""A server started by ``opentelemetry-instrument``, in a process of its own, whose spans come back by OTLP."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from ports import free_port
from trust.collector import attributes, collecting, poll

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
INSTALLED = any(importlib.metadata.entry_points(group="opentelemetry_instrumentor", name="otel_middleware"))
UNDER_INSTRUMENT = [
    pytest.mark.skipif(not INSTALLED, reason="the entry point is what is tested: needs the package installed"),
    pytest.mark.skipif(importlib.util.find_spec("opentelemetry.distro") is None, reason="needs opentelemetry-distro"),
    pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals and sessions"),
]
KINDS = {1: "INTERNAL", 2: "SERVER", 3: "CLIENT"}


class Server:
    """A running server; ``get`` requests, ``spans`` waits for what it reports."""

    def __init__(self, process, port, log, received):
        self._process = process
        self._url, self._log, self._received = f"http://127.0.0.1:{port}", log, received

    def get(self, path, **headers):
        return httpx.get(self._url + path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def spans(self, at_least=1):
        """All spans so far as ``(kind, name, attributes, span)``, when there are as many SERVER spans."""
        self._received.wait_for(lambda received: _servers(received) >= at_least)
        return [(KINDS[span.kind], span.name, attributes(span.attributes), span) for _, span in self._received.spans]

    def end(self):
        """Have it end as a process manager does."""
        self._process.terminate()
        self._process.wait(20)

    def said(self):
        """What it has printed so far."""
        return self._log.read_text()


def _servers(received):
    return sum(KINDS[span.kind] == "SERVER" for _, span in received.spans)


@contextmanager
def serving(home, *command, **variables):
    """Run ``opentelemetry-instrument`` with *command*, in which ``{port}`` is a free port; gives the ``Server``.

    Instrumentations that nobody here needs are left out: their imports are most of the time that a server takes to start.
    """
    port, log = free_port(), home / "log"
    with collecting() as (endpoint, received), log.open("wb") as output:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")} | {
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": f"{HERE}{os.pathsep}{HERE.parents[1]}",
            "HOME": str(home),
            "OTEL_SERVICE_NAME": "shop",
            "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
            "OTEL_LOGS_EXPORTER": "none",
            "OTEL_METRICS_EXPORTER": "none",
            "OTEL_BSP_SCHEDULE_DELAY": "50",
            "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "fastapi,flask,httpx,requests,sqlite3,starlette",
            **variables,
        }
        process = subprocess.Popen(
            [BIN / "opentelemetry-instrument", *(word.format(port=port) for word in command)],
            stdout=output,
            stderr=output,
            env=environment,
            cwd=home,
            start_new_session=True,
        )
        try:
            poll(lambda: _answers(port) or _ended(process, log))
            yield Server(process, port, log, received)
        finally:
            _stop(process)


def _stop(process):
    """Ask it to end, then end it with all of its workers: by its session, which is its own."""
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _ended(process, log):
    assert process.poll() is None, log.read_text()
    return False
