"""What the application itself puts on spans, made safe before it is exported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from opentelemetry.metrics import get_meter_provider
from opentelemetry.sdk.trace import Event, ReadableSpan, SpanProcessor
from opentelemetry.trace import Link, SpanContext, Status, TraceState

from otel_middleware._guard import say_once
from otel_middleware._redactions import count_redactions
from otel_middleware._upstream import SNAPSHOT_FIELDS
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

    What callers wrote into ``tracestate`` is propagated as received, as W3C Trace Context asks, and is exported with each span:
    here it is made safe in what is exported.

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
        count_redactions(get_meter_provider(), self._sanitizer)
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
            for name in SNAPSHOT_FIELDS:
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
                context=None if span.context is None else self._context(span.context),
                name=self._name(span.name),
                attributes=self._attributes(span.attributes),
                events=[self._event(event) for event in span.events],
                links=[Link(self._context(link.context), self._attributes(link.attributes)) for link in span.links],
                status=self._status(span.status),
            )
        except Exception as error:  # noqa: BLE001 - fails closed
            say_once("sanitizing", "sanitizing a finished span", error, "its attributes and events are dropped")
            return self._copied(
                span, _stateless(span.context), name="REDACTED", attributes={}, events=[], links=[], status=None
            )

    @staticmethod
    def _copied(span: ReadableSpan, context: SpanContext | None, status: Status | None, **safe: Any) -> ReadableSpan:
        return ReadableSpan(
            context=context,
            parent=span.parent,
            resource=span.resource,
            kind=span.kind,
            status=Status(span.status.status_code) if status is None else status,
            start_time=span.start_time,
            end_time=span.end_time,
            instrumentation_scope=span.instrumentation_scope,
            **safe,
        )

    def _context(self, context: SpanContext) -> SpanContext:
        """*context* with what may be exported of its trace state; what is propagated was another object, and is over."""
        if not context.trace_state:
            return context
        entries = [(key, self._text(key, value)) for key, value in context.trace_state.items()]
        return _with_state(context, TraceState(entries))

    def _event(self, event: Event) -> Event:
        return Event(self._sanitizer.text(event.name), self._attributes(event.attributes), event.timestamp)

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
        return self._sanitizer.text(value, multiline=key == "exception.stacktrace")

    def _is_secret(self, key: str) -> bool:
        """Whether the key says that its value is a secret, by the rules for query keys."""
        known = self._secret_keys.get(key)
        if known is None:
            pair = f"{_last(key)}=x"
            known = self._sanitizer.query(pair) != pair
            if len(self._secret_keys) < _KEYS_KEPT:
                self._secret_keys[key] = known
        return known


def _stateless(context: SpanContext | None) -> SpanContext | None:
    return None if context is None else _with_state(context, TraceState())


def _with_state(context: SpanContext, state: TraceState) -> SpanContext:
    return SpanContext(context.trace_id, context.span_id, context.is_remote, context.trace_flags, state)


def _last(key: str) -> str:
    """``user.password`` is a password; ``code.function`` is no code."""
    return quote(key.rpartition(".")[2])
