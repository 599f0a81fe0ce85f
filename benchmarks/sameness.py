"""Speed is not bought with a missing attribute: what the measured stack reports, compared with what upstream alone reports.

For each request, in each semantic convention mode, every attribute of upstream's span and every metric point must be there under
this package too, with the same value or the better one that ``BETTER`` documents. More attributes are welcome.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

if not __package__:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import traffic

MODES = ("http", "default", "http/dup")
TEMPLATE = "/orders/{order_id}"
HOST = "api.example.com"
SERVER = {
    "server.address": HOST,
    "net.host.name": HOST,
    "http.host": HOST,
    "http.server_name": HOST,
    "server.port": 80,
    "net.host.port": 80,
}
"""Upstream on ASGI gives the address that the server is bound to, port inside; on WSGI the bound port. Better: Host, parsed."""


class Case(NamedTuple):
    """One request and how it is answered."""

    title: str
    headers: tuple = traffic.HEADERS
    method: str = "GET"
    status: int = 200
    instances: int = 1
    options: dict = {}  # noqa: RUF012 - read only


MIXED = tuple((name.title(), value) for name, value in traffic.HEADERS)
CAPTURED = {"http_capture_headers_server_request": ["accept", "x-request-id"]}
CASES = (
    Case("as measured"),
    Case("mixed-case header names", MIXED),
    Case("two instances on one provider", instances=2),
    Case("not found", status=404),
    Case("a server error", status=500),
    Case("a request with a body", (*traffic.HEADERS, ("content-length", "5")), "POST"),
    Case("a redirect", status=302),
    Case("an unknown method", method="BREW"),
    Case("captured headers", options=CAPTURED),
)


class Seen(NamedTuple):
    """What one stack reported: its server spans, and its metric points by metric."""

    spans: list
    metrics: dict


def seen(protocol, case, wrap):
    """Serve *case* under *wrap* and return what was reported."""
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: PLC0415 - after the mode was chosen
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter  # noqa: PLC0415

    from benchmarks.stacks import Telemetry  # noqa: PLC0415

    exporter = InMemorySpanExporter()
    telemetry = Telemetry(processor=SimpleSpanProcessor(exporter))
    options = case.options if protocol == "asgi" else {}
    for _ in range(case.instances):
        _serve(protocol, case, wrap(protocol, _application(protocol, case.status), lambda: telemetry, **options))
    data = telemetry.reader.get_metrics_data()
    found = [
        metric for resource in data.resource_metrics for scope in resource.scope_metrics for metric in scope.metrics
    ]
    return Seen(list(exporter.get_finished_spans()), {metric.name: metric for metric in found})


def _application(protocol, status):
    async def asgi(_scope, _receive, send):
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"27")]})
        await send({"type": "http.response.body", "body": traffic.BODY})

    def wsgi(_environ, start_response):
        start_response(f"{status} Whatever", [("Content-Length", "27")])
        return [traffic.BODY]

    return asgi if protocol == "asgi" else wsgi


def _serve(protocol, case, app):
    if protocol == "asgi":
        traffic.drive_asgi(method=case.method, headers=case.headers)(app, 1)
    else:
        traffic.drive_wsgi(method=case.method, headers=case.headers)(app, 1)


def differences(protocol, case):
    """Return a line for everything that upstream reports of *case* and the measured stack does not."""
    from benchmarks.stacks import LEAN, ours, upstream  # noqa: PLC0415 - after the mode was chosen

    lean = {"exclude_spans": LEAN} if protocol == "asgi" else {}
    theirs = seen(protocol, case, lambda *given, **options: upstream(*given, **options, **lean))
    mine = seen(protocol, case, ours)
    lines = list(compared(theirs, mine))
    return [f"{protocol}, {case.title}: {line}" for line in lines]


def compared(theirs, mine):
    """Yield what *theirs* has and *mine* lacks, as lines."""
    if len(theirs.spans) != len(mine.spans):
        yield f"{len(mine.spans)} spans instead of {len(theirs.spans)}"
    for their, my in zip(theirs.spans, mine.spans, strict=False):
        yield from _span(their, my)
    for name, metric in theirs.metrics.items():
        if name not in mine.metrics:
            yield f"the metric {name} is missing"
        else:
            yield from _metric(metric, mine.metrics[name])


def _span(their, my):
    for field in ("kind", "parent"):
        if getattr(their, field) != getattr(my, field):
            yield f"the span's {field} is {getattr(my, field)!r}, not {getattr(their, field)!r}"
    if their.status.status_code != my.status.status_code:
        yield f"the span's status is {my.status.status_code}, not {their.status.status_code}"
    if their.instrumentation_scope != my.instrumentation_scope:
        yield f"the span's scope is {my.instrumentation_scope}, not {their.instrumentation_scope}"
    for key, value in their.attributes.items():
        if not same(key, value, my.attributes.get(key)):
            yield f"the span's {key} is {my.attributes.get(key)!r}, not {value!r}"


def _metric(their, my):
    if (their.unit, type(their.data)) != (my.unit, type(my.data)):
        yield f"the metric {their.name} has another unit or kind: {my.unit!r}, {type(my.data).__name__}"
    for point in their.data.data_points:
        if not any(_covers(point, candidate, summed="duration" not in their.name) for candidate in my.data.data_points):
            yield f"the point {dict(point.attributes)} of {their.name} is missing or counts otherwise"


def _covers(their, my, *, summed):
    if not all(same(key, value, my.attributes.get(key), on_metric=True) for key, value in their.attributes.items()):
        return False
    if not hasattr(their, "count"):
        return their.value == my.value
    return their.count == my.count and (not summed or their.sum == my.sum)


def same(key: str, theirs: Any, mine: Any, *, on_metric: bool = False) -> bool:
    """Tell whether *mine* is *theirs*, or the documented better value of *key*."""
    if mine == theirs or mine == SERVER.get(key, _NOTHING):
        return True
    better = BETTER.get(key)
    return better is not None and isinstance(mine, str) and better(theirs, mine, on_metric=on_metric)


_NOTHING = object()


def _redacted_query(theirs, mine, **_):
    from otel_middleware import Sanitizer  # noqa: PLC0415 - after the mode was chosen

    return mine == Sanitizer().query(theirs) != theirs


def _redacted_url(theirs, mine, *, on_metric):
    """Old modes: redacted, Host parsed, encoding kept (upstream decodes the query); on metrics the template."""
    path = theirs.partition("?")[0].partition(HOST)[2].partition("/")[2] or theirs.partition("?")[0].lstrip("/")
    secret = dict(pair.split("=") for pair in traffic.SECRET_QUERY.split("&"))["access_token"]
    return (on_metric and mine == TEMPLATE) or (path in mine and secret not in mine)


BETTER = {
    "url.query": _redacted_query,
    "http.target": _redacted_url,
    "http.url": _redacted_url,
}


def main(mode=None):
    """Compare in *mode*, or in all modes, each in a process of its own; return the number of differences."""
    if mode is None:
        return sum(_in_process(mode) for mode in MODES)
    lines = [line for protocol in ("asgi", "wsgi") for case in CASES for line in differences(protocol, case)]
    for line in lines:
        print(f"{mode}: {line}")
    if not lines:
        print(f"{mode}: nothing that upstream reports is missing ({len(CASES)} requests, both protocols)")
    return len(lines)


def _in_process(mode):
    variables = {**os.environ, "OTEL_SEMCONV_STABILITY_OPT_IN": mode}
    root = Path(__file__).resolve().parents[1]
    command = [sys.executable, "-m", "benchmarks.sameness", mode]
    return subprocess.run(command, cwd=root, env=variables, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
