"""Settling the metrics that upstream proposed, with the facts of the exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.context import get_current, get_value

from otel_middleware import _attributes as names
from otel_middleware._bounded import OTHER, BoundedValues
from otel_middleware._context_keys import EXCHANGE_KEY
from otel_middleware._guard import say_once
from otel_middleware._labeler import labels_are_used, labels_in
from otel_middleware._per_provider import PerProvider
from otel_middleware._route_sources import INFERRED
from otel_middleware._upstream import DURATION_NEW, DURATION_OLD, REQUEST_SIZES, RESPONSE_SIZES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from opentelemetry.metrics import Histogram, MeterProvider

    from otel_middleware._exchange import Exchange
    from otel_middleware._outcome import Verdict
    from otel_middleware.request import Response

__all__ = ["Measurement"]

_NANOSECONDS = 1e9
_MILLISECONDS = 1e6

_MOST_VALUES = 100
"""Distinct values of one metric attribute that come from a header, a host or the user's callback."""

_MOST_SERIES = 1_600
"""Sets of attributes with a template, of one instrument. The SDK keeps 2,000 sets (since 1.45.2) and puts all others into one
without attributes: room is left for those whose template is ``_other``, so that method, status and error are never lost."""

_FROM_CLIENTS = (
    *(names.OLD_HTTP_HOST, names.OLD_HTTP_SERVER_NAME, names.OLD_NET_HOST_NAME, names.OLD_NET_HOST_PORT),
    *(names.URL_SCHEME, names.OLD_HTTP_SCHEME),  # some servers believe X-Forwarded-Proto
    *(names.OLD_HTTP_FLAVOR, names.NETWORK_PROTOCOL_VERSION),  # wsgiref passes HTTP/1.<any number>
)
_METHODS = (names.HTTP_REQUEST_METHOD, names.OLD_HTTP_METHOD)
_SIZES = frozenset({*REQUEST_SIZES.values(), *RESPONSE_SIZES.values()})


def _none(_provider: MeterProvider) -> dict[str, BoundedValues]:
    return {route: BoundedValues(_MOST_SERIES) for route in (names.HTTP_ROUTE, names.OLD_HTTP_TARGET)}


_series = PerProvider(_none)
"""What has been measured with a template, by the attribute that it stands in."""


class Measurement:
    """The metrics of one stack.

    Args:
        histograms: The real histograms that upstream created, by name.
        provider: Where they are from: all of its stacks share its series.
        more: The option ``metric_attributes``.
        inferred: Whether inferred templates stand on the metrics.
        every_method: Whether methods are reported as they came.
    """

    def __init__(
        self,
        histograms: Mapping[str, Histogram],
        provider: MeterProvider,
        more: Callable[[Response], Mapping[str, Any]] | None = None,
        *,
        inferred: bool = False,
        every_method: bool = False,
    ) -> None:
        self._sizes = {
            duration: (histograms.get(REQUEST_SIZES[duration]), histograms.get(RESPONSE_SIZES[duration]))
            for duration in RESPONSE_SIZES
        }
        self._more = more
        self._inferred = inferred
        self.old = DURATION_OLD in histograms
        self.new = DURATION_NEW in histograms or not self.old
        self.status_keys = (names.OLD_HTTP_STATUS_CODE,) * self.old + (names.HTTP_RESPONSE_STATUS_CODE,) * self.new
        self._series = _series.of(provider)
        self._bounds = {name: BoundedValues(_MOST_VALUES) for name in _FROM_CLIENTS + _METHODS * every_method}
        self._errors = BoundedValues(_MOST_VALUES)
        self._more_keys = BoundedValues(_MOST_VALUES)
        self._more_bounds: dict[str, BoundedValues] = {}

    def bounded(self, attributes: Mapping[str, Any], exchange: Exchange) -> dict[str, Any]:
        """*attributes* as the span began with them, and everything that a client can choose held to its bound."""
        begun, bounds, held = exchange.begun, self._bounds, {}
        for name, proposed in attributes.items():
            value = begun.get(name, proposed)
            held[name] = _bounded(bounds[name], value) if name in bounds else value
        return held

    def settle(self, exchange: Exchange, elapsed: int, verdict: Verdict) -> None:
        """Record what upstream proposed, corrected. *elapsed* is the span's duration in nanoseconds."""
        more, error = self._more_of(exchange, verdict), verdict.error_type
        if error is not None and self._errors.of(error) == OTHER:
            error = names.OTHER_ERROR_TYPE
        for name, histogram, amount, proposed in exchange.proposals:
            attributes = {**more, **(proposed if exchange.settled else self.bounded(proposed, exchange))}
            if error is not None:
                attributes[names.ERROR_TYPE] = error
            elif names.ERROR_TYPE in attributes:
                del attributes[names.ERROR_TYPE]
            if name == DURATION_NEW:
                self._put(attributes, exchange, verdict, names.HTTP_RESPONSE_STATUS_CODE, names.HTTP_ROUTE)
                histogram.record(elapsed / _NANOSECONDS, attributes, exchange.context)
            elif name == DURATION_OLD:
                self._put(attributes, exchange, verdict, names.OLD_HTTP_STATUS_CODE, names.OLD_HTTP_TARGET)
                histogram.record(max(round(elapsed / _MILLISECONDS), 0), attributes, exchange.context)
            elif name not in _SIZES:
                histogram.record(amount, attributes, exchange.context)
            if name in RESPONSE_SIZES:
                self._put_sizes(name, exchange, attributes)

    def _put(self, attributes: dict[str, Any], exchange: Exchange, verdict: Verdict, status: str, route: str) -> None:
        if verdict.status is not None:
            attributes[status] = verdict.status
        template = exchange.template
        if template is not None and (exchange.source != INFERRED or self._inferred):
            fits = self._series[route].takes((template, *attributes.values()))
            attributes[route] = template if fits else OTHER

    def _put_sizes(self, duration: str, exchange: Exchange, attributes: Mapping[str, Any]) -> None:
        """Body sizes are counted bytes of this request; where they could not be counted, what was announced."""
        of_requests, of_responses = self._sizes[duration]
        received = exchange.request_size()
        if received is not None and of_requests is not None:
            of_requests.record(received, attributes, exchange.context)
        sent = exchange.expected_bytes if exchange.bytes_sent is None else exchange.bytes_sent
        if sent is not None and of_responses is not None and exchange.status is not None:
            of_responses.record(sent, attributes, exchange.context)

    # -- attributes of the user's

    def _more_of(self, exchange: Exchange, verdict: Verdict) -> dict[str, Any]:
        """Labels, then ``metric_attributes``, then the tenant; none replaces an attribute of the conventions."""
        more: dict[str, Any] = {}
        if labels_are_used():
            current = get_current()
            here = current if get_value(EXCHANGE_KEY, current) is exchange else None
            self._put_more(more, labels_in(here, exchange.context))
        if self._more is not None:
            self._put_asked(more, self._more, exchange.response(verdict))
        tenants = exchange.tenants
        if tenants is not None and tenants.on_metrics and exchange.tenant is not None:
            more[tenants.attribute] = tenants.on_metrics_value(exchange.tenant)
        return more

    def _put_asked(self, shared: dict[str, Any], asked: Callable[[Response], Any], response: Response) -> None:
        try:
            self._put_more(shared, dict(asked(response) or {}))
        except Exception as error:  # noqa: BLE001 - the user's, and what it gives may be no mapping
            say_once("metric_attributes", f"metric_attributes ({asked!r})", error, "ignored", of=asked)

    def _put_more(self, shared: dict[str, Any], more: Mapping[str, Any]) -> None:
        for key, value in more.items():
            # What is no plain value would be refused by some SDKs and break others.
            if not isinstance(value, (str, bool, int, float)) or self._more_keys.of(key) == OTHER:
                continue
            bound = self._more_bounds.get(key) or self._more_bounds.setdefault(key, BoundedValues(_MOST_VALUES))
            shared[key] = _bounded(bound, value)


def _bounded(bound: BoundedValues, value: Any) -> Any:
    """*value* in its own type, or ``_other``."""
    if isinstance(value, str):
        return bound.of(value)
    if isinstance(value, bool):
        return value
    text = str(value)
    return value if bound.of(text) == text else OTHER
