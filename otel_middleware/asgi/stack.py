"""The whole stack around an ASGI application, in the one order that works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware

from otel_middleware._default_sanitizer import SANITIZER
from otel_middleware._fitness import SAMPLE_PATH, plain, prove
from otel_middleware._layers import layered
from otel_middleware._neighbours import Neighbours, without
from otel_middleware._options import Options
from otel_middleware._plan import Plan
from otel_middleware._seams import MeterSeam, TracerSeam
from otel_middleware._upstream import choose_semantic_conventions
from otel_middleware.asgi._serve import Serve
from otel_middleware.asgi.status import ErrorStatusMiddleware
from otel_middleware.asgi.tenancy import TenantMiddleware
from otel_middleware.frameworks import asgi_router
from otel_middleware.status import ErrorStatuses
from otel_middleware.trust import TrustPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Concatenate, Literal

    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import Span, TracerProvider

    from otel_middleware.asgi._types import AnAwaitable, App, NoSuchOption, P, T, U
    from otel_middleware.request import Request, Response
    from otel_middleware.routing.inference import InferredRoutes
    from otel_middleware.routing.table import RouteTable
    from otel_middleware.sanitization import Sanitizer
    from otel_middleware.tenancy import TenantPolicy, Tenants

__all__ = ["instrument"]

_SAMPLE = {
    "type": "http",
    "method": "GET",
    "path": SAMPLE_PATH,
    "scheme": "http",
    "http_version": "1.1",
    "server": ("localhost", 80),
    "headers": [],
}


def _by_position(function: Callable[Concatenate[T, P], U]) -> Callable[Concatenate[T, P], U]:
    """Give *function* back, its first parameter by position alone to type checkers: else a typed middleware list refuses it.

    Such a list (Starlette's) passes any keyword on, so ``app`` may not be one. Others pass it by name (Litestar's), as ever.
    """
    return function


@_by_position  # type: ignore[arg-type]  # the name is to be lost
def instrument(  # noqa: PLR0913 - each option is one keyword
    app: Callable[P, AnAwaitable],
    *,
    routes: RouteTable | InferredRoutes | Iterable[str] | Callable[[dict[str, Any]], str | None] | None = None,
    tenant: Tenants | TenantPolicy | None = None,
    sanitizer: Sanitizer | None = SANITIZER,
    errors: ErrorStatuses | Callable[[Response], bool | None] = ErrorStatuses(),  # noqa: B008 - immutable
    trust: TrustPolicy = TrustPolicy(),  # noqa: B008 - immutable
    excluded_urls: str | Sequence[str] | Callable[[Request], bool] | None = None,
    http_capture_headers_server_request: list[str] | tuple[str, ...] | None = None,
    http_capture_headers_server_response: list[str] | tuple[str, ...] | None = None,
    http_capture_headers_sanitize_fields: list[str] | tuple[str, ...] | None = None,
    server_request_hook: Callable[[Span, dict[str, Any]], None] | None = None,
    server_response_hook: Callable[[Span, dict[str, Any], Any, Any], None] | None = None,
    tracer_provider: TracerProvider | None = None,
    meter_provider: MeterProvider | None = None,
    metric_attributes: Callable[[Response], Mapping[str, Any]] | None = None,
    native_telemetry: Literal["suppress", "keep"] = "suppress",
    client_request_hook: Callable[[Span, dict[str, Any], dict[str, Any]], None] | None = None,
    client_response_hook: Callable[[Span, dict[str, Any], dict[str, Any]], None] | None = None,
    exclude_spans: Sequence[Literal["receive", "send"]] | None = ("receive", "send"),
    default_span_details: Callable[[dict[str, Any]], tuple[str, dict[str, Any]]] | None = None,
    **unknown: NoSuchOption,
) -> Callable[P, AnAwaitable]:
    """Give an ASGI application framework-grade spans and metrics.

    Outermost to innermost: the route is looked for, upstream is asked with a sanitised shadow of the request, then
    ``TenantMiddleware``, ``ErrorStatusMiddleware`` and *app* are served under the server span. Instrumenting twice, or
    mounting an instrumented application in another, gives one server span a request. ``lifespan`` passes through.

    Args:
        app: The application. ``Middleware(instrument, ...)`` in a framework's list works as well.
        routes: Declared templates: a ``RouteTable``, an iterable of templates, or a callable ``(scope) -> str | None``.
            ``None`` asks the framework, else infers; ``InferredRoutes(...)`` sets the learner's bounds.
        tenant: A ``Tenants``, or any callable ``Request -> str | None``.
        sanitizer: What may leave the process; ``None`` switches redaction off.
        errors: An ``ErrorStatuses``, or any callable ``Response -> bool | None``.
        trust: Whose trace context, baggage, tenant header and forwarded headers are believed.
        excluded_urls: Comma-separated regular expressions or a sequence of them, searched in the path (one with ``://`` in the
            whole URL), or a callable ``Request -> bool``. ``None`` reads ``OTEL_PYTHON_ASGI_EXCLUDED_URLS``, then
            ``OTEL_PYTHON_EXCLUDED_URLS``.
        http_capture_headers_server_request: Regular expressions of request headers to capture; ``None`` reads
            ``OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST``.
        http_capture_headers_server_response: The same for response headers, ``..._SERVER_RESPONSE``.
        http_capture_headers_sanitize_fields: Captured headers to redact besides those that always are, ``..._SANITIZE_FIELDS``.
        server_request_hook: Called with the server span and the scope before the application.
        server_response_hook: Called with span, scope, status and headers when the response starts.
        tracer_provider: ``None`` takes the global one.
        meter_provider: ``None`` takes the global one.
        metric_attributes: Given the ``Response``, more attributes for this request's metrics; at most 100 values each.
        native_telemetry: ``"suppress"`` or ``"keep"`` what FastAPI and Starlette emit themselves.
        client_request_hook: Called with a span, the scope and each received message; implies ``receive`` spans.
        client_response_hook: Called with a span, the scope and each sent message; implies ``send`` spans.
        exclude_spans: Which of the ``receive`` and ``send`` spans are left out.
        default_span_details: Given the scope, the span's name and more attributes.
        **unknown: Anything else is a ``ConfigurationError``.

    Raises:
        ConfigurationError: With every problem, each naming the argument and its value.
    """
    given = {name: value for name, value in locals().items() if name not in ("app", "unknown")}
    bare: App = without(app, OpenTelemetryMiddleware, "app")
    options = Options("asgi", bare, asgi_router, given, unknown)
    choose_semantic_conventions()
    tracers, meters = TracerSeam(options.tracer_provider), MeterSeam(options.meter_provider)
    try:
        ask = _asker(tracers, meters)
        prove(ask, _SAMPLE)
    except Exception as error:  # noqa: BLE001 - a release of upstream that nobody knows yet
        return plain(OpenTelemetryMiddleware, bare, given, error)  # type: ignore[no-any-return]
    inside = layered(bare, options, ErrorStatusMiddleware, TenantMiddleware)
    neighbours = Neighbours(bare, options.routes, OpenTelemetryMiddleware)
    return Serve(inside, Plan(options, tracers, meters, ask, neighbours), bare)  # type: ignore[return-value]  # called as *app* is


def _asker(tracers: TracerSeam, meters: MeterSeam) -> Callable[[dict[str, Any]], None]:
    """Upstream's middleware around a stub, to be asked about shadows of requests."""
    upstream = OpenTelemetryMiddleware(
        _stub,
        default_span_details=_no_details,
        tracer_provider=tracers,
        meter_provider=meters,
        exclude_spans=["receive", "send"],
    )

    def ask(shadow: dict[str, Any]) -> None:
        # The stub never waits, so upstream's coroutine runs to its end in one step.
        try:
            upstream(shadow, _receive, _send).send(None)
        except StopIteration:
            return
        raise RuntimeError("upstream's middleware waited while it was asked about a request")

    return ask


async def _stub(_scope: Any, _receive: Any, _send: Any) -> None: ...


async def _receive() -> Any: ...


async def _send(_message: Any) -> None: ...


def _no_details(_scope: Any) -> tuple[str, dict[str, Any]]:
    return "", {}
