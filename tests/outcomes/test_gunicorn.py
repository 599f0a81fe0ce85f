"""The same outcomes in gunicorn's workers, which are processes of their own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from served import DEADLINE, fetch, listening, vanish

pytest.importorskip("gunicorn")
HERE = Path(__file__).parent


class Worker:
    """One gunicorn with one worker; ``told`` waits for the next span."""

    def __init__(self, kind):
        self.spans = socket.create_server(("127.0.0.1", 0))
        self.spans.settimeout(DEADLINE)
        self.listener = listening()
        self.port = self.listener.getsockname()[1]
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "--bind", f"fd://{self.listener.fileno()}", "-k", kind),
                *("--threads", "2" if kind == "gthread" else "1", "--log-level", "critical", "--chdir", str(HERE)),
                *("--no-control-socket", "gunicorn_app:app"),
            ],
            pass_fds=[self.listener.fileno()],
            env={
                **os.environ,
                "TOLD_TO": str(self.spans.getsockname()[1]),
                "PYTHONPATH": os.pathsep.join([str(HERE.parent.parent), *sys.path]),
            },
        )

    def told(self):
        connection, _ = self.spans.accept()
        with connection:
            return json.loads(b"".join(iter(lambda: connection.recv(4096), b"")))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(DEADLINE)
        self.listener.close()
        self.spans.close()


@pytest.fixture(params=["sync", "gthread"], scope="module")
def worker(request):
    """A running gunicorn."""
    running = Worker(request.param)
    yield running
    running.stop()


@pytest.mark.parametrize("path", ["/stream", "/listening"])
def test_a_client_that_vanishes_in_mid_body_is_no_error(worker, path):
    """Closing the socket is the client's own affair."""
    vanish(worker.port, path)
    assert worker.told() == [200, None, "client_disconnected"]


@pytest.mark.parametrize(
    ("path", "on_the_wire", "expected"),
    [("/", 200, [200, None, None]), ("/file", 200, [200, None, None]), ("/raises", 500, [500, "KeyError", "failed"])],
)
def test_the_span_has_the_status_that_the_client_got(worker, path, on_the_wire, expected):
    """A list, a file that goes by sendfile, an exception."""
    answer = fetch(worker.port, path)
    assert int(answer.split()[1]) == on_the_wire
    assert worker.told() == expected
    if path == "/file":
        assert (HERE / "gunicorn_app.py").read_bytes() in answer
