"""Many requests at once: every figure belongs to its own request."""

from __future__ import annotations

import asyncio
import threading

from harness import Asgi, Wsgi

from otel_middleware import TenantFromHeader, Tenants, asgi, wsgi

MANY = 200
THREADS = 8
EACH = 25


def options(telemetry):
    return {
        **telemetry.providers,
        "routes": [f"/r{number}/{{id}}" for number in range(MANY)],
        "tenant": Tenants(TenantFromHeader("x-tenant-id"), on_metrics=True, max_on_metrics=MANY),
    }


def check(telemetry, numbers):
    """Route, tenant, status and sizes of each request are its own, on span and metrics."""
    spans = {span.attributes["tenant.id"]: span for span in telemetry.requests}
    assert len(telemetry.requests) == len(spans) == len(numbers)
    durations, sizes, received = (
        {point.attributes["http.route"]: point for point in telemetry.points(f"http.server.{name}")}
        for name in ("request.duration", "response.body.size", "request.body.size")
    )
    for number in numbers:
        span = spans[f"t{number}"]
        assert span.name == f"GET /r{number}/{{id}}"
        assert span.attributes["url.path"] == f"/r{number}/{number}"
        assert span.attributes["http.response.status_code"] == 200 + number
        assert span.parent is None
        own = [found[f"/r{number}/{{id}}"] for found in (durations, sizes, received)]
        assert [point.sum for point in own] == [(span.end_time - span.start_time) / 1e9, 1000 + number, 1 + number]
        for point in own:
            assert point.count == 1
            assert point.attributes["tenant.id"] == f"t{number}"
            assert point.attributes["http.response.status_code"] == 200 + number
    assert telemetry.metric("http.server.active_requests").value == 0


def test_200_requests_at_once_over_asgi(telemetry):
    """All are in flight together, and their messages interleave."""
    entered, most = [], []

    async def main():
        everyone = asyncio.Event()

        async def app(scope, receive, send):
            number = int(scope["path"].rsplit("/", 1)[1])
            entered.append(number)
            if len(entered) == MANY:
                everyone.set()
            await everyone.wait()
            most.append(telemetry.metric("http.server.active_requests").value) if number == 0 else None
            message = await receive()
            assert len(message["body"]) == 1 + number
            await send({"type": "http.response.start", "status": 200 + number, "headers": []})
            await asyncio.sleep(0)
            await send({"type": "http.response.body", "body": b"x" * number, "more_body": True})
            await asyncio.sleep(0)
            await send({"type": "http.response.body", "body": b"x" * 1000})

        served = asgi.instrument(app, **options(telemetry))

        async def one(number):
            async def receive():
                return {"type": "http.request", "body": b"r" * (1 + number)}

            async def send(message):
                await asyncio.sleep(0)

            scope = Asgi().request(path=f"/r{number}/{number}", headers=[("x-tenant-id", f"t{number}")])
            await served(scope, receive, send)

        await asyncio.gather(*map(one, range(MANY)))

    asyncio.run(main())
    assert most == [MANY]
    check(telemetry, range(MANY))


def test_8_threads_over_wsgi(telemetry):
    """Each thread interleaves its own requests, while the others do the same."""
    barrier = threading.Barrier(THREADS)
    failures = []

    def app(environ, start_response):
        number = int(environ["PATH_INFO"].rsplit("/", 1)[1])
        start_response(f"{200 + number} Status", [])
        yield b"x" * number
        yield b"x" * 1000

    served = wsgi.instrument(app, **options(telemetry))

    def begun(number):
        length = ("content-length", str(1 + number))
        environ = Wsgi().request(path=f"/r{number}/{number}", headers=[("x-tenant-id", f"t{number}"), length])
        return number, served(environ, lambda *_: None)

    def run(first):
        try:
            barrier.wait(10)
            bodies = [begun(number) for number in range(first, first + EACH)]
            for _ in range(2):
                assert [len(next(body)) for _, body in bodies]
            for _, body in reversed(bodies):
                assert list(body) == []
                body.close()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(number * EACH,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    check(telemetry, range(THREADS * EACH))
