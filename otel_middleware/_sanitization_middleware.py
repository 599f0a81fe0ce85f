"""What ``SanitizationMiddleware`` does the same way in both protocols."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.metrics import get_meter_provider
from opentelemetry.trace import StatusCode

from otel_middleware import _attributes as names
from otel_middleware._exception_event import exception_event, status_code_of, status_of
from otel_middleware._redactions import count_redactions
from otel_middleware._text import qualified_name
from otel_middleware.errors import ConfigurationError

if TYPE_CHECKING:
    from opentelemetry.trace import Span

    from otel_middleware.request import Request
    from otel_middleware.sanitization import Sanitizer

__all__ = ["PROPAGATED", "belongs_around", "captured_safely", "tunnelled"]

PROPAGATED = frozenset({"traceparent", "tracestate", "baggage"})
"""Headers that upstream reads for what they are: shown as they came, or nothing would be propagated."""


def belongs_around(protocol: str, app: Any, upstream: type, sanitizer: Any) -> None:
    """Check that a ``SanitizationMiddleware`` stands where it belongs, and let the global meter provider count its redactions.

    Raises:
        ConfigurationError: When it does not, with both problems.
    """
    from otel_middleware.sanitization import Sanitizer  # noqa: PLC0415 - imported where one is used

    problems = []
    if not isinstance(app, upstream):
        problems.append(
            f"SanitizationMiddleware belongs outside, directly around an opentelemetry.instrumentation.{protocol}."
            f"OpenTelemetryMiddleware; it was given {app!r}"
        )
    if not isinstance(sanitizer, Sanitizer):
        problems.append(f"sanitizer must be a Sanitizer, not {sanitizer!r}")
    if problems:
        raise ConfigurationError(*problems)
    count_redactions(get_meter_provider(), sanitizer)


def captured_safely(span: Span, request: Request, sanitizer: Sanitizer) -> None:
    """Make safe what upstream has captured of the headers that had to be shown to it as they came."""
    captured = getattr(span, "attributes", None) or {}
    for name in PROPAGATED:
        key = f"http.request.header.{name}"
        if key in captured:
            span.set_attribute(key, [sanitizer.header(name, request.header(name) or "")])


def tunnelled(span: Span, error: BaseException, sanitizer: Sanitizer) -> None:
    """Record an exception with safe text on upstream's span; it is raised again where upstream does not see it."""
    if span.is_recording():
        if status_code_of(span) is not StatusCode.OK:  # else a policy says that this is no error
            span.set_attribute(names.ERROR_TYPE, qualified_name(error))
        span.add_event("exception", exception_event(error, sanitizer))
        span.set_status(status_of(error, sanitizer))
