"""One ``instrument`` for both protocols: looks whether an application is ASGI or WSGI."""

from __future__ import annotations

from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any

from otel_middleware._callable import is_coroutine
from otel_middleware.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
    from typing import Literal, ParamSpec, TypedDict, TypeVar

    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import Span, TracerProvider
    from typing_extensions import Unpack

    from otel_middleware.request import Request, Response
    from otel_middleware.routing.inference import InferredRoutes
    from otel_middleware.routing.table import RouteTable
    from otel_middleware.sanitization import Sanitizer
    from otel_middleware.status import ErrorStatuses
    from otel_middleware.tenancy import TenantPolicy, Tenants
    from otel_middleware.trust import TrustPolicy

    P = ParamSpec("P")
    AnAnswer = TypeVar("AnAnswer", bound=Awaitable[Any] | Iterable[bytes])

    class InstrumentOptions(TypedDict, total=False):
        """The options of both protocols, as their own functions have them."""

        routes: RouteTable | InferredRoutes | Iterable[str] | Callable[[dict[str, Any]], str | None] | None
        tenant: Tenants | TenantPolicy | None
        sanitizer: Sanitizer | None
        errors: ErrorStatuses | Callable[[Response], bool | None]
        trust: TrustPolicy
        excluded_urls: str | Sequence[str] | Callable[[Request], bool] | None
        http_capture_headers_server_request: list[str] | tuple[str, ...] | None
        http_capture_headers_server_response: list[str] | tuple[str, ...] | None
        http_capture_headers_sanitize_fields: list[str] | tuple[str, ...] | None
        server_request_hook: Callable[[Span, dict[str, Any]], None] | None
        server_response_hook: Callable[[Span, dict[str, Any], Any, Any], None] | None
        tracer_provider: TracerProvider | None
        meter_provider: MeterProvider | None
        metric_attributes: Callable[[Response], Mapping[str, Any]] | None
        native_telemetry: Literal["suppress", "keep"]
        client_request_hook: Callable[[Span, dict[str, Any], dict[str, Any]], None] | None
        client_response_hook: Callable[[Span, dict[str, Any], dict[str, Any]], None] | None
        exclude_spans: Sequence[Literal["receive", "send"]] | None
        default_span_details: Callable[[dict[str, Any]], tuple[str, dict[str, Any]]] | None


__all__ = ["instrument", "is_asgi"]

_ASGI_ARGUMENTS, _WSGI_ARGUMENTS = 3, 2


def instrument(app: Callable[P, AnAnswer], **options: Unpack[InstrumentOptions]) -> Callable[P, AnAnswer]:
    """Instrument *app*, ASGI or WSGI: calls ``otel_middleware.asgi.instrument`` or ``otel_middleware.wsgi.instrument``.

    Args:
        app: The application.
        **options: As the two take them, where each is described. ASGI alone has ``client_request_hook``,
            ``client_response_hook``, ``exclude_spans`` and ``default_span_details``.

    Raises:
        ConfigurationError: When it cannot tell the protocol, and for all that the two raise it for.
    """
    if not callable(app):
        raise ConfigurationError(f"app must be a callable ASGI or WSGI application, not {app!r}")
    # Both protocols are imported only here: an ASGI service need not pay for WSGI.
    if is_asgi(app):
        from otel_middleware import asgi  # noqa: PLC0415

        return asgi.instrument(app, **options)  # type: ignore[type-var]  # it is one of ASGI
    from otel_middleware import wsgi  # noqa: PLC0415

    return wsgi.instrument(app, **options)  # type: ignore[type-var,arg-type]  # it is one of WSGI, which refuses ASGI's options


def is_asgi(app: Any) -> bool:
    """Whether *app* is ASGI, and not WSGI.

    Raises:
        ConfigurationError: When it is neither for sure.
    """
    if is_coroutine(app):
        return True
    arguments = _arguments(app)
    if arguments not in (_ASGI_ARGUMENTS, _WSGI_ARGUMENTS):
        raise ConfigurationError(
            f"app is neither clearly ASGI (scope, receive, send) nor clearly WSGI (environ, start_response): {app!r}; "
            "use otel_middleware.asgi.instrument or otel_middleware.wsgi.instrument"
        )
    return arguments == _ASGI_ARGUMENTS


def _arguments(app: Any) -> int | None:
    """How many positional arguments *app* takes; ``None`` when it does not say."""
    try:
        parameters = signature(app).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(parameter.kind is Parameter.VAR_POSITIONAL for parameter in parameters):
        return None
    positional = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    return sum(parameter.kind in positional and parameter.default is Parameter.empty for parameter in parameters)
