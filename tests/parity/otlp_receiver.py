"""A receiver of OTLP by HTTP and by gRPC, built on the official definitions: what arrives is what is asserted on."""

# ruff: noqa: PLC0415
# Optional packages are imported where they are used.

from __future__ import annotations

import gzip
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

_KINDS = {"/v1/traces": ExportTraceServiceRequest, "/v1/metrics": ExportMetricsServiceRequest}
_METHODS = {
    "/opentelemetry.proto.collector.trace.v1.TraceService/Export": ExportTraceServiceRequest,
    "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export": ExportMetricsServiceRequest,
}


class Received:
    """Everything that has arrived, in the order of arrival."""

    def __init__(self):
        self._requests = []
        self._changed = threading.Condition()

    def take(self, request):
        with self._changed:
            self._requests.append(request)
            self._changed.notify_all()

    def wait_for(self, found, seconds=30):
        """What *found* gives, as soon as it gives anything; the empty answer when the deadline is over."""
        with self._changed:
            self._changed.wait_for(lambda: bool(found(self)), timeout=seconds)
        return found(self)

    def resources(self, signal):
        """Attributes of the resource and scopes of each arrived block of *signal*: ``spans`` or ``metrics``."""
        for request in list(self._requests):
            for block in getattr(request, f"resource_{signal}", ()):
                yield plain(block.resource.attributes), getattr(block, f"scope_{signal}")

    @property
    def spans(self):
        return [span for _, scopes in self.resources("spans") for scope in scopes for span in scope.spans]

    def points(self, name):
        """Attributes and point of each point of histogram *name*."""
        return [
            (plain(point.attributes), point)
            for _, scopes in self.resources("metrics")
            for scope in scopes
            for metric in scope.metrics
            if metric.name == name
            for point in metric.histogram.data_points
        ]


def plain(attributes):
    """Attributes as a ``dict``."""
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in attributes}


@contextmanager
def receiving_http():
    """Receive by ``http/protobuf``; gives what has arrived, and the environment that leads exporters here."""
    received = Received()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            received.take(_KINDS[self.path].FromString(body))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *args): ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        endpoint = f"http://127.0.0.1:{server.server_port}"
        yield received, {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


@contextmanager
def receiving_grpc():
    """The same by ``grpc``."""
    import grpc  # an optional package

    received = Received()

    class Service(grpc.GenericRpcHandler):
        def service(self, details):
            kind = _METHODS.get(details.method)

            def export(request, context):
                received.take(request)
                return b""

            if kind is None:
                return None
            return grpc.unary_unary_rpc_method_handler(
                export, request_deserializer=kind.FromString, response_serializer=bytes
            )

    server = grpc.server(ThreadPoolExecutor(2), handlers=[Service()])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        endpoint = f"http://127.0.0.1:{port}"
        yield received, {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
    finally:
        server.stop(None).wait(10)
