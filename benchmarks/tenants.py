"""A million forged tenants through the whole WSGI stack: series, memory, errors. ``python -m benchmarks.tenants [requests]``."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider

from otel_middleware import TenantFromHeader, Tenants
from otel_middleware.wsgi import instrument

MOST = 100
ENVIRON = {
    "REQUEST_METHOD": "GET",
    "SCRIPT_NAME": "",
    "PATH_INFO": "/orders/7",
    "QUERY_STRING": "",
    "REQUEST_URI": "/orders/7",
    "SERVER_NAME": "127.0.0.1",
    "SERVER_PORT": "8000",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "REMOTE_ADDR": "192.0.2.7",
    "REMOTE_PORT": "50312",
    "HTTP_HOST": "shop.example",
    "wsgi.url_scheme": "http",
}


def answer(_environ, start_response):
    start_response("200 OK", [("content-length", "2")])
    return [b"ok"]


def forged(app, numbers):
    """Send one request for each number, each of a tenant of its own; how many went wrong."""
    errors = 0
    for number in numbers:
        try:
            body = app({**ENVIRON, "HTTP_X_TENANT_ID": f"forged-{number}"}, lambda *_: None)
            list(body)
            body.close()
        except Exception:  # noqa: BLE001, PERF203 - counted
            errors += 1
    return errors


def used():
    """Blocks that Python has allocated, and bytes of the process."""
    gc.collect()
    return sys.getallocatedblocks(), int(Path("/proc/self/statm").read_text().split()[1]) * 4_096


def main(requests=1_000_000):
    """Print the number of series, the growth of memory between the first tenth and the end, and the errors."""
    reader = InMemoryMetricReader()
    tenants = Tenants(TenantFromHeader(), on_metrics=True, max_on_metrics=MOST, in_baggage=True)
    app = instrument(
        answer,
        routes=["/orders/{id}"],
        tenant=tenants,
        tracer_provider=TracerProvider(shutdown_on_exit=False),
        meter_provider=MeterProvider([reader], shutdown_on_exit=False),
    )
    errors = forged(app, range(requests // 10))
    before = used()
    errors += forged(app, range(requests // 10, requests))
    after = used()
    points = [
        point
        for scope in reader.get_metrics_data().resource_metrics[0].scope_metrics
        for metric in scope.metrics
        if metric.name == "http.server.request.duration"
        for point in metric.data.data_points
    ]
    print(f"forged tenants    {requests:>12,}")
    print(f"series            {len(points):>12,}   at most {MOST + 2}")
    print(f"requests counted  {sum(point.count for point in points):>12,}")
    print(f"blocks            {after[0] - before[0]:>+12,}   allocated between the first tenth and the end")
    print(f"memory            {after[1] - before[1]:>+12,}   bytes of the process, the same")
    print(f"errors            {errors:>12,}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
