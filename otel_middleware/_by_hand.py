"""The three verbs for a concern that stands by itself, inside an ``OpenTelemetryMiddleware`` of the user's.

There is no exchange there: the span is upstream's, current while the application runs. Its metrics are upstream's own
and stay as they are; ``instrument`` corrects those too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from opentelemetry.context import get_value, set_value
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, get_current_span

from otel_middleware import _attributes as names
from otel_middleware._any_tenant import any_tenant
from otel_middleware._baggage import TenantBaggage
from otel_middleware._context_keys import EXCHANGE_KEY, TAGGED_KEY
from otel_middleware._defaults import SANITIZER, sanitizer_of
from otel_middleware._exchange import TENANT_CONFLICT, conflict
from otel_middleware._guard import guarded, say_once
from otel_middleware._neighbours import is_of_http
from otel_middleware._route_sources import DECLARED, FRAMEWORK, INFERRED
from otel_middleware._said_template import said_template
from otel_middleware._text import qualified_name
from otel_middleware.frameworks import Asked
from otel_middleware.request import Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from opentelemetry.context import Context

    from otel_middleware._exchange import Exchange
    from otel_middleware.routing.resolution import Routes
    from otel_middleware.tenancy import Tenants

__all__ = ["CurrentSpan", "exchange_in", "tagged"]

_tenants_of: WeakKeyDictionary[Span, Tenants] = WeakKeyDictionary()
"""By server span: while a WSGI body is iterated upstream's context is current, not ours."""


def tagged() -> CurrentSpan | None:
    """The server span of a user's own ``OpenTelemetryMiddleware`` that a ``TenantMiddleware`` has put a tenant on."""
    found: CurrentSpan | None = get_value(TAGGED_KEY)  # type: ignore[assignment]  # only we write there
    if found is None:
        span = get_current_span()
        tenants = _tenants_of.get(span) if span.is_recording() else None
        if tenants is not None:
            found = CurrentSpan(span, Request())
            found.tenants, found.tenant = tenants, getattr(span, "attributes", {}).get(tenants.attribute)
    return found


def exchange_in(carrier: Mapping[str, Any]) -> Exchange | None:
    """The exchange of this scope or environ; ``None`` when there is none or it is over (an environ may be reused)."""
    reference = carrier.get(EXCHANGE_KEY)
    exchange: Exchange | None = None if reference is None else reference()
    return None if exchange is None or exchange.over else exchange


class CurrentSpan:
    """The server span of a user's own ``OpenTelemetryMiddleware``, while its request runs.

    Args:
        span: The span.
        request: The request as policies see it.
        kind: ``http`` or ``websocket``.
    """

    def __init__(self, span: Span, request: Request, kind: str = "http") -> None:
        self._span = span
        self.request = request
        self._kind = kind
        self.tenant: str | None = None
        self.tenants: Tenants | None = None
        self._carried: TenantBaggage | None = None

    @classmethod
    def of(cls, request: Callable[[], Request], kind: str = "http") -> CurrentSpan | None:
        """The current span when it is a recording server span, else ``None``: then there is nothing to do.

        Upstream's is an internal span where another span stands around it.
        """
        span = get_current_span()
        if not span.is_recording():
            return None
        known = getattr(span, "kind", None)
        if known is SpanKind.SERVER or (known is SpanKind.INTERNAL and is_of_http(span)):
            return cls(span, request(), kind)
        return None

    def set_route(self, template: str, source: str, method_in_name: Callable[[str], str]) -> None:
        """Name the request."""
        known = names.URL_TEMPLATE if source == INFERRED else names.HTTP_ROUTE
        self._span.set_attributes({known: template, names.ROUTE_SOURCE: source})
        method = "WS" if self._kind == "websocket" else method_in_name(self.request.method)
        self._span.update_name(f"{method} {template}")

    def set_tenant(self, tenants: Tenants) -> Context:
        """Say whose request it is; the context in which the application can say better."""
        self.tenant, self.tenants = tenants.of(self.request), tenants
        self._span.set_attribute(tenants.attribute, self.tenant)
        _tenants_of[self._span] = tenants
        context = set_value(TAGGED_KEY, self)
        if not tenants.in_baggage:
            return context
        self._carried = TenantBaggage.around_current()
        self._carried.put(tenants.attribute, None if self.tenant == tenants.unknown else self.tenant)
        return self._carried.within(context)

    def authenticated_as(self, tenant: str) -> None:
        """Replace the tenant that the request claimed; a conflict between the two is an event on the span."""
        if not self._span.is_recording():  # the request is over
            return
        claimed, tenants = self.tenant, self.tenants or any_tenant()
        self.tenant = shown = tenants.validated(tenant)
        self._span.set_attribute(tenants.attribute, shown)
        if self._carried is not None:
            self._carried.replace(tenants.attribute, None if shown == tenants.unknown else shown)
        if claimed not in (None, tenants.unknown, shown):
            self._span.add_event(TENANT_CONFLICT, conflict(claimed, shown))

    def set_verdict(self, judge: Callable[[Response], bool | None], status: int | None, headers: Any) -> None:
        """Correct the status, after upstream has written its own.

        ``Ok`` takes an ``Error`` back, the only thing that does (specification, "Set Status").
        """
        opinion = guarded("the error policy", judge, Response(self.request, status=status, headers=headers or ()))
        if opinion is True:
            self._span.set_attribute(names.ERROR_TYPE, str(status))
            self._span.set_status(Status(StatusCode.ERROR))
        elif opinion is False:
            self._span.set_status(Status(StatusCode.OK))

    def raised(self, error: BaseException, *, started: bool) -> None:
        """Say with what exception the application failed, before upstream records it."""
        self._span.set_attribute(names.ERROR_TYPE, qualified_name(error))
        if not started:
            self._span.set_attribute(names.HTTP_RESPONSE_STATUS_CODE, 500)

    def declare(self, routes: Routes, path: str, carrier: Any) -> bool:
        """Name the request by a declared template, when there is one."""
        template = routes.declared(path, self.request.method, carrier, _shown_template)
        if template is not None:
            self.set_route(template, DECLARED, routes.method_in_name)
        return template is not None

    def ask(self, routes: Routes, root: str, path: str, carrier: Any, body: Any = None) -> bool:
        """Name the request by what the framework tells; whether it told."""
        asked = Asked(self._kind, self.request, path, root)
        try:
            template = None if routes.router is None else routes.router.template(carrier, asked, body)
        except Exception as error:  # noqa: BLE001 - a framework's inside may raise anything
            say_once("by hand", "asking the application for its route", error, "no route", of=routes)
            return False
        if template:
            self.set_route(template, FRAMEWORK, routes.method_in_name)
        return bool(template)

    def infer(self, routes: Routes, status: int | None) -> None:
        """Name the request by what others like it taught."""
        template = routes.inferred(sanitizer_of(SANITIZER).path(self.request.path), status)
        if template:
            self.set_route(template, INFERRED, routes.method_in_name)


def _shown_template(template: Any) -> str | None:
    """By the default sanitizer: by hand nobody gave one, and names are shown."""
    return said_template(template, sanitizer_of(SANITIZER).path)
