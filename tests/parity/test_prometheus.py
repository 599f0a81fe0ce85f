"""A real Prometheus scrapes a real server, and answers by route and status."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time

import httpx
import pytest
from opentelemetry.sdk.metrics import MeterProvider
from ports import free_port
from servers import uvicorn_serving, waitress_serving

from otel_middleware import asgi, wsgi

client = pytest.importorskip("prometheus_client")
exporter = pytest.importorskip("opentelemetry.exporter.prometheus")
BINARY = shutil.which("prometheus")
pytestmark = pytest.mark.skipif(BINARY is None, reason="no prometheus here")


async def asgi_app(scope, receive, send):
    status = 404 if scope["path"].endswith("0") else 200
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


def wsgi_app(environ, start_response):
    start_response("404 Not Found" if environ["PATH_INFO"].endswith("0") else "200 OK", [("content-length", "2")])
    return [b"ok"]


@pytest.fixture
def prometheus(tmp_path):
    """A Prometheus that scrapes this process; gives a function that queries it."""
    server, thread = client.start_http_server(0, "127.0.0.1")
    port = free_port()
    settings = tmp_path / "prometheus.yml"
    settings.write_text(
        "global: {scrape_interval: 200ms}\nscrape_configs: [{job_name: shop, static_configs: "
        f"[{{targets: ['127.0.0.1:{server.server_port}']}}]}}]\n"
    )
    arguments = [f"--config.file={settings}", f"--storage.tsdb.path={tmp_path / 'data'}"]
    process = subprocess.Popen(
        [BINARY, *arguments, f"--web.listen-address=127.0.0.1:{port}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def query(expression):
        """Labels and values, as soon as there are any."""
        deadline, pause = time.monotonic() + 30, threading.Event()
        while time.monotonic() < deadline:
            try:
                answer = httpx.get(f"http://127.0.0.1:{port}/api/v1/query", params={"query": expression}).json()
                if answer["data"]["result"]:
                    return [(found["metric"], float(found["value"][1])) for found in answer["data"]["result"]]
            except (httpx.TransportError, ValueError, KeyError):
                pass  # not up yet
            pause.wait(0.1)
        return []

    yield query
    process.kill()
    process.wait(10)
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.mark.parametrize(
    ("module", "app", "serving"),
    [(asgi, asgi_app, uvicorn_serving), (wsgi, wsgi_app, waitress_serving)],
    ids=["asgi", "wsgi"],
)
def test_requests_are_found_by_route_and_status(prometheus, module, app, serving):
    """Each route and status has its count; sizes and active requests are there too, and no path is a label."""
    provider = MeterProvider([exporter.PrometheusMetricReader()])
    instrumented = module.instrument(app, routes=["/orders/{order_id}"], meter_provider=provider)
    with serving(instrumented) as url:
        for number in (1, 2, 3, 10):
            httpx.get(f"{url}/orders/{number}")
        expression = (
            "http_server_request_duration_seconds_count == 3 or http_server_request_duration_seconds_count == 1"
        )
        found = prometheus(f"({expression}) and on() (count(http_server_request_duration_seconds_count) == 2)")
        sizes = prometheus("http_server_response_body_size_bytes_sum")
        active = prometheus("http_server_active_requests")
    provider.shutdown()

    counts = {(labels["http_route"], labels["http_response_status_code"]): value for labels, value in found}
    assert counts == {("/orders/{order_id}", "200"): 3, ("/orders/{order_id}", "404"): 1}
    assert sum(value for _, value in sizes) == 8
    assert [value for _, value in active] == [0]
