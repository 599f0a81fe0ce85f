"""The two sides that are compared: upstream's middleware alone, and the whole stack. Same settings, same providers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from opentelemetry.instrumentation import asgi as upstream_asgi
from opentelemetry.instrumentation import wsgi as upstream_wsgi
from opentelemetry.sdk.metrics import Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from otel_middleware import InferredRoutes, TenantFromHeader, Tenants, asgi, wsgi

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

__all__ = ["Service", "Side", "ours", "upstream_alone"]


class Service:
    """The telemetry of one service: its providers, and what they were given."""

    def __init__(self, name: str) -> None:
        resource = Resource.create({"service.name": name})
        self.name = name
        self.spans = InMemorySpanExporter()
        self.tracer_provider = TracerProvider(resource=resource)
        self.tracer_provider.add_span_processor(SimpleSpanProcessor(self.spans))
        # Exponential buckets: percentiles of a few milliseconds come out true to some percent.
        self.metrics = InMemoryMetricReader(preferred_aggregation={Histogram: ExponentialBucketHistogramAggregation()})
        self.meter_provider = MeterProvider([self.metrics], resource)

    def providers(self) -> dict[str, Any]:
        """Return the two arguments that upstream and we call the same."""
        return {"tracer_provider": self.tracer_provider, "meter_provider": self.meter_provider}


@dataclass(frozen=True)
class Side:
    """How the ASGI and the WSGI application are wrapped."""

    name: str
    asgi: Wrap
    wsgi: Wrap


if TYPE_CHECKING:
    Wrap: TypeAlias = Callable[[Any, Service], Any]


_TENANTS = Tenants(TenantFromHeader("x-tenant-id"), on_metrics=True)
_SHOP = ["/orders/{id}", "/orders/{id}/receipt", "/orders/{id}/pay", "/stock/{sku}", "/reset/{token}"]


def _asgi(app: Any, service: Service) -> Any:
    return asgi.instrument(app, routes=_SHOP, tenant=_TENANTS, **service.providers())


def _wsgi(app: Any, service: Service) -> Any:
    # Nothing is declared: the templates are inferred from the paths.
    return wsgi.instrument(app, routes=InferredRoutes(on_metrics=True), tenant=_TENANTS, **service.providers())


upstream_alone = Side(
    "upstream alone",
    lambda app, service: upstream_asgi.OpenTelemetryMiddleware(app, **service.providers()),
    lambda app, service: upstream_wsgi.OpenTelemetryMiddleware(app, **service.providers()),
)
ours = Side("otel_middleware", _asgi, _wsgi)
