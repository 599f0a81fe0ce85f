"""A server in processes of its own, on a socket that the test keeps: what is asked before it is up waits, and nothing is polled."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from signal import SIGKILL, SIGTERM

from otlp_stub import DEADLINE

import otel_middleware

HERE = Path(__file__).parent
NEVER = str(3_600_000)
"""Milliseconds that no test lasts: what is exported in this time is exported because the process ends, or a batch is full."""


def listening():
    """A socket that children inherit."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    listener.set_inheritable(True)
    return listener


def on(listener, command):
    """*command*, of uvicorn's or gunicorn's, made to serve on *listener*."""
    number = str(listener.fileno())
    where = ["--bind", f"fd://{number}", "--no-control-socket"] if "gunicorn" in command else ["--fd", number]
    return [sys.executable, "-m", *command, *where]


class Server:
    """A running server."""

    def __init__(self, process, listener, log):
        self.process, self.listener, self.log = process, listener, log
        self.port = listener.getsockname()[1]

    def get(self, path):
        """Status and body of one request, on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        try:
            connection.request("GET", path, headers={"connection": "close"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def signal(self, number):
        """Send a signal to the parent of the workers."""
        self.process.send_signal(number)

    def stop(self):
        """Tell it to stop, and wait for that."""
        self.signal(SIGTERM)
        self.wait()

    def wait(self):
        """Wait for its end; what it logged must have no traceback."""
        self.process.wait(DEADLINE)
        logged = self.log.read_text(encoding="utf-8")
        assert "Traceback" not in logged, logged


@contextmanager
def serving(command, folder, listener, **environment):
    """Run *command* in *folder*; kills whatever is left of it at the end."""
    root = str(Path(otel_middleware.__file__).parent.parent)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    log = Path(folder) / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**clean, "PYTHONPATH": os.pathsep.join([root, *sys.path]), **environment},
            pass_fds=[listener.fileno()],
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield Server(process, listener, log)
    finally:
        with suppress(ProcessLookupError):  # all of it has ended
            os.killpg(process.pid, SIGKILL)
        process.wait(DEADLINE)
        listener.close()
