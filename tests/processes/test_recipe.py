"""The README's recipe for worker processes, word for word, under the servers that it names."""

from __future__ import annotations

import re
import shlex
import signal
from pathlib import Path

import pytest
from otlp_stub import Collector
from server_process import NEVER, listening, on, serving

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
SECTION = README.partition("### Worker processes\n")[2].partition("\n## ")[0]
BLOCK = re.compile(r"^```python\n# (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SOON = "50"
"""Milliseconds until a batch goes out."""


@pytest.fixture
def written(tmp_path):
    """A folder with the recipe's files."""
    for name, code in BLOCK.findall(SECTION):
        (tmp_path / name).write_text(code, encoding="utf-8")
    return tmp_path


def command(server, listener):
    """The recipe's command for *server*, on *listener*."""
    [line] = re.findall(rf"^    ({server} .*)$", SECTION, re.MULTILINE)
    return on(listener, shlex.split(line))


def ask_until(collector, server, ready):
    """Ask for one order after the other until *ready*; how many were answered."""
    asked = 0
    while not ready(collector):
        assert server.get(f"/orders/{asked}") == (200, b"hello")
        asked += 1
    return asked


@pytest.mark.parametrize("kind", ["uvicorn", "gunicorn"])
def test_every_worker_exports_all_that_it_served(kind, written):
    """Two workers, two instances; every request is one span and one count, whoever answered it."""
    pytest.importorskip(kind)
    with Collector() as collector:
        listener = listening()
        environment = {**collector.environment, "OTEL_BSP_SCHEDULE_DELAY": SOON, "OTEL_METRIC_EXPORT_INTERVAL": NEVER}
        with serving(command(kind, listener), written, listener, **environment) as server:
            asked = ask_until(collector, server, lambda told: len(told.instances()) == 2)
            server.stop()

    assert collector.paths() == {f"/orders/{number}": 1 for number in range(asked)}
    assert collector.requests_counted() == asked
    assert {span.name for _, span in collector.spans} == {"GET /orders/{order_id}"}


def test_a_reload_loses_nothing(written):
    """SIGHUP replaces every worker of gunicorn's: what the old ones held is exported, and new ones export theirs."""
    pytest.importorskip("gunicorn")
    with Collector() as collector:
        listener = listening()
        environment = {**collector.environment, "OTEL_BSP_SCHEDULE_DELAY": SOON, "OTEL_METRIC_EXPORT_INTERVAL": NEVER}
        with serving(command("gunicorn", listener), written, listener, **environment) as server:
            asked = ask_until(collector, server, lambda told: len(told.instances()) == 2)
            before = collector.instances()
            server.signal(signal.SIGHUP)
            more = asked
            while len(collector.instances() - before) < 2:
                assert server.get(f"/orders/{more}") == (200, b"hello")
                more += 1
            server.stop()

    assert collector.paths() == {f"/orders/{number}": 1 for number in range(more)}
    assert collector.requests_counted() == more
