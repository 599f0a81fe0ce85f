"""The same two applications instrumented, with the real SDK: each span that ends is one datagram to the test."""

from __future__ import annotations

import json
import os
import socket

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from real_servers import driven_asgi, driven_wsgi

from otel_middleware import asgi, wsgi

TOLD_TO = os.environ["TOLD_TO"]


class Datagrams(SpanExporter):
    """Exports to a Unix socket, from whatever thread or process a span ends in."""

    def export(self, spans):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
            for span in spans:
                told.sendto(json.dumps(json.loads(span.to_json())).encode(), TOLD_TO)
        return SpanExportResult.SUCCESS


provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(Datagrams()))
trace.set_tracer_provider(provider)

asgi_app = asgi.instrument(
    driven_asgi.app, routes=[f"/{name}/{{item}}" for name in {**driven_asgi.PATHS, **driven_asgi.SOCKETS}]
)
wsgi_app = wsgi.instrument(driven_wsgi.app, routes=[f"/{name}/{{item}}" for name in driven_wsgi.PATHS])
