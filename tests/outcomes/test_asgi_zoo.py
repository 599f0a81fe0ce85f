"""Nobody can notice the instrumentation: a zoo of ASGI applications, bare and instrumented, side by side."""

from __future__ import annotations

import asyncio

import pytest
from asgi_zoo import ZOO, run, scope_of
from asgiref.testing import ApplicationCommunicator

from otel_middleware import TenantFromHeader
from otel_middleware.asgi import instrument

OPTIONS = {
    "default": {},
    "everything": {
        "routes": ["/zoo"],
        "tenant": TenantFromHeader("x-tenant-id"),
        "http_capture_headers_server_response": [".*"],
        "http_capture_headers_server_request": [".*"],
        "exclude_spans": (),
        "server_response_hook": lambda *_: None,
        "metric_attributes": lambda response: {"status": response.status or 0},
    },
    "excluded": {"excluded_urls": "zoo"},
}


def compare(bare, seen):
    """All that a server can observe is the same; events and exceptions are the very objects."""
    assert seen.error is bare.error or (type(seen.error), str(seen.error)) == (type(bare.error), str(bare.error))
    assert seen.events == bare.events
    assert [type(event).__name__ for event in seen.events] == [type(event).__name__ for event in bare.events]
    assert seen.left_over == bare.left_over
    assert seen.result == bare.result
    assert seen.scope == bare.scope
    assert seen.context_kept is bare.context_kept is True


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("kind", ZOO, ids=lambda kind: kind.id)
def test_instrumented_is_as_bare(telemetry, kind, options):
    """Events, result, exception, scope and context are those of the bare application."""
    bare = run(kind.app, kind)
    app = instrument(kind.app, **telemetry.providers, **OPTIONS[options])
    compare(bare, run(app, kind))
    compare(bare, run(app, kind))


@pytest.mark.parametrize("kind", ZOO, ids=lambda kind: kind.id)
def test_each_request_is_one_span_and_one_point(telemetry, kind):
    """Whatever the application does: one server span with an outcome, one duration with the same facts, nothing active."""
    run(instrument(kind.app, **telemetry.providers, routes=["/zoo"]), kind)
    if kind.type == "lifespan":
        assert not telemetry.spans
        return

    spans = [span for span in telemetry.spans if span.kind.name == "SERVER"]
    assert len(spans) == 1
    attributes = spans[0].attributes
    if kind.type == "http":
        point = telemetry.metric("http.server.request.duration")
        assert point.count == 1
        for key in ("http.response.status_code", "error.type", "http.route"):
            assert point.attributes.get(key) == attributes.get(key)
        assert (spans[0].status.status_code.name == "ERROR") == ("error.type" in attributes)
        assert telemetry.metric("http.server.active_requests").value == 0


def test_the_zoo_is_large_enough():
    """At least 40 kinds, each with a reason."""
    assert len({kind.id for kind in ZOO}) == len(ZOO) >= 40
    assert all(kind.why for kind in ZOO)


WELL_BEHAVED = ("plain", "stream", "head", "not_modified", "echo", "trailers", "background", "answers_in_a_task")


@pytest.mark.parametrize("kind", [kind for kind in ZOO if kind.id in WELL_BEHAVED], ids=lambda kind: kind.id)
def test_asgirefs_communicator_finds_nothing(telemetry, kind):
    """The test harness of asgiref gets the bare application's messages, in order, and nothing more."""

    async def talk(app):
        communicator = ApplicationCommunicator(app, scope_of(kind))
        for message in kind.inbound or ({"type": "http.request", "body": b""},):
            await communicator.send_input(message)
        await communicator.wait(timeout=5)
        messages = []
        while not communicator.output_queue.empty():
            messages.append(communicator.output_queue.get_nowait())
        assert await communicator.receive_nothing(timeout=0.001, interval=0.001)
        return messages

    assert asyncio.run(talk(instrument(kind.app, **telemetry.providers))) == asyncio.run(talk(kind.app))
