"""The servers, each started once: tests are ordered by server, in whatever order they were collected."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
from real_servers.server_processes import Pair
from real_servers.server_table import SERVERS

HERE = Path(__file__).parent


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Put tests of one server side by side, wherever the tests of this folder stand among all others."""
    places = [place for place, item in enumerate(items) if item.path.parent == HERE]
    ours = sorted((items[place] for place in places), key=_server)
    for place, item in zip(places, ours, strict=True):
        items[place] = item


def _server(item):
    callspec = getattr(item, "callspec", None)
    return callspec.params["pair"] if callspec else ""


class Running:
    """The server that runs at present; another one takes its place."""

    def __init__(self):
        self._pair = None

    def pair(self, name):
        if self._pair is None or self._pair.name != name:
            self.stop()
            self._pair = Pair(name)
            self._pair.wait_ready()
        return self._pair

    def stop(self):
        pair, self._pair = self._pair, None
        if pair is not None:
            pair.stop()


@pytest.fixture(scope="session")
def running():
    """Whatever runs is stopped in the end."""
    running = Running()
    yield running
    running.stop()


@pytest.fixture
def pair(request, running):
    """A server's two processes, bare and instrumented."""
    if sys.platform == "win32":
        pytest.skip("needs POSIX signals and sessions")
    absent = [module for module in SERVERS[request.param].needs if importlib.util.find_spec(module) is None]
    if absent:
        pytest.skip(f"needs {absent}")
    return running.pair(request.param)
