"""The command line as a person runs it: a process of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
DEADLINE = 60  # seconds

SHOP = """
async def app(scope, receive, send):
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close"})
        return
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"].endswith("shutdown"):
                return
    if scope["path"] == "/boom":
        raise KeyError("token=s3cr3tcanary")
    status = 200 if scope["path"] == "/" or scope["path"].startswith(("/orders/", "/reset/")) else 404
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


def make():
    return app
"""
CELLAR = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ["PATH_INFO"].encode("latin-1")]
"""


def environment(**more):
    """The environment of a command: no telemetry settings of ours, 80 columns, UTF-8."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    path = os.pathsep.join(filter(None, (str(ROOT), kept.get("PYTHONPATH"))))
    return {**kept, "PYTHONPATH": path, "COLUMNS": "80", "PYTHONIOENCODING": "utf-8", **more}


def run(*arguments, cwd, stdin=None, **more):
    """Run one command to its end."""
    command = [sys.executable, "-m", "otel_middleware", *arguments]
    return subprocess.run(
        command, cwd=cwd, env=environment(**more), input=stdin, capture_output=True, encoding="utf-8", timeout=DEADLINE,
        check=False,
    )  # fmt: skip


class Served:
    """A command that serves until it is told to end.

    Attributes:
        heading: Its first line on the error output.
        url: Where the application is.
        view: Where the web page is, if there is one.
        output: Both outputs, once it has ended.
        status: Its exit status, once it has ended.
    """

    def __init__(self, process, heading):
        urls = re.findall(r"http://127\.0\.0\.1:\d+", heading)
        assert urls, heading
        self.process = process
        self.heading = heading
        self.url, self.view = urls[0], urls[-1]
        self.output = self.status = None


@contextmanager
def serving(*arguments, cwd, **more):
    """Run a command that serves; ends it by Ctrl-C's signal."""
    command = [sys.executable, "-m", "otel_middleware", *arguments]
    process = subprocess.Popen(
        command, cwd=cwd, env=environment(**more), stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    )
    overdue = threading.Timer(DEADLINE, process.kill)
    overdue.start()
    try:
        lines = []
        while "http://127" not in (lines[-1] if lines else ""):
            line = process.stderr.readline()
            assert line, "".join(lines)
            lines.append(line)
        served = Served(process, lines[-1])
        yield served
        process.send_signal(signal.SIGINT)
        served.output = process.communicate(timeout=DEADLINE)
        served.status = process.returncode
    finally:
        overdue.cancel()
        if process.poll() is None:
            process.kill()
        process.communicate()
