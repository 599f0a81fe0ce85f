"""The programs that users write, over a real server, exporting real OTLP: asserted is what arrives."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import httpx
import pytest
from otlp_receiver import plain, receiving_grpc, receiving_http

PROGRAMS = {
    # the framework, and how it spells its route
    "fastapi": "/orders/{order_id}/total",
    "starlette": "/orders/{order_id}/total",
    "litestar": "/orders/{order_id}/total",
    "asgi": "/orders/{order_id}/total",
    "flask": "/orders/<order_id>/total",
    "django": "/orders/<int:order_id>/total",
    "bottle": "/orders/<order_id>/total",
    "wsgi": "/orders/{order_id}/total",
}
RECEIVERS = {"http": receiving_http, "grpc": receiving_grpc}
SERVER, CLIENT, INTERNAL = 2, 3, 1

RESOURCE = {
    "service.name": "checkout-api",
    "service.version": "1.2.3",
    "deployment.environment": "test",
    "deployment.environment.name": "test",
    "team": "shop",  # from OTEL_RESOURCE_ATTRIBUTES
}


class Pricing(BaseHTTPRequestHandler):
    """The service that is asked for a price; keeps the trace context that it was sent."""

    asked: list = []  # noqa: RUF012 - of the test

    def do_GET(self):
        self.asked.append(self.headers.get("traceparent"))
        body = b'{"price": 12}'
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args): ...


@pytest.fixture
def pricing():
    """The URL of the pricing service."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pricing)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/price/7"
    server.shutdown()
    server.server_close()
    thread.join(10)


@contextmanager
def running(program, environment):
    """The program in a process of its own; gives its base URL, ends it in order and waits for its end."""
    path = Path(__file__).parent / "programs" / f"{program}.py"
    process = subprocess.Popen(
        [sys.executable, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "OTEL_RESOURCE_ATTRIBUTES": "team=shop", **environment},
    )
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.stdin.close()
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait(10)
        process.stdout.close()


@pytest.mark.parametrize("by", RECEIVERS)
@pytest.mark.parametrize("program", PROGRAMS)
def test_what_arrives(program, by, pricing):
    """SERVER, manual and CLIENT span in one trace, the metric with route and status, the resource; flushed at exit."""
    if by == "grpc":
        pytest.importorskip("opentelemetry.exporter.otlp.proto.grpc")
    if program not in ("asgi", "wsgi"):
        pytest.importorskip(program)
    client_instrumentor = "httpx" if program in ("fastapi", "starlette", "litestar", "asgi") else "requests"
    assert find_spec(f"opentelemetry.instrumentation.{client_instrumentor}")
    Pricing.asked.clear()
    with RECEIVERS[by]() as (received, environment):
        with running(f"with_{program}", {**environment, "PRICING": pricing}) as url:
            assert httpx.get(f"{url}/orders/7/total", timeout=30).json() == {"price": 12}
            httpx.get(f"{url}/healthz", timeout=30)
        spans = {span.kind: span for span in received.spans if span.kind in (SERVER, CLIENT, INTERNAL)}
        blocks = [resource for signal in ("spans", "metrics") for resource, _ in received.resources(signal)]
        points = received.points("http.server.request.duration")

    assert len(received.spans) == len(spans) == 3
    server, manual, client = spans[SERVER], spans[INTERNAL], spans[CLIENT]
    assert (server.name, manual.name) == (f"GET {PROGRAMS[program]}", "compute_total")
    assert {span.trace_id for span in spans.values()} == {server.trace_id}
    assert (manual.parent_span_id, client.parent_span_id) == (server.span_id, manual.span_id)
    assert Pricing.asked[0].split("-")[1:3] == [client.trace_id.hex(), client.span_id.hex()]
    attributes = plain(server.attributes)
    assert (attributes["http.route"], attributes["http.response.status_code"]) == (PROGRAMS[program], 200)
    ((labels, point),) = points
    assert (labels["http.route"], labels["http.response.status_code"], point.count) == (PROGRAMS[program], 200, 1)
    assert point.sum == (server.end_time_unix_nano - server.start_time_unix_nano) / 1e9
    assert len(blocks) >= 2
    assert all(RESOURCE.items() <= block.items() for block in blocks)


FORKING = """
import os, sys
from opentelemetry import trace
from otel_middleware.sdk import init_telemetry
from otel_middleware.wsgi import instrument
telemetry = init_telemetry(service_name="forking")
def app(environ, start_response):
    start_response("200 OK", [])
    return [b"ok"]
app = instrument(app, routes=["/{who}"])
def ask(who):
    list(app({"REQUEST_METHOD": "GET", "PATH_INFO": "/" + who, "wsgi.url_scheme": "http"}, lambda *_: None))
ask("before")
for end in (sys.exit, os._exit):
    child = os.fork()
    if child == 0:
        ask(end.__name__)
        if end is os._exit:
            telemetry.flush()
        end(0)
    assert os.waitpid(child, 0)[1] == 0
ask("after")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.parametrize("by", RECEIVERS)
def test_forked_children_export(by):
    """After ``fork`` each process exports its own requests, exactly once, at its exit or when it flushes."""
    if by == "grpc":
        pytest.importorskip("opentelemetry.exporter.otlp.proto.grpc")
    with RECEIVERS[by]() as (received, environment):
        code = [sys.executable, "-W", "ignore", "-c", FORKING]
        subprocess.run(code, check=True, env={**os.environ, **environment}, timeout=60)
        paths = sorted(plain(span.attributes)["url.path"] for span in received.spans)

    assert paths == ["/_exit", "/after", "/before", "/exit"]
