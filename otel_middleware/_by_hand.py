"""The three verbs for a concern that stands by itself, inside an ``OpenTelemetryMiddleware`` of the user's.

There is no exchange there: the span is upstream's, current while the application runs. The outermost of our layers puts one
:class:`CurrentSpan` into the context, where the layers inside and the application find it, whatever spans are opened in
between. Upstream's metrics are its own and stay as they are; ``instrument`` corrects those too.
"""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING, Any

from opentelemetry.context import attach, get_current, get_value, set_value
from opentelemetry.trace import Span, SpanKind, get_current_span

from otel_middleware import _attributes as names
from otel_middleware._any_tenant import any_tenant
from otel_middleware._baggage import TenantBaggage
from otel_middleware._by_hand_outcome import Outcome
from otel_middleware._context_keys import BY_HAND_KEY, EXCHANGE_KEY
from otel_middleware._exchange import TENANT_CONFLICT, conflict
from otel_middleware._methods import Methods
from otel_middleware._neighbours import is_of_http
from otel_middleware._once import Once
from otel_middleware._route_sources import INFERRED, outranked
from otel_middleware.request import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from otel_middleware._exchange import Exchange
    from otel_middleware.tenancy import Tenants

__all__ = ["CurrentSpan", "exchange_in", "opened", "served", "shared"]

_log = logging.getLogger("otel_middleware")

_misplaced = Once()

_WEBSOCKET = "websocket"


def exchange_in(carrier: Mapping[str, Any]) -> Exchange | None:
    """The exchange of this scope or environ; ``None`` when there is none or it is over (an environ may be reused)."""
    reference = carrier.get(EXCHANGE_KEY)
    exchange: Exchange | None = None if reference is None else reference()
    return None if exchange is None or exchange.over else exchange


def shared() -> CurrentSpan | None:
    """What a layer further out has opened for this request.

    A request inside of a request, in process, has another server span.
    """
    found = _in_context()
    if found is None:
        return None
    span = get_current_span()
    if span is not found.span and (_is_of_server(span) or not span.is_recording()):
        return None
    return found


def opened(request: Callable[[], Request], kind: str = "http") -> CurrentSpan | None:
    """The current server span, put into the context, in the place of one around it: whoever serves the request restores that.

    ``None`` where no server span is recording, and there is nothing to do. Where layers stand inside a span that somebody else
    has opened inside of the server's, that cannot be what is wanted: it is said, once.
    """
    span = get_current_span()
    if not span.is_recording():
        if _in_context() is not None:  # an unsampled request inside of a request is not that one
            attach(set_value(BY_HAND_KEY, None))
        return None
    if not _is_of_server(span):
        if getattr(span, "kind", None) is SpanKind.INTERNAL and _misplaced.first():
            _log.warning(
                "middleware of otel_middleware stands inside the span %r, which is not the server's, and does nothing: "
                "put it directly inside OpenTelemetryMiddleware",
                getattr(span, "name", ""),
            )
        return None
    current = CurrentSpan(span, request(), kind)
    attach(set_value(BY_HAND_KEY, current))
    return current


def served() -> CurrentSpan | None:
    """The request that the application is inside of: what a layer has opened, else the current server span.

    An instrumentor's span inside of the server's is an internal one: the request is the server's all the same.
    """
    found, span = _in_context(), get_current_span()
    if found is not None and (span is found.span or getattr(span, "kind", None) is not SpanKind.SERVER):
        return found
    return CurrentSpan(span, *_told_by(span), alone=True) if _is_of_server(span) else None


def _in_context() -> CurrentSpan | None:
    return get_value(BY_HAND_KEY)  # type: ignore[return-value]  # only we write there


def _is_of_server(span: Span) -> bool:
    """Whether *span* is recording a request; upstream's is an internal span where another span stands around it.

    That of a websocket has no method.
    """
    if not span.is_recording():
        return False
    kind = getattr(span, "kind", None)
    return kind is SpanKind.SERVER or (
        kind is SpanKind.INTERNAL and (is_of_http(span) or _told_by(span)[1] == _WEBSOCKET)
    )


def _told_by(span: Span) -> tuple[Request, str]:
    """The request and its kind, as far as *span* tells."""
    told: Mapping[str, Any] = getattr(span, "attributes", None) or {}
    method = told.get(names.HTTP_REQUEST_METHOD) or told.get(names.OLD_HTTP_METHOD) or "GET"
    scheme = told.get(names.URL_SCHEME) or told.get(names.OLD_HTTP_SCHEME)
    return Request(method=str(method)), _WEBSOCKET if scheme in ("ws", "wss") else "http"


class CurrentSpan(Outcome):
    """The server span of a user's own ``OpenTelemetryMiddleware``, while its request runs.

    Args:
        span: The span.
        request: The request as policies see it.
        kind: ``http`` or ``websocket``.
        alone: Whether no layer of ours serves this request.
    """

    def __init__(self, span: Span, request: Request, kind: str = "http", *, alone: bool = False) -> None:
        super().__init__(span, request, kind, alone=alone)
        self.tenant: str | None = None
        self.tenants: Tenants | None = None
        self.authenticated: str | None = None  # the tenant as the application said it
        self._carried: TenantBaggage | None = None
        # The application may have said it already, outside of our layers: the span remembers.
        self.source: str | None = (getattr(span, "attributes", None) or {}).get(names.ROUTE_SOURCE)

    def set_route(self, template: str, source: str, method_in_name: Callable[[str], str] | None = None) -> None:
        """Name the request; a better source replaces a worse one, never the reverse."""
        if self.over or not outranked(self.source, source):
            return
        self.template, self.source = template, source
        known = names.URL_TEMPLATE if source == INFERRED else names.HTTP_ROUTE
        self.span.set_attributes({known: template, names.ROUTE_SOURCE: source})
        self.span.update_name(f"{self._method(method_in_name or _methods().in_name)} {template}")

    def forget_path(self, paths: set[str], method_in_name: Callable[[str], str]) -> None:
        """Name the request by its method, where upstream has named it by one of *paths*, or by what a sanitizer made of it."""
        told = getattr(self.span, "attributes", None) or {}
        shown = {str(told.get(key)).partition("?")[0] for key in (names.URL_PATH, names.OLD_HTTP_TARGET)}
        name = str(getattr(self.span, "name", ""))
        if not self.over and name[name.find("/") :] in paths | shown:
            self.span.update_name(self._method(method_in_name))

    def _method(self, in_name: Callable[[str], str]) -> str:
        return "WS" if self.kind == _WEBSOCKET else in_name(self.request.method)

    def set_tenant(self, tenant: str, tenants: Tenants) -> None:
        """Say whose request it is, as *tenants* shows it; an authenticated tenant stays."""
        self.tenant, self.tenants = tenant, tenants
        self.span.set_attribute(tenants.attribute, tenant)
        if tenants.in_baggage:
            self._carried = TenantBaggage.around_current()
            self._carried.put(tenants.attribute, None if tenant == tenants.unknown else tenant)
            attach(self._carried.within(get_current()))  # whoever serves the request detaches it
        if self.authenticated is not None:  # before this policy was asked
            self.authenticated_as(self.authenticated)

    def authenticated_as(self, tenant: str) -> None:
        """Replace the tenant that the request claimed; a conflict between the two is an event on the span."""
        if self.over:
            return
        self.authenticated = tenant
        claimed, tenants = self.tenant, self.tenants or any_tenant()
        shown = tenants.validated(tenant)
        self.tenant, self.tenants = shown, tenants
        self.span.set_attribute(tenants.attribute, shown)
        if self._carried is not None:
            self._carried.replace(tenants.attribute, None if shown == tenants.unknown else shown)
        if claimed not in (None, tenants.unknown, shown):
            self.span.add_event(TENANT_CONFLICT, conflict(claimed, shown))


@cache
def _methods() -> Methods:
    """For names that the application gives where no table stands."""
    return Methods()
