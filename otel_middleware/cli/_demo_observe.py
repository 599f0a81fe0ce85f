"""One run of the demo: both applications served with one side's wrapping, the traffic, what was reported."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.trace import SpanKind

from otel_middleware.cli._demo_apps import Pricing, Shop
from otel_middleware.cli._demo_sides import Service
from otel_middleware.cli._demo_traffic import drive
from otel_middleware.cli._servers import listening, quiet_servers, serving_asgi, serving_wsgi, url_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from opentelemetry.sdk.metrics.export import Metric, MetricsData
    from opentelemetry.sdk.trace import ReadableSpan

    from otel_middleware.cli._demo_sides import Side
    from otel_middleware.cli._demo_traffic import Scenario

__all__ = ["Observed", "observe"]


@dataclass(frozen=True)
class Observed:
    """What one side reported.

    Args:
        name: The side.
        spans: All spans, in the order in which they ended.
        metrics: The metrics of each service, by its name.
    """

    name: str
    spans: Sequence[ReadableSpan]
    metrics: dict[str, MetricsData]

    def server_span(self, scenario: Scenario) -> ReadableSpan | None:
        """Return the SERVER span of *scenario*, found by its ``User-Agent``; ``None`` where it was excluded."""
        found = (span for span in self.spans if (span.attributes or {}).get("user_agent.original") == scenario.agent)
        return next(found, None)

    def trace_of(self, span: ReadableSpan) -> list[ReadableSpan]:
        """Return all spans of the trace of *span*, by their start."""
        spans = [other for other in self.spans if other.context.trace_id == span.context.trace_id]
        return sorted(spans, key=lambda other: other.start_time or 0)

    def server_spans(self) -> list[ReadableSpan]:
        """Return the SERVER spans."""
        return [span for span in self.spans if span.kind is SpanKind.SERVER]

    def durations(self, service: str) -> Sequence[Any]:
        """Return the points of ``http.server.request.duration`` of *service*, one a series."""
        metric: Metric
        for resource in self.metrics[service].resource_metrics:
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    if metric.name == "http.server.request.duration":
                        return metric.data.data_points
        return ()


def observe(side: Side) -> Observed:
    """Serve both applications wrapped as *side* does, send the traffic, stop them; takes about a second."""
    quiet_servers()
    shop, pricing = Service("shop"), Service("pricing")
    shop_socket, pricing_socket = listening(), listening()
    urls = {"shop": url_of(shop_socket), "pricing": url_of(pricing_socket)}
    shop_app = side.asgi(Shop(urls["pricing"], shop.tracer_provider), shop)
    pricing_app = side.wsgi(Pricing(urls["shop"], pricing.tracer_provider), pricing)
    with ExitStack() as running:
        running.enter_context(_traced_requests(pricing))
        running.enter_context(serving_asgi(shop_app, shop_socket))
        running.enter_context(serving_wsgi(pricing_app, pricing_socket, threads=2))
        drive(urls)
    spans = [span for service in (shop, pricing) for span in service.spans.get_finished_spans()]
    metrics = {service.name: service.metrics.get_metrics_data() for service in (shop, pricing)}
    return Observed(side.name, spans, {name: data for name, data in metrics.items() if data is not None})


@contextmanager
def _traced_requests(service: Service) -> Iterator[None]:
    """Trace ``requests``, which only the WSGI application uses; upstream's instrumentor is one a process."""
    instrumentor = RequestsInstrumentor()
    instrumentor.instrument(tracer_provider=service.tracer_provider)
    try:
        yield
    finally:
        instrumentor.uninstrument()
