"""One request's facts, and the decision at its end: the only writer on spans.

The protocol layers note what happens on an :class:`Exchange`; concerns talk to it through three verbs (set the route,
set the tenant, set the verdict); when the response is over it writes the truth on the span and settles the metrics that
upstream proposed. A concern that stands by itself, inside an ``OpenTelemetryMiddleware`` of the user's, has the same
verbs in :class:`~otel_middleware._by_hand.CurrentSpan`.
"""

from __future__ import annotations

import traceback
from time import perf_counter_ns, time_ns
from typing import TYPE_CHECKING, Any

from opentelemetry import context as otel_context
from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context

from otel_middleware import _attributes as names
from otel_middleware._baggage import TenantBaggage
from otel_middleware._guard import guarded, say_once
from otel_middleware._labels import with_labeler
from otel_middleware._outcome import COMPLETED, Verdict, decide, judged
from otel_middleware._text import message_of, qualified_name
from otel_middleware.request import Response
from otel_middleware.tenancy import Tenants

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from opentelemetry.context import Context
    from opentelemetry.trace import Link, Span, SpanContext, Tracer

    from otel_middleware._active_requests import ActiveRequests, Cell
    from otel_middleware._plan import Plan
    from otel_middleware.request import Request
    from otel_middleware.sanitization import Sanitizer

__all__ = ["EXCHANGE_KEY", "Exchange", "conflict", "exception_event", "status_of"]

EXCHANGE_KEY = "otel_middleware.exchange"
"""Where the exchange stands in the OpenTelemetry context, and a weak reference to it in the scope or environ.

Weak, since the exchange's request reads the environ: a cycle would wait for the garbage collector.
"""

APPLICATION, DECLARED, FRAMEWORK, INFERRED = "application", "declared", "framework", "inferred"
_RANKS = {None: 0, INFERRED: 1, FRAMEWORK: 2, DECLARED: 3, APPLICATION: 4}

_NANOSECONDS = 1e9

TENANT_CONFLICT = "otel_middleware.tenant.conflict"
"""The event of a request that claimed another tenant than it was authenticated as."""

ANY_TENANT = Tenants(lambda _request: None)
"""How a tenant is shown that the application sets where no policy stands."""


class Exchange:
    """One request and its response.

    Made by the outermost layer, filled by the layers inside and the protocol watchers, finished once. Nothing it does
    after the application was entered can fail a request.
    """

    __slots__ = (
        "__weakref__",
        "accepted",
        "active",
        "authenticated",
        "begun",
        "bytes_received",
        "bytes_sent",
        "cancelled",
        "captured",
        "carried",
        "client_left",
        "clock",
        "close_code",
        "closed_by",
        "complete",
        "context",
        "error",
        "expected_bytes",
        "facts",
        "first_byte",
        "judge",
        "kind",
        "last_byte",
        "links",
        "logged",
        "measured_outside",
        "messages",
        "name",
        "named_by_user",
        "named_for",
        "over",
        "parent",
        "plan",
        "proposals",
        "recorded",
        "request",
        "request_complete",
        "response_headers",
        "root_path",
        "route_path",
        "safe_path",
        "source",
        "span",
        "span_kind",
        "start",
        "status",
        "template",
        "tenant",
        "tenant_believed",
        "tenants",
    )

    def __init__(self, plan: Plan, request: Request, kind: str = "http") -> None:
        self.plan = plan
        self.request = request
        self.kind = kind
        # One clock for span and metric: wall time once, differences from the monotonic clock.
        self.start = time_ns()
        self.clock = perf_counter_ns()
        self.root_path = ""  # as the server gave it
        self.route_path = request.path  # below root_path: what declared templates match
        self.safe_path = request.path  # sanitised, root_path included
        self.tenant_believed = True
        self.facts: dict[str, Any] = {}  # span attributes that correct upstream's; ``None`` takes one away
        self.begun: Mapping[str, Any] = self.facts  # the attributes that the span started with
        self.proposals: list[tuple[str, Any, float, Mapping[str, Any]]] = []
        self.active: tuple[ActiveRequests, Cell] | None = None
        self.parent: Context | None = None
        self.span_kind = SpanKind.SERVER
        self.measured_outside = False  # who stands around us counts this request
        self.links: tuple[Link, ...] = ()
        self.span: Span | None = None
        self.context: Context | None = None
        self.name = ""
        self.named_by_user = False
        self.named_for: str | None = None  # the template that the span's name was made from
        self.template: str | None = None
        self.source: str | None = None
        self.tenant: str | None = None
        self.tenants: Tenants | None = None  # how the tenant is shown
        self.authenticated: str | None = None  # the tenant as the application said it
        self.carried: TenantBaggage | None = None  # what outgoing calls carry
        self.judge: Callable[[Response], bool | None] | None = None
        self.status: int | None = None
        self.response_headers: Callable[[], Iterable[tuple[str, str]]] | tuple[()] = ()
        self.captured: dict[str, list[str]] | None = None
        self.error: BaseException | None = None
        self.recorded: BaseException | str | None = None
        self.logged: tuple[int, BaseException] | None = None  # with the level that it was logged at
        self.cancelled = False
        self.client_left = False
        self.complete = False
        self.expected_bytes: int | None = None
        self.bytes_sent: int | None = 0
        self.bytes_received = 0
        self.request_complete = False
        self.first_byte: int | None = None
        self.last_byte: int | None = None
        self.accepted = False
        self.close_code: int | None = None
        self.closed_by: str | None = None
        self.messages: list[int] | None = None  # websocket: received, sent
        self.over = False

    # -- the three verbs

    def set_route(self, template: str, source: str) -> None:
        """Name this request; a better source replaces a worse one, never the reverse."""
        if _RANKS[source] >= _RANKS[self.source]:
            self.template, self.source = template, source

    def set_tenant(self, tenant: str, tenants: Tenants) -> None:
        """Say whose request it is, as *tenants* shows it; an authenticated tenant stays."""
        self._show(tenant, tenants)
        if self.authenticated is not None:  # before this policy was asked
            self.authenticated_as(self.authenticated)

    def authenticated_as(self, tenant: str) -> None:
        """Replace the tenant that the request claimed; a conflict between the two is an event on the span."""
        self.authenticated = tenant
        claimed, tenants = self.tenant, self.tenants or ANY_TENANT
        shown = tenants.validated(tenant)
        self._show(shown, tenants)
        if claimed not in (None, tenants.unknown, shown) and self.span is not None:
            self.span.add_event(TENANT_CONFLICT, conflict(claimed, shown))

    def _show(self, tenant: str, tenants: Tenants) -> None:
        self.tenant, self.tenants = tenant, tenants
        if tenants.in_baggage and self.context is not None:
            if self.carried is None:
                self.carried = TenantBaggage.around_current()
                self.context = self.carried.within(self.context)
                # Whoever serves the request detaches it.
                otel_context.attach(self.carried.within(otel_context.get_current()))
            self.carried.replace(tenants.attribute, None if tenant == tenants.unknown else tenant)

    def set_verdict(self, judge: Callable[[Response], bool | None]) -> None:
        """Say who decides whether the response is an error."""
        self.judge = judge

    # -- asked: upstream proposes

    def begin(self, tracer: Tracer, attributes: Mapping[str, Any]) -> SpanContext:
        """Start the server span from upstream's proposal, corrected."""
        merged = {**attributes, **self.facts}
        if None in self.facts.values():  # upstream said what is not so
            merged = {key: value for key, value in merged.items() if value is not None}
        if self.template is not None and self.source != INFERRED:
            self._put_route(merged)  # a guess waits: attributes cannot be taken back
        self.begun = merged
        self.named_by_user, self.named_for = bool(self.name), self.template
        self.name = self.name or self._span_name()
        self.span = span = tracer.start_span(
            self.name,
            context=self.parent,
            kind=self.span_kind,
            attributes=merged,
            links=self.links,
            start_time=self.start,
        )
        self.context = with_labeler(set_span_in_context(span, otel_context.set_value(EXCHANGE_KEY, self, self.parent)))
        return span.get_span_context()

    def counted_as(self, active: ActiveRequests, attributes: Mapping[str, Any]) -> None:
        """Count the request as active, until it is over."""
        if self.measured_outside:
            return
        cell = tuple(self.plan.measurement.bounded(attributes, self).items())
        self.active = (active, cell)
        active.add(cell, 1)

    def capture(self, attributes: Mapping[str, list[str]]) -> None:
        """Keep captured headers for the span."""
        self.captured = {**self.captured, **attributes} if self.captured else dict(attributes)

    def count_message(self, direction: int) -> None:
        """Count a websocket message: 0 received, 1 sent."""
        if self.messages is not None:
            self.messages[direction] += 1

    # -- answered

    @property
    def answer(self) -> tuple[Any, ...]:
        """What is noted of the response's start; put back when a server refuses another one."""
        return self.status, self.expected_bytes, self.response_headers, self.captured

    @answer.setter
    def answer(self, before: tuple[Any, ...]) -> None:
        self.status, self.expected_bytes, self.response_headers, self.captured = before

    def unanswered(self) -> None:
        """Forget a start of the response that never went, or was replaced before it did."""
        self.status, self.expected_bytes, self.response_headers = None, None, ()
        if self.captured:
            self.captured = {key: value for key, value in self.captured.items() if "response.header" not in key}

    # -- over: the exchange decides

    def name_by(self, details: Callable[[Any], Any], carrier: Any) -> None:
        """Name the span as the option ``default_span_details`` says: a name and more attributes."""
        told = guarded("default_span_details", details, carrier)
        if isinstance(told, tuple) and len(told) == 2 and isinstance(told[0], str):  # noqa: PLR2004 - a pair
            self.name = told[0]
            self.facts.update(told[1] or {})
            route = self.facts.get(names.HTTP_ROUTE)
            if isinstance(route, str):
                self.set_route(route, DECLARED)

    def message_span(self, direction: str) -> Span:
        """A span for one ASGI message, named as upstream names it; a child of the application's own where one is current."""
        name = self.name if self.named_by_user else self._span_name()
        inside = otel_context.get_value(EXCHANGE_KEY) is self
        context = otel_context.get_current() if inside else self.context
        return self.plan.tracer.start_span(f"{name} {self.kind} {direction}", context=context)

    def put_status(self, span: Span, status: int) -> None:
        """Put the status code on a message span."""
        for key in self.plan.measurement.status_keys:
            span.set_attribute(key, status)
        if status >= 500:  # noqa: PLR2004 - the first server error
            span.set_status(Status(StatusCode.ERROR))
            if self.plan.measurement.new:
                span.set_attribute(names.ERROR_TYPE, str(status))

    def body_ended(self) -> None:
        """Note the last byte.

        A 5xx response waits for the application to return: the exception that a framework re-raises is its own.
        """
        self.complete = True
        self.last_byte = perf_counter_ns()
        if self.status is None or self.status < 500:  # noqa: PLR2004 - the first server error
            self.finish()

    def finish(self) -> None:
        """Settle span and metrics, once."""
        if self.over:
            return
        self.over = True
        try:
            self._settle()
        except Exception as error:  # noqa: BLE001 - finishing may never fail a request
            say_once("finish", "settling a request", error, "its span may be missing")
        finally:
            self._count_out()
            self.context = None  # it holds the exchange: a cycle would wait for the garbage collector

    def abandon(self) -> None:
        """Forget the request: upstream failed while it was asked, and the application is served without telemetry."""
        self.over = True
        self._count_out()

    def background_failed(self, error: BaseException) -> None:
        """Put an exception after the last byte on a child span of its own: the response stays what it was."""
        span = self.span
        if span is None or not span.get_span_context().trace_flags.sampled:
            return
        started = self.start + (self.last_byte or self.clock) - self.clock
        name = getattr(span, "name", self.name)
        child = self.plan.tracer.start_span(
            f"{name} background", context=set_span_in_context(span, self.parent), start_time=started
        )
        child.set_attribute(names.ERROR_TYPE, qualified_name(error))
        child.add_event("exception", exception_event(error, self.plan.sanitizer))
        child.set_status(status_of(error, self.plan.sanitizer))
        child.end(self.start + perf_counter_ns() - self.clock)

    def _settle(self) -> None:
        elapsed = (self.last_byte or perf_counter_ns()) - self.clock
        verdict = decide(self)
        if self.source is None or self.source == INFERRED:
            self._infer(verdict.status)
        if self.judge is not None:
            answered = self.known_error if self.error is None else None
            verdict = judged(verdict, guarded("the error policy", self.judge, self.response(verdict)), answered)
        span = self.span
        if span is not None:
            if span.is_recording():
                verdict = self._write(span, verdict)
            if getattr(span, "end_time", None) is None:  # the application may have ended it itself
                span.end(self.start + elapsed)
        self._measure(elapsed, verdict)

    def _infer(self, status: int | None) -> None:
        template = self.plan.routes.inferred(self.safe_path, status)
        self.template, self.source = (None, None) if template is None else (template, INFERRED)

    @property
    def known_error(self) -> BaseException | str | None:
        """The error that the application answered itself: as it said, else as it was logged."""
        if self.recorded is not None or self.logged is None:
            return self.recorded
        return self.logged[1]

    def response(self, verdict: Verdict) -> Response:
        """The response as policies see it."""
        return Response(
            self.request,
            status=verdict.status,
            headers=self.response_headers,
            error=self.known_error if verdict.error is None else verdict.error,
            template=self.template,
            outcome=verdict.outcome,
        )

    def request_size(self) -> int | None:
        """Bytes of the request body: counted where the application read it all, else as announced; ``None`` without a body."""
        if self.request_complete and self.bytes_received:
            return self.bytes_received
        announced = self.request.header("content-length")
        return int(announced) if announced and announced.isascii() and announced.isdigit() else None

    # -- span

    def _write(self, span: Span, verdict: Verdict) -> Verdict:
        verdict = self._with_status(span, verdict)
        attributes = self._outcome(verdict)
        if self.template is not None and self.template != self.begun.get(names.HTTP_ROUTE):
            self._put_route(attributes)
        if self.tenants is not None:
            attributes[self.tenants.attribute] = self.tenant
        if self.captured:
            attributes.update(self.captured)
        if self.first_byte is not None:
            attributes[names.TIME_TO_FIRST_BYTE] = (self.first_byte - self.clock) / _NANOSECONDS
        if self.messages is not None:
            self._put_session(attributes)
        self._put(span, attributes)
        if verdict.error is not None:
            span.add_event("exception", exception_event(verdict.error, self.plan.sanitizer))
        return verdict

    def _outcome(self, verdict: Verdict) -> dict[str, Any]:
        attributes: dict[str, Any] = {}
        if verdict.status is not None:
            for key in self.plan.measurement.status_keys:
                attributes[key] = verdict.status
        if verdict.error_type is not None:
            attributes[names.ERROR_TYPE] = verdict.error_type
        if verdict.outcome != COMPLETED:
            attributes[names.OUTCOME] = verdict.outcome
        return attributes

    def _put(self, span: Span, attributes: dict[str, Any]) -> None:
        tenant = names.TENANT_ID if self.tenants is None else self.tenants.attribute
        for key in (names.HTTP_ROUTE, tenant):
            if key in attributes:
                given = (getattr(span, "attributes", None) or {}).get(key)
                if given is not None and given != self.begun.get(key):
                    del attributes[key]  # the application wrote it itself
        span.set_attributes(attributes)
        if self.template != self.named_for and not self.named_by_user and getattr(span, "name", self.name) == self.name:
            span.update_name(self._span_name())

    def _with_status(self, span: Span, verdict: Verdict) -> Verdict:
        """Set the span's status, unless the application has set its own, and agree with it."""
        current = getattr(span, "status", None)
        code = StatusCode.UNSET if current is None else current.status_code
        if code is StatusCode.ERROR:
            return verdict if verdict.error_type else verdict._replace(error_type="_OTHER")
        if code is StatusCode.OK:
            return verdict if verdict.error else verdict._replace(error_type=None)
        if verdict.error_type is not None:
            described = verdict.error if verdict.described else None
            span.set_status(status_of(described, self.plan.sanitizer))
        return verdict

    def _put_route(self, attributes: dict[str, Any]) -> None:
        attributes[names.URL_TEMPLATE if self.source == INFERRED else names.HTTP_ROUTE] = self.template
        attributes[names.ROUTE_SOURCE] = self.source

    def _put_session(self, attributes: dict[str, Any]) -> None:
        received, sent = self.messages or (0, 0)
        attributes[names.MESSAGES_RECEIVED], attributes[names.MESSAGES_SENT] = received, sent
        attributes[names.BYTES_RECEIVED], attributes[names.BYTES_SENT] = self.bytes_received, self.bytes_sent or 0
        if self.close_code is not None:
            attributes[names.CLOSE_CODE] = self.close_code
        if self.closed_by is not None:
            attributes[names.CLOSED_BY] = self.closed_by

    def _span_name(self) -> str:
        method = "WS" if self.kind == "websocket" else self.plan.method_in_name(self.request.method)
        return method if self.template is None else f"{method} {self.template}"

    # -- metrics

    def _measure(self, elapsed: int, verdict: Verdict) -> None:
        if self.proposals and not self.measured_outside:
            self.plan.measurement.settle(self, elapsed, verdict)
        if self.plan.queue is not None:
            self.plan.queue.record(self)

    def _count_out(self) -> None:
        if self.active is not None:
            active, cell = self.active
            self.active = None
            active.add(cell, -1)


def conflict(claimed: str | None, authenticated: str) -> dict[str, str]:
    """The attributes of a conflict event: both tenants as they may be shown."""
    return {"otel_middleware.tenant.claimed": claimed or "", "otel_middleware.tenant.authenticated": authenticated}


def exception_event(error: BaseException, sanitizer: Sanitizer | None) -> dict[str, str]:
    """The attributes of an ``exception`` event.

    Not ``record_exception``: the SDK calls ``str(error)`` there even when its text is given, and an ``__str__`` that
    raises would replace the application's own exception.
    """
    if sanitizer is None:
        message, trace = message_of(error), _raw_trace(error)
    else:
        message = _told(sanitizer, "message", error)
        trace = _told(sanitizer, "exception", error)
    return {"exception.type": qualified_name(error), "exception.message": message, "exception.stacktrace": trace}


def status_of(error: BaseException | None, sanitizer: Sanitizer | None) -> Status:
    """ERROR; with ``Type: message`` where *error* is given."""
    if error is None:
        return Status(StatusCode.ERROR)
    message = message_of(error) if sanitizer is None else _told(sanitizer, "message", error)
    name = qualified_name(error).rpartition(".")[2]
    return Status(StatusCode.ERROR, f"{name}: {message}" if message else name)


def _told(sanitizer: Sanitizer, sink: str, error: BaseException) -> str:
    """What a subclass of the user's says, or nothing when it raises."""
    return guarded(f"Sanitizer.{sink}", getattr(type(sanitizer), sink), sanitizer, error) or ""


def _raw_trace(error: BaseException) -> str:
    try:
        return "".join(traceback.format_exception(type(error), error, error.__traceback__))
    except Exception:  # noqa: BLE001 - a broken __str__ somewhere in the chain
        return qualified_name(error)
