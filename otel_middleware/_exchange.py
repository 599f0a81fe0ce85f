"""One request's facts: what everybody notes, and what its report is made of.

The protocol layers note what happens on an :class:`Exchange`; concerns talk to it through three verbs (set the route, set the
tenant, set the verdict); when the response is over :mod:`~otel_middleware._report` writes the truth on the span and settles
the metrics that upstream proposed. A concern that stands by itself, inside an ``OpenTelemetryMiddleware`` of the user's, has the
same verbs in :class:`~otel_middleware._by_hand.CurrentSpan`.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter_ns, time_ns
from typing import TYPE_CHECKING, Any

from opentelemetry import context as otel_context
from opentelemetry.trace import SpanKind

from otel_middleware import _attributes as names
from otel_middleware._any_tenant import any_tenant
from otel_middleware._baggage import TenantBaggage
from otel_middleware._deferred import collected_here, waiting
from otel_middleware._guard import guarded, say_once
from otel_middleware._report import settle
from otel_middleware._route_sources import DECLARED, outranked
from otel_middleware._wire import length_in
from otel_middleware.request import Response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from opentelemetry.context import Context
    from opentelemetry.trace import Link, Span

    from otel_middleware._active_requests import ActiveRequests
    from otel_middleware._outcome import Verdict
    from otel_middleware._plan import Plan
    from otel_middleware.request import Request
    from otel_middleware.tenancy import Tenants

__all__ = ["TENANT_CONFLICT", "Exchange", "conflict"]

TENANT_CONFLICT = "otel_middleware.tenant.conflict"
"""The event of a request that claimed another tenant than it was authenticated as."""


_OF_RESPONSE = "http.response.header."


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
        "settled",
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

    def __init__(
        self, plan: Plan, request: Request, kind: str, root_path: str, route_path: str, safe_path: str
    ) -> None:
        self.plan = plan
        self.request = request
        self.kind = kind
        # One clock for span and metric: wall time once, differences from the monotonic clock.
        self.start = time_ns()
        self.clock = perf_counter_ns()
        self.root_path = root_path  # as the server gave it
        self.route_path = route_path  # below root_path: what declared templates match
        self.safe_path = safe_path  # sanitised, root_path included
        self.tenant_believed = True
        self.facts: dict[str, Any] = {}  # span attributes that correct upstream's; ``None`` takes one away
        self.begun: Mapping[str, Any] = self.facts  # the attributes that the span started with
        self.proposals: Sequence[tuple[str, Any, float, Mapping[str, Any]]] = ()
        self.settled = False  # whether the attributes of what upstream proposed are
        self.active: tuple[ActiveRequests, Any] | None = None
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
        if outranked(self.source, source):
            self.template, self.source = template, source

    def set_tenant(self, tenant: str, tenants: Tenants) -> None:
        """Say whose request it is, as *tenants* shows it; an authenticated tenant stays."""
        self.tenant, self.tenants = tenant, tenants
        if tenants.in_baggage:
            self._carry(tenant, tenants)
        if self.authenticated is not None:  # before this policy was asked
            self.authenticated_as(self.authenticated)

    def authenticated_as(self, tenant: str) -> None:
        """Replace the tenant that the request claimed; a conflict between the two is an event on the span."""
        self.authenticated = tenant
        claimed, tenants = self.tenant, self.tenants or any_tenant()
        shown = tenants.validated(tenant)
        self.tenant, self.tenants = shown, tenants
        if tenants.in_baggage:
            self._carry(shown, tenants)
        if claimed not in (None, tenants.unknown, shown) and self.span is not None:
            self.span.add_event(TENANT_CONFLICT, conflict(claimed, shown))

    def _carry(self, tenant: str, tenants: Tenants) -> None:
        if self.context is None:
            return
        if self.carried is None:
            self.carried = TenantBaggage.around_current()
            self.context = self.carried.within(self.context)
            # Whoever serves the request detaches it.
            otel_context.attach(self.carried.within(otel_context.get_current()))
        self.carried.replace(tenants.attribute, None if tenant == tenants.unknown else tenant)

    def set_verdict(self, judge: Callable[[Response], bool | None]) -> None:
        """Say who decides whether the response is an error."""
        self.judge = judge

    # -- asked

    def name_by(self, details: Callable[[Any], Any], carrier: Any) -> None:
        """Name the span as the option ``default_span_details`` says: a name and more attributes."""
        told = guarded("default_span_details", details, carrier)
        if isinstance(told, tuple) and len(told) == 2 and isinstance(told[0], str):  # noqa: PLR2004 - a pair
            self.name = told[0]
            self.facts.update(told[1] if isinstance(told[1], Mapping) else {})
            route = self.facts.get(names.HTTP_ROUTE)
            if isinstance(route, str):
                self.set_route(route, DECLARED)

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
        """What is noted of the response's start, for ``refused``."""
        return self.status, self.expected_bytes, self.response_headers, self.captured

    def refused(self, before: tuple[Any, ...] | None) -> None:
        """Put back what was noted before a start that the server refuses; ``None`` when that was nothing."""
        if before is None:
            self.unanswered()
        else:
            self.status, self.expected_bytes, self.response_headers, self.captured = before

    def unanswered(self) -> None:
        """Forget a start of the response that never went, or was replaced before it did."""
        self.status, self.expected_bytes, self.response_headers = None, None, ()
        if self.captured:
            self.captured = {key: value for key, value in self.captured.items() if not key.startswith(_OF_RESPONSE)}

    def forsaken(self) -> None:
        """Note that the application raised since its client has left: a 5xx was a framework's answer to that, for nobody."""
        self.client_left = True
        if self.status is not None and self.status >= 500:  # noqa: PLR2004 - the first server error
            self.unanswered()

    # -- over

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
        if collected_here():
            waiting.append(self)
        else:
            self.report()

    def report(self) -> None:
        """Settle span and metrics of an exchange that is over."""
        try:
            settle(self)
        except Exception as error:  # noqa: BLE001 - finishing may never fail a request
            say_once("finish", "settling a request", error, "its span may be missing")
        finally:
            self._count_out()
            self.context = None  # it holds the exchange: a cycle would wait for the garbage collector

    def abandon(self) -> None:
        """Forget the request: upstream failed while it was asked, and the application is served without telemetry."""
        self.over = True
        self._count_out()

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
        return None if announced is None else length_in(announced)

    def _count_out(self) -> None:
        if self.active is not None:
            active, count = self.active
            self.active = None
            active.left(count)


def conflict(claimed: str | None, authenticated: str) -> dict[str, str]:
    """The attributes of a conflict event: both tenants as they may be shown."""
    return {"otel_middleware.tenant.claimed": claimed or "", "otel_middleware.tenant.authenticated": authenticated}
