"""The whole stack around a WSGI application, in the one order that works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.instrumentation.wsgi import OpenTelemetryMiddleware

from otel_middleware._default_sanitizer import SANITIZER
from otel_middleware._fitness import SAMPLE_PATH, plain, prove
from otel_middleware._layers import layered
from otel_middleware._neighbours import Neighbours, without
from otel_middleware._options import Options
from otel_middleware._plan import Plan
from otel_middleware._seams import MeterSeam, TracerSeam
from otel_middleware._upstream import choose_semantic_conventions
from otel_middleware.frameworks import wsgi_router
from otel_middleware.status import ErrorStatuses
from otel_middleware.trust import TrustPolicy
from otel_middleware.wsgi._serve import Serve
from otel_middleware.wsgi.status import ErrorStatusMiddleware
from otel_middleware.wsgi.tenancy import TenantMiddleware

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Literal

    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import Span, TracerProvider

    from otel_middleware.request import Request, Response
    from otel_middleware.routing.inference import InferredRoutes
    from otel_middleware.routing.table import RouteTable
    from otel_middleware.sanitization import Sanitizer
    from otel_middleware.tenancy import TenantPolicy, Tenants
    from otel_middleware.wsgi._types import AnIterable, App, Environ, NoSuchOption, P

__all__ = ["instrument"]

_SAMPLE = {
    "REQUEST_METHOD": "GET",
    "wsgi.url_scheme": "http",
    "SCRIPT_NAME": "",
    "PATH_INFO": SAMPLE_PATH,
    "QUERY_STRING": "",
    "REQUEST_URI": SAMPLE_PATH,
    "SERVER_NAME": "localhost",
    "SERVER_PORT": "80",
    "SERVER_PROTOCOL": "HTTP/1.1",
}


def instrument(  # noqa: PLR0913 - each option is one keyword
    app: Callable[P, AnIterable],
    *,
    routes: RouteTable | InferredRoutes | Iterable[str] | Callable[[Environ], str | None] | None = None,
    tenant: Tenants | TenantPolicy | None = None,
    sanitizer: Sanitizer | None = SANITIZER,
    errors: ErrorStatuses | Callable[[Response], bool | None] = ErrorStatuses(),  # noqa: B008 - immutable
    trust: TrustPolicy = TrustPolicy(),  # noqa: B008 - immutable
    excluded_urls: str | Sequence[str] | Callable[[Request], bool] | None = None,
    http_capture_headers_server_request: list[str] | tuple[str, ...] | None = None,
    http_capture_headers_server_response: list[str] | tuple[str, ...] | None = None,
    http_capture_headers_sanitize_fields: list[str] | tuple[str, ...] | None = None,
    server_request_hook: Callable[[Span, Environ], None] | None = None,
    server_response_hook: Callable[[Span, Environ, Any, Any], None] | None = None,
    tracer_provider: TracerProvider | None = None,
    meter_provider: MeterProvider | None = None,
    metric_attributes: Callable[[Response], Mapping[str, Any]] | None = None,
    native_telemetry: Literal["suppress", "keep"] = "suppress",
    **unknown: NoSuchOption,
) -> Callable[P, AnIterable]:
    """Give a WSGI application framework-grade spans and metrics.

    Outermost to innermost: the route is looked for, upstream is asked with a sanitised shadow of the request, then
    ``TenantMiddleware``, ``ErrorStatusMiddleware`` and *app* are served under the server span. Instrumenting twice, or
    mounting an instrumented application in another, gives one server span a request.

    Args:
        app: The application. ``Middleware(instrument, ...)`` in a framework's list works as well.
        routes: Declared templates: a ``RouteTable``, an iterable of templates, or a callable ``(environ) -> str | None``.
            ``None`` asks the framework, else infers; ``InferredRoutes(...)`` sets the learner's bounds.
        tenant: A ``Tenants``, or any callable ``Request -> str | None``.
        sanitizer: What may leave the process; ``None`` switches redaction off.
        errors: An ``ErrorStatuses``, or any callable ``Response -> bool | None``.
        trust: Whose trace context, baggage, tenant header and forwarded headers are believed.
        excluded_urls: Comma-separated regular expressions or a sequence of them, searched in the path (one with ``://`` in the
            whole URL), or a callable ``Request -> bool``. ``None`` reads ``OTEL_PYTHON_WSGI_EXCLUDED_URLS``, then
            ``OTEL_PYTHON_EXCLUDED_URLS``.
        http_capture_headers_server_request: Regular expressions of request headers to capture; ``None`` reads
            ``OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST``.
        http_capture_headers_server_response: The same for response headers, ``..._SERVER_RESPONSE``.
        http_capture_headers_sanitize_fields: Captured headers to redact besides those that always are, ``..._SANITIZE_FIELDS``.
        server_request_hook: Called with the server span and the environ before the application.
        server_response_hook: Called with span, environ, status and headers when the response starts.
        tracer_provider: ``None`` takes the global one.
        meter_provider: ``None`` takes the global one.
        metric_attributes: Given the ``Response``, more attributes for this request's metrics; at most 100 values each.
        native_telemetry: ``"suppress"`` or ``"keep"`` what FastAPI and Starlette emit themselves.
        **unknown: Anything else is a ``ConfigurationError``.

    Raises:
        ConfigurationError: With every problem, each naming the argument and its value.
    """
    given = {name: value for name, value in locals().items() if name not in ("app", "unknown")}
    bare: App = without(app, OpenTelemetryMiddleware, "wsgi")
    options = Options("wsgi", bare, wsgi_router, given, unknown)
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
    upstream = OpenTelemetryMiddleware(_stub, tracer_provider=tracers, meter_provider=meters)

    def ask(shadow: dict[str, Any]) -> None:
        # What upstream returns is never iterated: its span is no real one, and it holds no token while another span is current.
        upstream(shadow, _start_response)

    return ask


def _stub(_environ: Any, _start_response: Any) -> tuple[bytes, ...]:
    return ()


def _start_response(_status: Any, _headers: Any, _exc_info: Any = None) -> Any: ...
