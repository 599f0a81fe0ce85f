"""Whether what was reported is valid by the semantic conventions, and can be exported."""

from __future__ import annotations

import re

from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.trace import SpanKind, StatusCode

KNOWN = {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"}
LONGEST_NAME = 1_024
LONGEST_VALUE = 16_384
LONGEST_URL = 2 * LONGEST_VALUE + LONGEST_NAME  # old conventions put host, path and query together
LONGEST_KEY = 256
MOST_ATTRIBUTES = 128  # the SDK drops the first ones past it

_NAME = re.compile(r"(?:[A-Z]+|WS)(?: \S.*)?")
_KEY = re.compile(r"[!-~]+")
_BROKEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_BROKEN_IN_TRACES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,31}")
_VERSION = re.compile(r"[0-9]{1,4}(\.[0-9]{1,16})?")
_TYPES = (str, bool, int, float)

NEW = {
    "method": "http.request.method",
    "scheme": "url.scheme",
    "path": "url.path",
    "status": "http.response.status_code",
    "port": "server.port",
    "address": "server.address",
    "version": "network.protocol.version",
    "duration": "http.server.request.duration",
}
OLD = {
    "method": "http.method",
    "scheme": "http.scheme",
    "status": "http.status_code",
    "port": "net.host.port",
    "address": "net.host.name",
    "duration": "http.server.duration",
}


def names_of(mode):
    """The names of the conventions that *mode* reports."""
    return {"http": [NEW], "http/dup": [NEW, OLD]}.get(mode, [OLD])


def problems_of_span(span, kind, sent, mode):
    """What is wrong with the server span of a request of this *kind*, *sent* with this method, in words."""
    return [
        *_of_shape(span),
        *problems_of_attributes(span.attributes),
        *(
            problem
            for event in span.events
            for key, value in event.attributes.items()
            for problem in _of_attribute(key, value, traces=key == "exception.stacktrace")
        ),
        *(problem for names in names_of(mode) for problem in _of_conventions(span, kind, sent, names)),
        *_of_errors(span, mode),
        *_of_export(encode_spans, [span]),
    ]


def problems_of_attributes(attributes):
    """What is wrong with the attributes of a span, in words."""
    return [problem for key, value in attributes.items() for problem in _of_attribute(key, value)]


def _of_shape(span):
    if span.kind is not SpanKind.SERVER:
        yield f"kind {span.kind}"
    if not _NAME.fullmatch(span.name) or _BROKEN.search(span.name) or len(span.name) > LONGEST_NAME:
        yield f"name {span.name!r:.200} of {len(span.name)}"
    if not 0 < span.start_time <= span.end_time:
        yield f"times {span.start_time} {span.end_time}"
    if span.dropped_attributes or len(span.attributes) > MOST_ATTRIBUTES:
        yield f"{span.dropped_attributes} attributes dropped"
    if _BROKEN.search(span.status.description or ""):
        yield f"description {span.status.description!r:.200}"


def _of_attribute(key, value, *, traces=False):
    if not isinstance(key, str) or not _KEY.fullmatch(key) or len(key) > LONGEST_KEY:
        yield f"key {key!r:.200} of {len(str(key))}"
    values = value if isinstance(value, tuple) else (value,)
    if not all(isinstance(item, _TYPES) for item in values) or len({type(item) for item in values}) > 1:
        yield f"{key} has a type of its own: {value!r:.200}"
    if len(values) > MOST_ATTRIBUTES or sum(len(item) for item in values if isinstance(item, str)) > 4 * LONGEST_VALUE:
        yield f"{key} has {len(values)} values"
    for item in values:
        if isinstance(item, str) and (_BROKEN_IN_TRACES if traces else _BROKEN).search(item):
            yield f"{key} has a control character or surrogate: {item!r:.200}"
        if isinstance(item, str) and len(item) > (LONGEST_URL if key in ("http.url", "http.target") else LONGEST_VALUE):
            yield f"{key} is {len(item)} long"
        if isinstance(item, int) and not -(2**63) <= item < 2**63:
            yield f"{key} is no int64"


def _of_conventions(span, kind, sent, names):
    attributes = span.attributes
    method = attributes.get(names["method"])
    if method not in KNOWN | {"_OTHER"}:
        yield f"{names['method']} {method!r}"
    if names is NEW and method == "_OTHER" and sent != "_OTHER" and not attributes.get("http.request.method_original"):
        yield "no original method"
    first = span.name.partition(" ")[0]
    if first != ("WS" if kind == "websocket" else "HTTP" if method == "_OTHER" else method):
        yield f"name {span.name!r:.100} of {method}"
    template = attributes.get("http.route") or attributes.get("url.template")
    if span.name != (first if template is None else f"{first} {template}"):
        yield f"name {span.name!r:.100} of {template!r:.100}"
    if (template is None) != ("otel_middleware.route.source" not in attributes):
        yield "a template without a source, or a source without"
    if not isinstance(attributes.get(names["scheme"]), str) or not _SCHEME.fullmatch(attributes[names["scheme"]]):
        yield f"scheme {attributes.get(names['scheme'])!r}"
    if names is NEW:
        yield from _of_the_new(attributes)
    status = attributes.get(names["status"])
    if type(status) is not int or not 100 <= status <= 599:
        yield f"status {status!r}"
    yield from _of_endpoint(attributes, names["address"], names["port"])


def _of_the_new(attributes):
    if not attributes.get("url.path"):
        yield "no path"
    version = attributes.get("network.protocol.version")
    if version is not None and not _VERSION.fullmatch(version):
        yield f"version {version!r}"
    for end in ("client", "network.peer"):
        yield from _of_endpoint(attributes, f"{end}.address", f"{end}.port")


def _of_endpoint(attributes, address, port):
    if port in attributes and (type(attributes[port]) is not int or not 0 < attributes[port] < 65_536):
        yield f"{port} is no port"
    if port in attributes and address not in attributes:
        yield f"{port} without {address}"
    if address in attributes and not attributes[address]:
        yield f"{address} is empty"


def _of_errors(span, mode):
    status = span.attributes.get(names_of(mode)[0]["status"])
    error = span.attributes.get("error.type")
    if (error is not None) != (span.status.status_code is StatusCode.ERROR):
        yield f"error.type {error!r} beside {span.status.status_code}"
    if isinstance(status, int) and (status >= 500) != (error is not None):
        yield f"error.type {error!r} of a {status}"
    if error is not None and span.status.description and error == str(status):
        yield f"a description {span.status.description!r} that only repeats the status"


def problems_of_metrics(data, span, kind, mode):
    """What is wrong with the metrics of one request beside its span, in words."""
    metrics = {
        metric.name: list(metric.data.data_points)
        for resource in (data.resource_metrics if data else ())
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }
    points = [point for points in metrics.values() for point in points]
    return [
        *(
            problem
            for point in points
            for key, value in point.attributes.items()
            for problem in _of_attribute(key, value)
        ),
        *(problem for names in names_of(mode) for problem in _of_duration(metrics, span, kind, names)),
        *(f"{point.value} active" for point in metrics.get("http.server.active_requests", ()) if point.value),
        *(
            f"{name} {point.sum!r:.30}"
            for name, points in metrics.items()
            for point in points
            if hasattr(point, "sum") and not 0 <= point.sum < 2**63
        ),
        *(_of_export(encode_metrics, data) if data else ()),
    ]


def _of_duration(metrics, span, kind, names):
    if kind == "websocket":  # upstream measures none
        return
    points = [point for point in metrics.get(names["duration"], ()) if point.count]
    if len(points) != 1 or points[0].count != 1:
        yield f"{len(points)} points of {names['duration']}"
        return
    attributes = points[0].attributes
    for key in ("error.type", "http.route", names["method"], names["scheme"], names["status"]):
        expected = span.attributes.get(key)
        measured = attributes.get("http.target" if names is OLD and key == "http.route" else key)
        if measured not in (expected, "_other"):
            yield f"{key} is {measured!r:.60} on the metric, {expected!r:.60} on the span"
    seconds = (span.end_time - span.start_time) / 1e9
    if names is NEW and abs(points[0].sum - seconds) > 1e-6:
        yield f"{points[0].sum} s on the metric, {seconds} s on the span"


def _of_export(encode, data):
    try:
        encode(data).SerializeToString()
    except Exception as error:  # whatever keeps a batch from being exported
        return [f"cannot be exported: {error!r:.200}"]
    return []
