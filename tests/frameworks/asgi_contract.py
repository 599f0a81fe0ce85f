"""What every ASGI framework is held to: one request through `instrument`, and the rows that are the same for all of them."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import importlib
import warnings
from typing import Any, NamedTuple

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from otel_middleware import RouteTable
from otel_middleware.asgi import instrument


class Seen(NamedTuple):
    """What came of a request."""

    status: int | type[Exception]
    """As the client got it, 101 for an accepted websocket, or the exception that reached the server instead."""
    name: str
    route: str | None
    source: str | None


class Row(NamedTuple):
    """One request and what its span must say."""

    why: str
    request: str
    status: int | type[Exception]
    template: str | None
    root_path: str = ""
    host: str = "testserver"

    @property
    def expected(self) -> Seen:
        """The template names the span, or the method alone does."""
        method = self.request.partition(" ")[0]
        if self.template is None:
            return Seen(self.status, method, None, None)
        return Seen(self.status, f"{method} {self.template}", self.template, "framework")


def contract(
    *, order, boom, nested, websocket=None, not_allowed=(405, None), head=(200, ...), strips_root=True
) -> list[Row]:
    """The rows of an application with ``/orders/5``, ``/boom/5`` (raises in its handler), ``/nested/acme/orders/5``.

    *not_allowed* and *head* are what ``DELETE /orders/5`` and ``HEAD /orders/5`` get: some routers tell the route, others
    have found none. *websocket* is the template of ``/socket/5``. *strips_root* says whether the framework takes
    ``root_path`` off the path.
    """
    rows = [
        Row("a route", "GET /orders/5", 200, order),
        Row("a query changes nothing", "GET /orders/5?x=1", 200, order),
        Row("HEAD", "HEAD /orders/5", head[0], order if head[1] is ... else head[1]),
        Row("no router matched", "GET /nothing/5", 404, None),
        Row("the path is there, the method is not", "DELETE /orders/5", *not_allowed),
        Row("the handler raises", "GET /boom/5", 500, boom),
        Row("a nested prefix is a template, never the value", "GET /nested/acme/orders/5", 200, nested),
        Row("nothing below the nested prefix", "GET /nested/acme/nothing", 404, None),
    ]
    if strips_root:
        rows += [
            Row("the root path that the server gives is no part", "GET /orders/5", 200, order, root_path="/srv"),
            Row("nested, and a root path", "GET /nested/acme/orders/5", 200, nested, root_path="/srv"),
        ]
    if websocket is not None:
        rows.append(Row("a websocket", "WS /socket/5", 101, websocket))
    return rows


def each(rows):
    """Parametrizes a test over *rows*."""
    return pytest.mark.parametrize("row", rows, ids=lambda row: row.why)


def installed(*names: str) -> list[Any]:
    """Modules of a framework, whatever they warn of; the test file is skipped without them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip(names[0])
        return [importlib.import_module(name) for name in names]


def seen(app, row: Row, *, lifespan=False) -> Seen:
    """How *app*, instrumented, answered the row's request, and what its one SERVER span says."""
    return observed(lambda instrumented: instrumented(app), row, lifespan=lifespan)


def observed(built, row: Row, *, lifespan=False) -> Seen:
    """The same for the application that *built* returns, given `instrument` with its options set."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    options = {"routes": RouteTable([], infer=False), "tracer_provider": provider}
    app = built(functools.partial(instrument, **options))
    status = asyncio.run(_answered(app, scope_of(row), lifespan=lifespan))
    (span,) = exporter.get_finished_spans()
    return Seen(
        status, span.name, span.attributes.get("http.route"), span.attributes.get("otel_middleware.route.source")
    )


def scope_of(row: Row) -> dict[str, Any]:
    """The scope that a server makes of the row's request."""
    method, _, target = row.request.partition(" ")
    path, _, query = target.partition("?")
    scope = {
        "type": "websocket" if method == "WS" else "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "scheme": "ws" if method == "WS" else "http",
        "path": row.root_path + path,
        "raw_path": (row.root_path + path).encode(),
        "root_path": row.root_path,
        "query_string": query.encode(),
        "headers": [(b"host", row.host.encode())],
        "client": ("127.0.0.1", 40000),
        "server": ("127.0.0.1", 80),
        "state": {},
    }
    return {**scope, "subprotocols": []} if method == "WS" else {**scope, "method": method}


async def _answered(app, scope, *, lifespan) -> Any:
    async with _started(app) if lifespan else contextlib.nullcontext():
        incoming = _incoming(scope["type"])
        sent: list[dict[str, Any]] = []

        async def receive():
            return incoming.pop(0) if incoming else await asyncio.Event().wait()

        async def send(message):
            sent.append(message)

        try:
            await asyncio.wait_for(app(scope, receive, send), 10)
        except Exception as error:
            if not sent:
                return type(error)
    return _status(sent[0])


def _incoming(kind):
    if kind == "http":
        return [{"type": "http.request", "body": b"", "more_body": False}]
    return [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1000}]


def _status(first):
    return {"websocket.accept": 101, "websocket.close": 403}.get(first["type"]) or first["status"]


@contextlib.asynccontextmanager
async def _started(app):
    incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    outgoing: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    task = asyncio.create_task(
        app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, incoming.get, outgoing.put)
    )
    await incoming.put({"type": "lifespan.startup"})
    assert (await asyncio.wait_for(outgoing.get(), 10))["type"] == "lifespan.startup.complete"
    yield
    await incoming.put({"type": "lifespan.shutdown"})
    await asyncio.wait_for(task, 10)
