"""One server in two processes: one serves the bare application, the other the instrumented one, whose spans come back."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from ports import free_port
from real_servers.contract import told_of
from real_servers.server_table import SERVERS
from real_servers.wire import DEADLINE, HELD

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
COMPLAINTS = (
    *("ended span", "Failed to detach", "on an ended", "already been created", "Invalid type", "settling a request"),
    *("it is not counted", "it is not noted", "without telemetry", ": ignored"),
)
"""What neither the SDK nor we may log while a server serves."""


class Process:
    """A running server; its output is kept."""

    def __init__(self, server, app, home, **variables):
        self.port = free_port()
        self._log = Path(home) / f"{app.replace(':', '-')}.log"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                [word.format(port=self.port, app=f"real_servers.{app}") for word in server.command],
                stdout=output,
                stderr=output,
                cwd=home,
                start_new_session=True,
                env=environment
                | {
                    "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
                    "PYTHONPATH": f"{HERE.parent}{os.pathsep}{HERE.parents[1]}",
                    "HOME": str(home),
                    **variables,
                },
            )

    def wait_ready(self):
        """Wait until its port answers."""
        deadline, pause = time.monotonic() + 30, threading.Event()
        while not _answers(self.port):
            assert self._process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            pause.wait(0.02)
        assert self._process.poll() is None, self.said()

    def said(self):
        """All that it has printed."""
        return self._log.read_text(errors="replace")

    def stop(self):
        """Ask it to end, then end it with all of its workers: by its session, which is its own."""
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


class Pair:
    """One server's two processes."""

    def __init__(self, name):
        self.name, self.server = name, SERVERS[name]
        self._home = tempfile.TemporaryDirectory(prefix="srv")  # short: a Unix socket's path is
        self._told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        told_to = str(Path(self._home.name) / "told")
        self._told.bind(told_to)
        self._told.settimeout(DEADLINE)
        self._traces = 0
        self.late = []
        """Spans that arrive only when the server is stopped, as ``Told``."""
        protocol = self.server.protocol
        self.bare = Process(self.server, f"driven_{protocol}:app", self._home.name)
        self.instrumented = Process(self.server, f"driven:{protocol}_app", self._home.name, TOLD_TO=told_to)

    def wait_ready(self):
        self.bare.wait_ready()
        self.instrumented.wait_ready()

    def trace_id(self):
        """A new one; later ones are greater."""
        self._traces += 1
        return f"{self._traces:032x}"

    def spans(self, number):
        """The next *number* spans that arrive, as the SDK spells them in JSON; by trace, then by start."""
        try:
            arrived = [json.loads(self._told.recv(1 << 17)) for _ in range(number)]
        except TimeoutError:
            raise AssertionError(f"a span is missing; the server said: {self.instrumented.said()[-3000:]}") from None
        return sorted(arrived, key=lambda span: (span["context"]["trace_id"], span["start_time"]))

    def stop(self):
        """Stop both; nothing may have arrived that no test has asked for, and nobody may have complained."""
        while HELD:
            HELD.pop().close()
        self.bare.stop()
        self.instrumented.stop()
        more = self._left()
        said = self.instrumented.said()
        self._home.cleanup()
        late = sorted(map(str, told_of(more)))
        assert late == sorted(map(str, self.late)), (self.name, late)
        assert not [line for line in said.splitlines() if any(word in line for word in COMPLAINTS)]

    def _left(self):
        """What has arrived and nobody has asked for."""
        spans = []
        self._told.setblocking(False)
        with self._told, contextlib.suppress(BlockingIOError):
            while True:
                spans.append(json.loads(self._told.recv(1 << 17)))
        return spans


def _answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
