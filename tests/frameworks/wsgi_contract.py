"""What every WSGI framework is held to: one request through `instrument`, and the rows that are the same for all."""

from __future__ import annotations

import io
from typing import Any, NamedTuple
from wsgiref.util import setup_testing_defaults

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from otel_middleware import RouteTable
from otel_middleware.wsgi import instrument


class Seen(NamedTuple):
    """What came of a request."""

    status: int | type[Exception]
    """As the client got it, or the exception that reached the server."""
    name: str
    route: str | None
    source: str | None
    measured: str | None
    """``http.route`` of the duration metric."""


class Row(NamedTuple):
    """One request and what its span must say."""

    why: str
    request: str
    status: int | type[Exception]
    template: str | None
    script_name: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def expected(self) -> Seen:
        """The template names the span, or the method alone does."""
        method = self.request.partition(" ")[0]
        if self.template is None:
            return Seen(self.status, method, None, None, None)
        return Seen(self.status, f"{method} {self.template}", self.template, "framework", self.template)


def contract(*, order, boom, nested, not_allowed=(405, None), head=200) -> list[Row]:
    """The rows of an application with ``/orders/5``, ``/boom/5`` (raises in its handler) and ``/nested/orders/5``.

    *not_allowed* is what ``DELETE /orders/5`` gets: some routers tell the route, others have found none.
    """
    return [
        Row("a route", "GET /orders/5", 200, order),
        Row("a query changes nothing", "GET /orders/5?x=1", 200, order),
        Row("HEAD is GET without the body", "HEAD /orders/5", head, order),
        Row("no router matched", "GET /nothing/5", 404, None),
        Row("the path is there, the method is not", "DELETE /orders/5", *not_allowed),
        Row("the handler raises", "GET /boom/5", 500, boom),
        Row("the prefix of a nested router is its template", "GET /nested/orders/5", 200, nested),
        Row("nothing below the nested prefix", "GET /nested/nothing/5", 404, None),
        Row("the root path that the server gives is no part", "GET /orders/5", 200, order, script_name="/srv"),
    ]


def each(rows):
    """Parametrizes a test over *rows*."""
    return pytest.mark.parametrize("row", rows, ids=lambda row: row.why)


def seen(app, row: Row) -> Seen:
    """How *app*, instrumented, answered the row's request, and what its one SERVER span and its metric say."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    reader = InMemoryMetricReader()
    meters = MeterProvider(metric_readers=[reader], shutdown_on_exit=False)
    instrumented = instrument(app, routes=RouteTable([], infer=False), tracer_provider=provider, meter_provider=meters)
    status = _answered(instrumented, environ_of(row))
    (span,) = exporter.get_finished_spans()
    route, source = (span.attributes.get(name) for name in ("http.route", "otel_middleware.route.source"))
    return Seen(status, span.name, route, source, _measured(reader))


def _measured(reader) -> str | None:
    metrics = reader.get_metrics_data().resource_metrics[0].scope_metrics[0].metrics
    (duration,) = (metric for metric in metrics if metric.name == "http.server.request.duration")
    (point,) = duration.data.data_points
    return point.attributes.get("http.route")


def environ_of(row: Row) -> dict[str, Any]:
    """The environ that a server makes of the row's request."""
    method, _, target = row.request.partition(" ")
    path, _, query = target.partition("?")
    environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": row.script_name,
        "PATH_INFO": path.encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": query,
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.errors": io.StringIO(),
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in row.headers},
    }
    setup_testing_defaults(environ)
    return environ


def _answered(app, environ) -> Any:
    started: list[str] = []

    def start_response(status, headers, exc_info=None):
        started.append(status)
        return lambda data: None

    try:
        body = app(environ, start_response)
        for _ in body:
            pass
        getattr(body, "close", lambda: None)()
    except Exception as error:
        return type(error)
    return int(started[-1][:3])
