"""Everything that leaves: spans as a sampler, a processor and an exporter see them, metrics with exemplars, and logs."""

from __future__ import annotations

import json
import logging
from html import unescape
from urllib.parse import unquote_plus

from opentelemetry.sdk.metrics import AlwaysOnExemplarFilter, MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, Sampler

DECODINGS = 4


class Hearing(logging.Handler):
    """Providers, and a handler for what this package and OpenTelemetry log; all that they are given is kept as text."""

    def __init__(self, *processors):
        super().__init__(logging.DEBUG)
        self.heard = []
        self._exporter, self._reader = InMemorySpanExporter(), InMemoryMetricReader()
        self.tracer_provider = TracerProvider(_ListeningSampler(self.heard))
        self.tracer_provider.add_span_processor(_Listening(self.heard))
        for processor in processors:
            self.tracer_provider.add_span_processor(processor)
        self.tracer_provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.meter_provider = MeterProvider([self._reader], exemplar_filter=AlwaysOnExemplarFilter())
        self.providers = {"tracer_provider": self.tracer_provider, "meter_provider": self.meter_provider}

    def __enter__(self):
        for name in ("otel_middleware", "opentelemetry"):
            logger = logging.getLogger(name)
            self._levels = {**getattr(self, "_levels", {}), name: logger.level}
            logger.setLevel(logging.DEBUG)
            logger.addHandler(self)
        return self

    def __exit__(self, *_):
        for name, level in self._levels.items():
            logging.getLogger(name).removeHandler(self)
            logging.getLogger(name).setLevel(level)

    def emit(self, record):
        self.heard.append(("log", logging.Formatter().format(record)))

    @property
    def spans(self):
        return self._exporter.get_finished_spans()

    def points(self):
        """All metric points."""
        data = self._reader.get_metrics_data()
        for resource in data.resource_metrics if data is not None else ():
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    yield from metric.data.data_points

    def everything(self):
        """All that was heard, as pairs of where and text."""
        exported = [("span", said(span)) for span in self.spans]
        metrics = self._reader.get_metrics_data()
        return [*self.heard, *exported, ("metrics", repr(metrics))]

    def leaks(self, planted):
        """The places whose canary was heard, with where it was heard and as what."""
        return [
            f"{place} in {where}: ...{_around(text, secret)}..."
            for where, text in self.everything()
            for decoded in {_decoded(text).lower()}
            for secret, place in planted.items()
            if secret in decoded
        ]


class _ListeningSampler(Sampler):
    def __init__(self, heard):
        self._heard = heard

    def should_sample(self, parent_context, trace_id, name, kind=None, attributes=None, links=None, **more):
        shown = {"name": name, "attributes": attributes, "links": [link.attributes for link in links or ()]}
        self._heard.append(("sampler", repr(shown)))
        return ALWAYS_ON.should_sample(parent_context, trace_id, name, kind, attributes, links, **more)

    def get_description(self):
        return "listening"


class _Listening(SpanProcessor):
    def __init__(self, heard):
        self._heard = heard

    def on_start(self, span, parent_context=None):
        self._heard.append(("processor", repr((span.name, dict(span.attributes)))))


def said(span):
    """All that a span says, its trace state and its links' as well."""
    states = [span.context.trace_state, *(link.context.trace_state for link in span.links)]
    return span.to_json() + json.dumps([state.to_header() for state in states if state])


def _decoded(text):
    for _ in range(DECODINGS):
        text = unquote_plus(unescape(text))
    return text


def _around(text, secret):
    at = _decoded(text).lower().find(secret)
    return _decoded(text)[max(at - 60, 0) : at + 40]
