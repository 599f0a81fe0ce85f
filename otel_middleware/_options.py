"""The options of ``instrument``: one place that checks them all and says everything that is wrong at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from otel_middleware._callable import is_coroutine, is_plain, refused, takes
from otel_middleware._default_sanitizer import sanitizer_of
from otel_middleware._headers import HeaderCapture
from otel_middleware.errors import ConfigurationError
from otel_middleware.exclusion import Exclusion
from otel_middleware.routing.resolution import Routes
from otel_middleware.status import ErrorStatuses
from otel_middleware.trust import TrustPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from otel_middleware.frameworks import Router
    from otel_middleware.sanitization import Sanitizer
    from otel_middleware.tenancy import Tenants

__all__ = ["Options", "checked_errors"]

T = TypeVar("T")

_HOOKS = {
    "server_request_hook": 2,
    "server_response_hook": 4,
    "client_request_hook": 3,
    "client_response_hook": 3,
    "default_span_details": 1,
    "metric_attributes": 1,
}
"""How many arguments each is called with."""
_ASGI_ONLY = frozenset({"client_request_hook", "client_response_hook", "default_span_details", "exclude_spans"})
_UPSTREAMS = {
    "request_hook": "server_request_hook",
    "response_hook": "server_response_hook",
    "tracer": "tracer_provider",
    "meter": "meter_provider",
}
"""What upstream's middleware and instrumentors call an option that has another name here."""
_MESSAGE_SPANS = ("receive", "send")
_NATIVE = ("suppress", "keep")


class Options:
    """The checked options of one ``instrument`` call; reads the environment variables that stand for missing ones.

    Args:
        protocol: ``asgi`` or ``wsgi``.
        app: The application.
        router: Made from the application: how its framework tells templates.
        given: The options by name, those that *protocol* does not have left out.
        unknown: Keyword arguments that are no options.

    Raises:
        ConfigurationError: With every problem, each naming the argument and its value.
    """

    def __init__(
        self,
        protocol: str,
        app: Any,
        router: Callable[[Any], Router],
        given: Mapping[str, Any],
        unknown: Mapping[str, Any],
    ) -> None:
        problems = [f"unknown option {name}={value!r}{_meant(name, given)}" for name, value in sorted(unknown.items())]
        problems += _app_problems(protocol, app)
        collect = _Collecting(problems)
        self.sanitizer: Sanitizer | None = collect(_sanitizer, given["sanitizer"])
        self.errors: Any = collect(checked_errors, given["errors"])
        self.trust: TrustPolicy = collect(_trust, given["trust"]) or TrustPolicy()
        self.tenants: Tenants | None = collect(_tenants, given["tenant"])
        names = (f"OTEL_PYTHON_{protocol.upper()}_EXCLUDED_URLS", "OTEL_PYTHON_EXCLUDED_URLS")
        self.exclusion: Exclusion | None = collect(Exclusion.of, given["excluded_urls"], names)
        self.routes: Routes = collect(  # type: ignore[assignment]  # ``None`` only with problems
            Routes, given["routes"], router(app) if callable(app) else None
        )
        masked = given["http_capture_headers_sanitize_fields"]
        hidden = self.tenants.hidden_headers if self.tenants is not None else ()
        for direction in ("request", "response"):
            wanted = given[f"http_capture_headers_server_{direction}"]
            capture = collect(HeaderCapture.of, direction, wanted, masked, self.sanitizer, hidden)
            setattr(self, f"capture_{direction}", capture)
        for name in _HOOKS:
            setattr(self, name, collect(_hook, name, given.get(name)))
        self.suppresses_native = collect(_native, given["native_telemetry"]) == "suppress"
        self.message_spans = collect(_message_spans, given) or frozenset()
        self.tracer_provider = collect(_provider, "tracer_provider", given["tracer_provider"], "get_tracer")
        self.meter_provider = collect(_provider, "meter_provider", given["meter_provider"], "get_meter")
        if problems:
            raise ConfigurationError(*dict.fromkeys(problems))

    capture_request: HeaderCapture | None
    capture_response: HeaderCapture | None
    server_request_hook: Callable[..., Any] | None
    server_response_hook: Callable[..., Any] | None
    client_request_hook: Callable[..., Any] | None
    client_response_hook: Callable[..., Any] | None
    default_span_details: Callable[..., Any] | None
    metric_attributes: Callable[..., Any] | None


def _meant(name: str, known: Iterable[str]) -> str:
    """What may have been meant by an unknown option, in brackets."""
    if name in _ASGI_ONLY:
        return " (it is one of ASGI's)"
    from difflib import get_close_matches  # noqa: PLC0415 - imported where something is wrong

    likely = [_UPSTREAMS[name]] if name in _UPSTREAMS else get_close_matches(name, known, 1)
    return f" (did you mean {likely[0]}?)" if likely else ""


def _app_problems(protocol: str, app: Any) -> list[str]:
    """Where *app* is no application, or clearly one of the other protocol, of which each request would fail."""
    if not callable(app):
        return [f"app must be a callable {protocol.upper()} application, not {app!r}"]
    if protocol == "wsgi" and (is_coroutine(app) or not takes(app, 2)):
        return [f"app is no WSGI application (environ, start_response), which asgi.instrument may take: {app!r}"]
    if protocol == "asgi" and not is_coroutine(app) and not takes(app, 3) and not takes(app, 1):
        return [f"app is no ASGI application (scope, receive, send), which wsgi.instrument may take: {app!r}"]
    return []


def checked_errors(errors: Any) -> Any:
    """*errors* when it is an ``ErrorStatuses`` or a plain callable.

    Raises:
        ConfigurationError: When it is not.
    """
    if isinstance(errors, ErrorStatuses) or is_plain(errors, 1):
        return errors
    raise ConfigurationError(f"errors must be an ErrorStatuses or a callable Response -> bool | None, not {errors!r}")


def _sanitizer(option: Any) -> Sanitizer | None:
    from otel_middleware.sanitization import Sanitizer  # noqa: PLC0415 - imported where one is used

    value = sanitizer_of(option)
    if value is None or isinstance(value, Sanitizer):
        return value
    raise ConfigurationError(f"sanitizer must be a Sanitizer or None, not {value!r}")


def _tenants(option: Any) -> Tenants | None:
    if option is None:
        return None
    from otel_middleware.tenancy import Tenants  # noqa: PLC0415 - imported where there are tenants

    try:
        return Tenants.wrapping(option)
    except ConfigurationError as error:
        raise ConfigurationError(*(f"tenant: {problem}" for problem in error.problems)) from None


def _trust(value: Any) -> TrustPolicy:
    if isinstance(value, TrustPolicy):
        return value
    raise ConfigurationError(f"trust must be a TrustPolicy, not {value!r}")


class _Collecting:
    def __init__(self, problems: list[str]) -> None:
        self._problems = problems

    def __call__(self, check: Callable[..., T], *args: Any) -> T | None:
        try:
            return check(*args)
        except ConfigurationError as error:
            self._problems.extend(error.problems)
            return None


def _hook(name: str, hook: Any) -> Any:
    if hook is None or is_plain(hook, _HOOKS[name]):
        return hook
    raise ConfigurationError(refused(name, hook, _HOOKS[name]))


def _native(value: Any) -> str:
    if value not in _NATIVE:
        raise ConfigurationError(f"native_telemetry must be 'suppress' or 'keep', not {value!r}")
    return str(value)


def _message_spans(given: Mapping[str, Any]) -> frozenset[str]:
    """The message spans that are wanted; a client hook implies its spans."""
    excluded = given.get("exclude_spans", _MESSAGE_SPANS)
    excluded = () if excluded is None else excluded
    items = list(excluded) if isinstance(excluded, Iterable) and not isinstance(excluded, str) else [excluded]
    if not all(item in _MESSAGE_SPANS for item in items) or isinstance(excluded, str):
        raise ConfigurationError(f"exclude_spans must be a list of 'receive' and 'send', not {excluded!r}")
    hooks = {"receive": given.get("client_request_hook"), "send": given.get("client_response_hook")}
    return frozenset(kind for kind, hook in hooks.items() if hook is not None or kind not in items)


def _provider(name: str, provider: Any, method: str) -> Any:
    if provider is None or callable(getattr(provider, method, None)):
        return provider
    raise ConfigurationError(f"{name} must have {method}(), {provider!r} has not")
