"""What ``SanitizationMiddleware`` does the same way in both protocols."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_middleware import _attributes as names
from otel_middleware._exchange import exception_event, status_of
from otel_middleware._text import qualified_name
from otel_middleware.errors import ConfigurationError
from otel_middleware.sanitization import Sanitizer

if TYPE_CHECKING:
    from opentelemetry.trace import Span

__all__ = ["belongs_around", "tunnelled"]


def belongs_around(protocol: str, app: Any, upstream: type, sanitizer: Any) -> None:
    """Check that a ``SanitizationMiddleware`` stands where it belongs.

    Raises:
        ConfigurationError: When it does not, with both problems.
    """
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


def tunnelled(span: Span, error: BaseException, sanitizer: Sanitizer) -> None:
    """Record an exception with safe text on upstream's span; it is raised again where upstream does not see it."""
    if span.is_recording():
        span.set_attribute(names.ERROR_TYPE, qualified_name(error))
        span.add_event("exception", exception_event(error, sanitizer))
        span.set_status(status_of(error, sanitizer))
