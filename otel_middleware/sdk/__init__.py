"""What needs ``opentelemetry-sdk``: bootstrap, processors, sampler. The core imports none of it.

Install it with the extra ``sdk``, or ``otlp`` for :func:`init_telemetry` with its exporters.
"""

from otel_middleware.sdk.bootstrap import Telemetry, init_telemetry
from otel_middleware.sdk.sampling import RouteSampler
from otel_middleware.sdk.sanitizing import SanitizingSpanProcessor
from otel_middleware.sdk.tenants import TenantLogFilter, TenantLogProcessor, TenantSpanProcessor

__all__ = [
    "RouteSampler",
    "SanitizingSpanProcessor",
    "Telemetry",
    "TenantLogFilter",
    "TenantLogProcessor",
    "TenantSpanProcessor",
    "init_telemetry",
]
