"""The three hazards of asynchronous and threaded code, and what carries the request's context over them."""

from __future__ import annotations

import asyncio
import functools
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from asgi_zoo import Kind, Server, body, run, scope_of, start
from harness import Described
from opentelemetry import context as otel_context
from opentelemetry import trace

from otel_middleware import bound, server_span
from otel_middleware.asgi import instrument


def work(telemetry):
    """What is done elsewhere: one span, and the server span as it is seen there."""
    with telemetry.tracer_provider.get_tracer("app").start_as_current_span("work"):
        return server_span()


def is_child(telemetry):
    child = next(span for span in telemetry.spans if span.name == "work")
    return child.parent is not None and child.parent.span_id == telemetry.request().context.span_id


@pytest.mark.parametrize("carried", [True, False])
def test_executors_need_bound(protocol, telemetry, carried):
    """A thread of an executor starts a new trace, unless its work is bound; its own context is as it was afterwards."""
    kept = []

    def inside(_carrier):
        with ThreadPoolExecutor(1) as executor:
            call = bound(work) if carried else work
            assert (executor.submit(call, telemetry).result() is trace.get_current_span()) == carried
            kept.append(executor.submit(otel_context.get_current).result())

    protocol.get(protocol.module.instrument(protocol.build(Described(inside=inside)), **telemetry.providers), "/")

    assert is_child(telemetry) == carried
    assert kept == [{}]


def test_threads_need_bound(protocol, telemetry):
    """A thread is the same, and several calls of one bound callable do not disturb each other."""

    def inside(_carrier):
        threads = [threading.Thread(target=bound(work), args=(telemetry,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    protocol.get(protocol.module.instrument(protocol.build(Described(inside=inside)), **telemetry.providers), "/")

    server = telemetry.request()
    assert [span.parent.span_id for span in telemetry.spans if span.name == "work"] == [server.context.span_id] * 4


@pytest.mark.parametrize("carried", [True, False])
def test_tasks_of_a_worker_need_bound(telemetry, carried):
    """What a queue's worker runs later has the worker's context, unless it is bound; the server span has ended by then."""

    async def later():
        assert telemetry.requests != []
        work(telemetry)

    async def main():
        queue = asyncio.Queue()

        async def worker():
            await (await queue.get())()
            assert trace.get_current_span() is trace.INVALID_SPAN

        async def app(scope, receive, send):
            await send(start())
            await send(body())
            await queue.put(bound(later) if carried else later)

        running = asyncio.create_task(worker())
        served = instrument(app, **telemetry.providers)
        await served(*called(app))
        await running

    asyncio.run(main())
    assert is_child(telemetry) == carried


def called(app):
    server = Server()
    return scope_of(Kind(app, "")), server.receive, server.send


def test_tasks_and_threads_of_asyncio_need_nothing(telemetry):
    """``create_task`` and ``to_thread`` carry the context by themselves, also past the response."""
    tasks = []

    async def app(scope, receive, send):
        await asyncio.to_thread(work, telemetry)
        await send(start())
        await send(body())
        tasks.append(asyncio.create_task(asyncio.to_thread(work, telemetry)))
        await tasks[0]

    run(instrument(app, **telemetry.providers), Kind(app, ""))
    server = telemetry.request()
    assert [span.parent.span_id for span in telemetry.spans if span.name == "work"] == [server.context.span_id] * 2


class Later:
    """An object whose call is asynchronous."""

    async def __call__(self, telemetry):
        await asyncio.sleep(0)
        work(telemetry)

    async def method(self, telemetry):
        await asyncio.sleep(0)
        work(telemetry)


@pytest.mark.parametrize(
    "callable_", [Later(), Later().method, functools.partial(Later().method)], ids=["object", "method", "partial"]
)
def test_asynchronous_callables_of_any_kind_are_carried(telemetry, callable_):
    """The context is there while the coroutine runs, not only while it is made."""
    made = []

    async def app(scope, receive, send):
        made.append(bound(callable_))
        await send(start())
        await send(body())

    run(instrument(app, **telemetry.providers), Kind(app, ""))
    asyncio.run(made[0](telemetry))

    assert is_child(telemetry)


def test_bound_passes_everything_through():
    """Arguments, results, exceptions and the name are the callable's own."""

    def named(a, *, b):
        return a, b

    def failing():
        raise error

    error = ValueError()
    assert bound(named)(1, b=2) == (1, 2)
    assert bound(named).__name__ == "named"
    with pytest.raises(ValueError) as raised:
        bound(failing)()
    assert raised.value is error
