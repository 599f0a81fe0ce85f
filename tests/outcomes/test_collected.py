"""Responses that nobody ends: the garbage collector does, in the middle of anything."""

from __future__ import annotations

import gc
import threading
from contextvars import copy_context

import pytest
from harness import Asgi, Described, Wsgi

from otel_middleware import InferredRoutes
from otel_middleware._deferred import waiting


class Knot:
    """Holds what is given, and itself: only the collector ends it."""

    def __init__(self, held):
        self.held, self.self = held, self


def drop_wsgi(app, chunks):
    """Serve as a server that forgets ``close()`` and leaves a cycle behind."""
    protocol = Wsgi()
    body = app(protocol.request(path="/dropped"), lambda *_: None)
    for _ in range(chunks):
        next(iter(body))
    Knot(body)


def drop_asgi(app, chunks):
    """Leave a connection whose task nobody holds any more."""
    protocol = Asgi()

    async def receive():
        return {"type": "http.request"}

    class Forever:
        def __await__(self):
            yield

    async def send(message):
        if not chunks or message["type"] == "http.response.body":
            await Forever()

    running = app(protocol.request(path="/dropped"), receive, send)
    copy_context().run(running.send, None)  # as a task has a context of its own
    Knot(running)


DROPS = {"asgi": drop_asgi, "wsgi": drop_wsgi}


@pytest.fixture
def collected_by_hand():
    gc.collect()
    gc.disable()
    yield
    gc.enable()
    waiting.clear()


@pytest.mark.parametrize("chunks", [0, 1])
@pytest.mark.usefixtures("collected_by_hand")
def test_it_is_reported_with_the_next_request(protocol, telemetry, chunks):
    """While the collector runs nothing is reported; the next request reports it, once, and it counts as active until it was dropped."""
    app = protocol.module.instrument(
        protocol.build(Described(chunks=(b"o", b"k"))), routes=["/dropped", "/next"], **telemetry.providers
    )
    DROPS[protocol.name](app, chunks)
    gc.collect()
    assert not telemetry.spans
    protocol.get(app, "/next")

    assert sorted(span.name for span in telemetry.spans) == ["GET /dropped", "GET /next"]
    assert sum(point.count for point in telemetry.points("http.server.request.duration")) == 2
    assert sum(point.value for point in telemetry.points("http.server.active_requests")) == 0


@pytest.mark.usefixtures("collected_by_hand")
def test_the_collector_waits_for_no_lock(protocol, telemetry):
    """It runs on a thread that holds the lock of the learner: the request is ended without taking it."""
    routes = InferredRoutes()
    app = protocol.module.instrument(protocol.build(Described()), routes=routes, **telemetry.providers)
    DROPS[protocol.name](app, 0)

    def collect():
        with routes._lock:
            gc.collect()

    thread = threading.Thread(target=collect, daemon=True)
    thread.start()
    thread.join(20)
    assert not thread.is_alive()
    assert len(waiting) == 1


class Ended(Knot):
    """Calls what it holds when the collector ends it."""

    def __del__(self):
        self.held()


@pytest.mark.usefixtures("collected_by_hand")
def test_other_threads_go_on_meanwhile(protocol, telemetry):
    """What another thread ends while the collector runs is reported at once."""
    app = protocol.module.instrument(protocol.build(Described()), routes=["/meanwhile"], **telemetry.providers)

    def meanwhile():
        thread = threading.Thread(target=protocol.get, args=(app, "/meanwhile"))
        thread.start()
        thread.join(20)

    Ended(meanwhile)
    gc.collect()

    assert [span.name for span in telemetry.spans] == ["GET /meanwhile"]
    assert not waiting
