"""Plain upstream beside ours: the same application and requests through each, in the conventions of this process."""

from __future__ import annotations

import os

from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware as AsgiUpstream
from opentelemetry.instrumentation.wsgi import OpenTelemetryMiddleware as WsgiUpstream

MODE = os.environ.get("OTEL_SEMCONV_STABILITY_OPT_IN", "http")
OLD = MODE != "http"
NEW = MODE != "default"

DURATIONS = ["http.server.duration"] * OLD + ["http.server.request.duration"] * NEW
STATUS = {"http.server.duration": "http.status_code", "http.server.request.duration": "http.response.status_code"}
ROUTE = {"http.server.duration": "http.target", "http.server.request.duration": "http.route"}
METHOD = {"http.server.duration": "http.method", "http.server.request.duration": "http.request.method"}
REQUEST_SIZE = {"http.server.duration": "http.server.request.size"} | {
    "http.server.request.duration": "http.server.request.body.size"
}
RESPONSE_SIZE = {"http.server.duration": "http.server.response.size"} | {
    "http.server.request.duration": "http.server.response.body.size"
}


def upstream(protocol, described, telemetry, **options):
    """The application in upstream's own middleware."""
    kind = {"asgi": AsgiUpstream, "wsgi": WsgiUpstream}[protocol.name]
    return kind(protocol.build(described), **telemetry.providers, **options)


def ours(protocol, described, telemetry, **options):
    """The application in ours."""
    return protocol.module.instrument(protocol.build(described), **telemetry.providers, **options)


def metrics_of(reader):
    """All metrics of a reader, by name."""
    data = reader.get_metrics_data()
    found = {}
    for resource in data.resource_metrics if data is not None else ():
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                assert metric.name not in found, f"{metric.name} is there twice"
                found[metric.name] = metric
    return found
