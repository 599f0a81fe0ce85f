"""A small OTLP/HTTP receiver: what worker processes export comes back to the test."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Received:
    """Spans and metrics so far, by service."""

    def __init__(self):
        self._changed = threading.Condition()
        self.spans = []
        self.metrics = {}

    def add(self, path, body):
        with self._changed:
            if path == "/v1/traces":
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                    service = attributes(resource.resource.attributes)["service.name"]
                    self.spans += [(service, span) for scope in resource.scope_spans for span in scope.spans]
            elif path == "/v1/metrics":
                for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                    service = attributes(resource.resource.attributes)["service.name"]
                    for scope in resource.scope_metrics:
                        self.metrics |= {(service, metric.name): metric for metric in scope.metrics}
            self._changed.notify_all()

    def wait_for(self, condition, seconds=30):
        """Wait until *condition* of this object holds; tells what there is when it does not in time."""
        with self._changed:
            held = self._changed.wait_for(lambda: condition(self), seconds)
        assert held, [(service, span.name) for service, span in self.spans]


def attributes(pairs):
    """Protobuf attributes as a dict."""
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in pairs}


@contextmanager
def collecting():
    """Serve a receiver on loopback; gives its URL and what it receives."""
    received = Received()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            received.add(self.path, self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", received
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def poll(ready, seconds=30):
    """Ask *ready* until it answers yes, for at most so long; no pause is longer than a connection attempt is worth."""
    deadline, pause = time.monotonic() + seconds, threading.Event()
    while not ready():
        assert time.monotonic() < deadline, "not ready in time"
        pause.wait(0.02)
