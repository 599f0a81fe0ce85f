"""What the application itself puts on spans, made safe before it is exported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from opentelemetry.sdk.trace import Event, ReadableSpan, SpanProcessor
from opentelemetry.trace import Link, Status

from otel_middleware._guard import say_once
from otel_middleware.errors import ConfigurationError
from otel_middleware.sanitization import Sanitizer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import Span

__all__ = ["SanitizingSpanProcessor"]

_KEYS_KEPT = 1_000
"""Attribute keys whose rule is remembered."""

_HEADERS = ("http.request.header.", "http.response.header.")
_BY_KEY = {
    "http.target": "path",
    "http.url": "url",
    "url.full": "url",
    "url.path": "path",
    "url.query": "query",
}


class SanitizingSpanProcessor(SpanProcessor):
    """Take secrets out of every span: names, attributes, events, links and status descriptions, children's as well.

    Add it to the provider before processors that export (they then see safe spans, the batch processor too), or put it around
    one: ``SanitizingSpanProcessor(BatchSpanProcessor(exporter))``. The application's own span objects are not changed. An error
    inside keeps the span's identity and times, and drops what it says.

    Args:
        processor: Exports what comes out; ``None`` leaves that to the processors that were added later.
        sanitizer: What is a secret.

    Raises:
        ConfigurationError: When either is something else.
    """

    def __init__(self, processor: SpanProcessor | Sanitizer | None = None, sanitizer: Sanitizer | None = None) -> None:
        if isinstance(processor, Sanitizer) and sanitizer is None:
            processor, sanitizer = None, processor
        problems = []
        if processor is not None and not isinstance(processor, SpanProcessor):
            problems.append(f"processor must be a SpanProcessor or None, not {processor!r}")
        if sanitizer is not None and not isinstance(sanitizer, Sanitizer):
            problems.append(f"sanitizer must be a Sanitizer, not {sanitizer!r}")
        if problems:
            raise ConfigurationError(*problems)
        self._processor: Any = processor
        self._sanitizer = sanitizer or Sanitizer()
        self._secret_keys: dict[str, bool] = {}

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Pass on."""
        if self._processor is not None:
            self._processor.on_start(span, parent_context)

    def on_end(self, span: ReadableSpan) -> None:
        """Hand on what is safe."""
        safe = self._safe(span)
        if self._processor is not None:
            self._processor.on_end(safe)
        else:
            # The SDK hands one snapshot of the span to all processors, in order; the application's span is another object.
            for name in ("_name", "_attributes", "_events", "_links", "_status"):
                setattr(span, name, getattr(safe, name))

    def shutdown(self) -> None:
        """Pass on."""
        if self._processor is not None:
            self._processor.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Pass on."""
        return self._processor is None or bool(self._processor.force_flush(timeout_millis))

    def _safe(self, span: ReadableSpan) -> ReadableSpan:
        try:
            return self._copied(
                span,
                name=self._name(span.name),
                attributes=self._attributes(span.attributes),
                events=[Event(e.name, self._attributes(e.attributes), e.timestamp) for e in span.events],
                links=[Link(link.context, self._attributes(link.attributes)) for link in span.links],
                status=self._status(span.status),
            )
        except Exception as error:  # noqa: BLE001 - fails closed
            say_once("sanitizing", "sanitizing a finished span", error, "its attributes and events are dropped")
            return self._copied(span, name="REDACTED", attributes={}, events=[], links=[], status=None)

    @staticmethod
    def _copied(span: ReadableSpan, status: Status | None, **safe: Any) -> ReadableSpan:
        return ReadableSpan(
            context=span.context,
            parent=span.parent,
            resource=span.resource,
            kind=span.kind,
            status=Status(span.status.status_code) if status is None else status,
            start_time=span.start_time,
            end_time=span.end_time,
            instrumentation_scope=span.instrumentation_scope,
            **safe,
        )

    def _name(self, name: str) -> str:
        method, space, target = name.partition(" ")
        if space and target.startswith("/"):
            return f"{method} {self._sanitizer.path(target)}"
        return self._sanitizer.text(name)

    def _status(self, status: Status) -> Status:
        described = status.description
        return status if not described else Status(status.status_code, self._sanitizer.text(described))

    def _attributes(self, attributes: Mapping[str, Any] | None) -> dict[str, Any]:
        return {key: self._value(key, value) for key, value in (attributes or {}).items()}

    def _value(self, key: str, value: Any) -> Any:
        if isinstance(value, str):
            return self._text(key, value)
        if isinstance(value, (tuple, list)):
            return tuple(self._value(key, item) for item in value)
        return value

    def _text(self, key: str, value: str) -> str:
        sink = _BY_KEY.get(key)
        if sink is not None:
            return str(getattr(self._sanitizer, sink)(value))
        for prefix in _HEADERS:
            if key.startswith(prefix):
                return self._sanitizer.header(key[len(prefix) :].replace("_", "-"), value)
        if self._is_secret(key):
            return self._sanitizer.query(f"{_last(key)}={quote(value)}").partition("=")[2]
        return value if key == "exception.stacktrace" and not value else self._sanitizer.text(value)

    def _is_secret(self, key: str) -> bool:
        """Whether the key says that its value is a secret, by the rules for query keys."""
        known = self._secret_keys.get(key)
        if known is None:
            pair = f"{_last(key)}=x"
            known = self._sanitizer.query(pair) != pair
            if len(self._secret_keys) < _KEYS_KEPT:
                self._secret_keys[key] = known
        return known


def _last(key: str) -> str:
    """``user.password`` is a password; ``code.function`` is no code."""
    return quote(key.rpartition(".")[2])
