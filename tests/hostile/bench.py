"""One instrumented application beside its bare self: a request is put to both, and what is wrong is said in words."""

from __future__ import annotations

import logging
import os
from functools import cache

from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import AggregationTemporality, InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import SpanKind
from sides import APPLICATIONS, BOOM, is_a_request, serve
from valid import problems_of_metrics, problems_of_span

from otel_middleware import (
    ErrorStatuses,
    RouteTable,
    Sanitizer,
    TenantFromHeader,
    Tenants,
    TrustPolicy,
    _guard,
    asgi,
    wsgi,
)

MODULES = {"asgi": asgi, "wsgi": wsgi}

_LOGGERS = ("opentelemetry", "otel_middleware")
_BY_THE_API = (
    *("opentelemetry.baggage.propagation", "opentelemetry.trace.propagation.tracecontext"),
    "opentelemetry.trace.span",  # of a tracestate
)
"""The API's propagators say on each request what they do not understand of a caller's headers, with or without us."""


def _noted(*_):
    """A hook."""


def everything(protocol):
    """All options, each as wide as it goes."""
    hooks = ("client_request_hook", "client_response_hook") if protocol == "asgi" else ()
    return {
        "routes": RouteTable(["/orders/{order_id}", "/a/{rest:path}", "/{file}.png", "/api/orders/:id"]),
        "tenant": Tenants(TenantFromHeader("x-tenant-id"), on_metrics=True, in_baggage=True),
        "sanitizer": Sanitizer(query="all", paths=["/reset/{token}"], hashed_with="key"),
        "errors": ErrorStatuses(from_logs=True),
        "trust": TrustPolicy(proxies=["10.0.0.0/8", "unix"], hops=2, caller=lambda request: bool(request.query)),
        "excluded_urls": ["^/never$", "^https?://never/"],
        "http_capture_headers_server_request": [".*"],
        "http_capture_headers_server_response": [".*"],
        "http_capture_headers_sanitize_fields": ["odd"],
        "server_request_hook": _noted,
        "server_response_hook": _noted,
        "metric_attributes": lambda response: {"shop.depth": response.request.path.count("/")},
        **dict.fromkeys(hooks, _noted),
    }


OPTIONS = {"defaults": lambda _protocol: {}, "everything": everything}
_SERVED = {"defaults": ["echoing", "streaming", "raising", "vandal"], "everything": ["echoing", "raising"]}


class Said(logging.Handler):
    """What the SDK and this package log meanwhile."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines = []

    def __enter__(self):
        for name in _LOGGERS:
            logging.getLogger(name).addHandler(self)
        return self

    def __exit__(self, *_):
        for name in _LOGGERS:
            logging.getLogger(name).removeHandler(self)

    def emit(self, record):
        if record.name not in _BY_THE_API:
            self.lines.append(f"{record.name} says {record.getMessage()!r:.400}")


_REQUESTS = 50
"""How many an application serves before it is built anew: what one request leaves behind, the next ones meet."""


class Bench:
    """One application with one set of options, beside its bare self.

    Args:
        protocol: ``asgi`` or ``wsgi``.
        application: Which of ``APPLICATIONS``.
        options: Which of ``OPTIONS``.
    """

    def __init__(self, protocol, application, options):
        self._protocol = protocol
        self._options = options
        self._bare = APPLICATIONS[protocol][application]
        self._mode = os.environ.get("OTEL_SEMCONV_STABILITY_OPT_IN", "http")
        self._left = 0

    def _build(self):
        delta = {Histogram: AggregationTemporality.DELTA, Counter: AggregationTemporality.DELTA}
        self._exporter, self._reader = InMemorySpanExporter(), InMemoryMetricReader(preferred_temporality=delta)
        tracers = TracerProvider(ALWAYS_ON, shutdown_on_exit=False)
        tracers.add_span_processor(SimpleSpanProcessor(self._exporter))
        self._instrumented = MODULES[self._protocol].instrument(
            self._bare,
            tracer_provider=tracers,
            meter_provider=MeterProvider([self._reader], shutdown_on_exit=False),
            **OPTIONS[self._options](self._protocol),
        )
        self._left = _REQUESTS

    def problems(self, make):
        """What is wrong with the answer to the request that *make* makes, and with what is reported of it."""
        if not self._left:
            self._build()
        self._left -= 1
        expected = serve(self._protocol, self._bare, make())
        _guard._said.clear()  # what goes wrong once more is said once more
        with Said() as said:
            served = serve(self._protocol, self._instrumented, make())
            found = [*_of_answer(served, expected), *self._of_report(make())]
        return [*said.lines, *found]

    def _of_report(self, request):
        spans, data = self._exporter.get_finished_spans(), self._reader.get_metrics_data()
        self._exporter.clear()
        if not is_a_request(request, self._protocol):
            return [f"a span {span.name!r} for what is no request" for span in spans]
        servers = [span for span in spans if span.kind is SpanKind.SERVER]
        if len(servers) != 1:
            return [f"{len(servers)} server spans"]
        kind = request["type"] if self._protocol == "asgi" else "http"
        sent = request.get("method" if self._protocol == "asgi" else "REQUEST_METHOD")
        return [
            *problems_of_span(servers[0], kind, sent, self._mode),
            *problems_of_metrics(data, servers[0], kind, self._mode),
        ]


def _of_answer(served, expected):
    if served != expected:
        yield f"answered {served!r} in place of {expected!r}"
    if expected.error is BOOM and served.error is not BOOM:
        yield "another exception object"


@cache
def benches(protocol, options):
    """A bench for each application."""
    return [Bench(protocol, application, options) for application in _SERVED[options]]


def problems_of(entries, options):
    """What is wrong with any application's answers, or with what is reported of them, by the entry's name."""
    found = {}
    for entry in entries:
        served = [bench.problems(entry.carrier) for bench in benches(entry.protocol, options)]
        found[f"{entry.protocol}: {entry.name}"] = [problem for problems in served for problem in problems]
    return {name: problems for name, problems in found.items() if problems}
