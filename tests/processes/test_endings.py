"""How a worker ends: SIGTERM loses nothing, SIGKILL at most the batch that was not full yet."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from importlib.util import find_spec

import pytest
from otlp_stub import DEADLINE, Collector
from server_process import HERE, NEVER, listening, on, serving

SERVERS = {
    # what serves, and whether a request that is being served at SIGTERM is let end
    "uvicorn": (["uvicorn", "--log-level", "error", "ending_apps:asgi_app"], True),
    "uvicorn, two workers": (["uvicorn", "--log-level", "error", "--workers", "2", "ending_apps:asgi_app"], True),
    "gunicorn, sync": (["gunicorn", "ending_apps:wsgi_app"], True),
    "gunicorn, threads": (["gunicorn", "--threads", "2", "ending_apps:wsgi_app"], True),
    "gunicorn, preloading": (["gunicorn", "--preload", "--workers", "2", "ending_apps:wsgi_app"], True),
    "gunicorn, its ASGI worker": (["gunicorn", "-k", "asgi", "ending_apps:asgi_app"], True),
    "gunicorn, uvicorn's worker": (["gunicorn", "-k", "uvicorn.workers.UvicornWorker", "ending_apps:asgi_app"], True),
    "hypercorn in a program": (["serve_fd", "hypercorn"], True),
    "waitress in a program": (["serve_fd", "waitress"], False),
    "wsgiref in a program": (["serve_fd", "wsgiref"], False),
}


def command(server, listener):
    """What starts *server* on *listener*."""
    words, _ = SERVERS[server]
    if words[0] != "serve_fd":
        return on(listener, words)
    return [sys.executable, str(HERE / "serve_fd.py"), words[1], str(listener.fileno())]


class Gate:
    """Where ``/held`` reports that it is being served, and what it waits for."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(DEADLINE)
        self.environment = {"GATE": str(self._listener.getsockname()[1])}

    def reached(self):
        """Wait until a request is being served; closing what is returned lets it end."""
        return self._listener.accept()[0]

    def close(self):
        self._listener.close()


@pytest.fixture
def gate():
    """Holds requests."""
    made = Gate()
    yield made
    made.close()


def environment_of(server, collector, gate):
    named = {"PYTHONWARNINGS": "ignore::DeprecationWarning"} if "uvicorn's worker" in server else {}
    path = {"PYTHONPATH": os.pathsep.join([str(HERE), *sys.path])}
    held = {"OTEL_BSP_SCHEDULE_DELAY": NEVER, "OTEL_METRIC_EXPORT_INTERVAL": NEVER}
    return {**collector.environment, **gate.environment, **held, **named, **path}


def need(server):
    words = SERVERS[server][0]
    pytest.importorskip(words[1] if words[0] == "serve_fd" else words[0])
    if "-k" in words and words[words.index("-k") + 1] == "asgi" and not find_spec("gunicorn.workers.gasgi"):
        pytest.skip("this gunicorn has no ASGI worker")


@pytest.mark.parametrize("server", SERVERS)
def test_sigterm_loses_nothing(server, gate, tmp_path):
    """Nothing is exported before SIGTERM, everything after it, once each: what was served, and what the server still let end."""
    need(server)
    with Collector() as collector:
        listener = listening()
        with serving(
            command(server, listener), tmp_path, listener, **environment_of(server, collector, gate)
        ) as running:
            drains = SERVERS[server][1]
            expected = [f"/{number}" for number in range(8)]
            for path in expected:
                assert running.get(path)[0] == 200
                if not drains:
                    gate.reached().close()
            assert collector.spans == []
            if drains:
                expected.append("/held")
                assert terminated_during(running, gate) == [200]
                running.wait()
            else:
                running.stop()

    assert collector.paths() == dict.fromkeys(expected, 1)
    assert collector.requests_counted() == len(expected)


def terminated_during(running, gate):
    """Ask for what is being served while SIGTERM arrives; the statuses that were answered."""
    statuses = []
    asking = threading.Thread(target=lambda: statuses.append(running.get("/held")[0]))
    asking.start()
    held = gate.reached()
    running.signal(signal.SIGTERM)
    held.close()
    asking.join(DEADLINE)
    return statuses


@pytest.mark.parametrize("server", ["uvicorn, two workers", "waitress in a program"])
def test_a_collector_that_hangs_does_not_keep_a_worker(server, gate, tmp_path):
    """What is terminated gives its exporters up when their time is over, and ends."""
    need(server)
    let_go = threading.Event()
    with Collector() as collector:
        collector.behave = lambda _handler: let_go.wait(DEADLINE)
        listener = listening()
        environment = environment_of(server, collector, gate) | {"OTEL_EXPORTER_OTLP_TIMEOUT": "1"}
        with serving(command(server, listener), tmp_path, listener, **environment) as running:
            assert running.get("/")[0] == 200
            if not SERVERS[server][1]:
                gate.reached().close()
            running.signal(signal.SIGTERM)
            running.process.wait(DEADLINE)
        let_go.set()

    assert collector.asked
    assert collector.spans == []


def test_sigkill_loses_at_most_what_was_not_exported(gate, tmp_path):
    """Full batches have arrived, the rest of the killed worker's is lost; its successor exports all of its own."""
    pytest.importorskip("gunicorn")
    with Collector() as collector:
        listener = listening()
        environment = environment_of("", collector, gate) | {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "10"}
        with serving(command("gunicorn, sync", listener), tmp_path, listener, **environment) as running:
            workers = {running.get(f"/full/{number}") for number in range(10)}
            collector.wait_for(lambda told: len(told.spans) == 10)
            workers |= {running.get(f"/lost/{number}") for number in range(3)}
            [(_, worker)] = workers
            os.kill(int(worker), signal.SIGKILL)
            successors = {running.get(f"/after/{number}") for number in range(4)}
            running.stop()

    assert worker not in {body for _, body in successors}
    expected = [*(f"/full/{number}" for number in range(10)), *(f"/after/{number}" for number in range(4))]
    assert collector.paths() == dict.fromkeys(expected, 1)
