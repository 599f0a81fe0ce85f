"""A collector of OTLP by HTTP that can be told to misbehave: what arrives is decoded and kept, resource by resource."""

from __future__ import annotations

import gzip
import socket
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

DEADLINE = 60
"""Seconds after which what was waited for is held not to happen."""


class Collector:
    """A collector on loopback; keeps connections alive, as real ones do.

    ``behave`` is called in place of answering, with the handler, once the body has been read; ``None`` accepts what came.
    """

    def __init__(self, port=0):
        self.changed = threading.Condition()
        self.spans = []
        self.metrics = []
        self.asked = 0
        self.behave = None
        self.connections = set()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        self.port = self._server.server_port

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Stop, and cut what is connected: what is asked from now on is refused."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(DEADLINE)
        for connection in list(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:  # gone already
                continue

    @property
    def environment(self):
        """What leads exporters here."""
        return {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{self.port}",
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        }

    def _handler(self):
        collector = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self):
                super().setup()
                collector.connections.add(self.connection)

            def finish(self):
                collector.connections.discard(self.connection)
                super().finish()

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                with collector.changed:
                    collector.asked += 1
                    behave = collector.behave
                    collector.changed.notify_all()
                if behave is not None:
                    behave(self)
                    return
                if self.headers.get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                collector.take(self.path, body)
                self.answer(200)

            def answer(self, status):
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_): ...

        return Handler

    def take(self, path, body):
        """Keep what an exporter has sent."""
        with self.changed:
            if path == "/v1/traces":
                for block in ExportTraceServiceRequest.FromString(body).resource_spans:
                    resource = plain(block.resource.attributes)
                    self.spans += [(resource, span) for scope in block.scope_spans for span in scope.spans]
            elif path == "/v1/metrics":
                for block in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                    resource = plain(block.resource.attributes)
                    self.metrics += [(resource, metric) for scope in block.scope_metrics for metric in scope.metrics]
            self.changed.notify_all()

    def wait_for(self, found):
        """Wait until *found*, called with this collector, is true."""
        with self.changed:
            assert self.changed.wait_for(lambda: found(self), DEADLINE), (self.asked, self.paths())

    def paths(self):
        """How often a span of each path has arrived."""
        return Counter(plain(span.attributes).get("url.path") for _, span in self.spans)

    def instances(self):
        """The processes that spans have come from, by ``service.instance.id``."""
        return {resource["service.instance.id"] for resource, _ in self.spans}

    def requests_counted(self):
        """Requests that the duration metric counts, summed over processes; each has sent its last totals."""
        last = {}
        for resource, metric in self.metrics:
            if metric.name == "http.server.request.duration":
                points = metric.histogram.data_points
                last[resource.get("service.instance.id")] = sum(point.count for point in points)
        return sum(last.values())


def plain(attributes):
    """Protobuf attributes as a ``dict``."""
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in attributes}
