"""What an application may say and ask inside a request: its route, its tenant, an error that it answers itself."""

from __future__ import annotations

from functools import wraps
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from opentelemetry.context import attach, get_current, get_value
from opentelemetry.trace import INVALID_SPAN, Span

from otel_middleware import _attributes as names
from otel_middleware._by_hand import served
from otel_middleware._by_hand_route import shown_template
from otel_middleware._context_keys import EXCHANGE_KEY
from otel_middleware._default_sanitizer import default_sanitizer
from otel_middleware._guard import guarded
from otel_middleware._route_sources import APPLICATION
from otel_middleware._text import qualified_name
from otel_middleware.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_middleware._exchange import Exchange

__all__ = ["bound", "record_error", "server_span", "set_route", "set_tenant"]

P = ParamSpec("P")
R = TypeVar("R")


def _current() -> Exchange | None:
    return cast("Exchange | None", get_value(EXCHANGE_KEY))


def set_route(template: str) -> None:
    """Name the current request, better than any other source.

    Call it anywhere inside the request, from sync or async code or a thread that carries the context. Outside a request,
    or when its response is over, nothing happens.

    Args:
        template: Low-cardinality, for example ``/orders/{order_id}``. It is shown as a path is: on one line, of at most 1,024
            characters, without secrets. What is no text, or an empty one, is ignored.
    """
    exchange = _current()
    if exchange is not None and not exchange.over:
        said = exchange.plan.said_template(template)
        if said is not None:
            exchange.set_route(said, APPLICATION)
    elif exchange is None and (by_hand := served()) is not None:
        said = shown_template(template)
        if said is not None:
            by_hand.set_route(said, APPLICATION)


def set_tenant(tenant: str) -> None:
    """Say whose request it is, after authentication say; replaces what the tenant policy read.

    Shown as ``Tenants`` shows it (pattern, allowed, hashed). Where it differs from a tenant that the request claimed, an
    event ``otel_middleware.tenant.conflict`` stands on the span.
    """
    exchange = _current()
    if exchange is not None and not exchange.over:
        exchange.authenticated_as(tenant)
    elif exchange is None and (by_hand := served()) is not None:
        by_hand.authenticated_as(tenant)


def record_error(error: BaseException | str) -> None:
    """Say which error the application answers itself, with a 5xx response of its own.

    Where none of our layers stands inside an ``OpenTelemetryMiddleware`` of your own it is written at once, and upstream writes
    the status over ``error.type`` when such a response starts.

    Args:
        error: The exception, or a low-cardinality name for ``error.type``; a class stands for its name.
    """
    exchange = _current()
    if exchange is not None and not exchange.over:
        exchange.recorded = _told(error, exchange.plan.safe_text)
    elif exchange is None and (by_hand := served()) is not None:
        by_hand.record(_told(error, default_sanitizer().text))


def _told(error: Any, clean: Callable[[str], str]) -> BaseException | str:
    """*error* as it is noted: an exception as it is, a class by its name, anything else as safe text."""
    if isinstance(error, BaseException):
        return error
    name = guarded("naming an error", qualified_name if isinstance(error, type) else str, error) or ""
    return guarded("Sanitizer.text", clean, name) or names.OTHER_ERROR_TYPE


def server_span() -> Span:
    """The SERVER span of the current request, whichever span is current; the invalid span outside of one.

    Inside an ``OpenTelemetryMiddleware`` of your own that is upstream's, where it is recording.
    """
    exchange = _current()
    if exchange is None:
        by_hand = served()
        return INVALID_SPAN if by_hand is None else by_hand.span
    return INVALID_SPAN if exchange.span is None else exchange.span


def bound(function: Callable[P, R]) -> Callable[P, R]:
    """Carry the request's context into threads, executors and later tasks.

    ``executor.submit(bound(work), item)``: spans that *work* starts are children of the span that was current when
    ``bound`` was called. A coroutine function stays one.

    Raises:
        ConfigurationError: When *function* cannot be called.
    """
    if not callable(function):
        raise ConfigurationError(f"bound() takes a callable, not {function!r}")
    context = get_current()
    if iscoroutinefunction(function) or iscoroutinefunction(getattr(function, "__call__", None)):  # noqa: B004 - an object

        @wraps(function)
        async def carried(*args: Any, **kwargs: Any) -> Any:
            previous = get_current()
            attach(context)
            try:
                return await cast("Any", function)(*args, **kwargs)
            finally:
                attach(previous)

        return cast("Callable[P, R]", carried)

    @wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        previous = get_current()
        attach(context)
        try:
            return function(*args, **kwargs)
        finally:
            attach(previous)

    return called
