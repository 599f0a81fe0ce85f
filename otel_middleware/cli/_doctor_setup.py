"""What can be told from the application object and the environment, before any request."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from otel_middleware import Sanitizer
from otel_middleware._neighbours import is_in_front, is_stack, is_upstreams, listed_in, stack_on
from otel_middleware.cli._finding import Finding
from otel_middleware.cli._otlp import accepts
from otel_middleware.frameworks._finding import reached_from

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["of_environment", "of_order", "of_sanitizer"]

_INNER = ("TenantMiddleware", "ErrorStatusMiddleware", "RouteTemplateMiddleware")
_PRELOAD = re.compile(r"^\s*preload_app\s*=\s*True", re.MULTILINE)
_DEFAULT_ENDPOINTS = {"grpc": "http://localhost:4317", "http/protobuf": "http://localhost:4318"}


def of_order(app: Any) -> Iterator[Finding]:
    """Yield what stands in the wrong place, from the outside to the inside."""
    kinds = [_kind(each) for each in reached_from(app)]
    if "upstream" in kinds:
        here = kinds.index("upstream")
        for name in _INNER:
            if name in kinds[:here]:
                yield Finding(
                    "order",
                    f"{name} stands outside of OpenTelemetryMiddleware, where there is no span yet",
                    f"build it first: {name}(app, ...), then OpenTelemetryMiddleware around it; or use instrument(app)",
                )
        if "ours" in kinds:
            yield Finding(
                "double",
                "OpenTelemetryMiddleware stands around or inside of instrument(), which asks it by itself",
                "remove OpenTelemetryMiddleware",
            )
    listed = listed_in(app)
    place = next((index for index, each in enumerate(listed) if is_in_front(each)), 0)
    if place:
        outside = ", ".join(getattr(each, "__name__", repr(each)) for each in listed[:place])
        yield Finding(
            "order",
            f"the middleware list has in front of instrument: {outside}; what is answered there leaves no span",
            "put Middleware(instrument) first in the list (add_middleware: call it last)",
        )


def of_environment(before: Mapping[str, str], *, provided: bool) -> Iterator[Finding]:
    """Yield what the environment or the missing SDK prevents.

    Args:
        before: The environment as it was.
        provided: Whether the application has set a provider of the SDK.
    """
    if not provided:
        yield Finding(
            "no-provider",
            "the application sets no tracer provider, so its spans go nowhere",
            "call otel_middleware.sdk.init_telemetry(service_name=...) before it serves, or start it by a command that does",
        )
    if before.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        yield Finding("disabled", "OTEL_SDK_DISABLED=true: there is no telemetry at all", "unset OTEL_SDK_DISABLED")
    if before.get("OTEL_TRACES_SAMPLER", "") in ("always_off", "parentbased_always_off"):
        yield Finding(
            "disabled",
            f"OTEL_TRACES_SAMPLER={before['OTEL_TRACES_SAMPLER']}: no request is recorded",
            "unset it, or set parentbased_traceidratio with OTEL_TRACES_SAMPLER_ARG",
        )
    yield from _exporters(before, provided=provided)
    if _protocol(before) == "grpc" and _preloads(before):
        yield Finding(
            "fork",
            "gunicorn preloads the application and the exporter speaks gRPC, whose threads do not survive a fork",
            "set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf, or call init_telemetry() in gunicorn's post_fork",
        )


def of_sanitizer(app: Any) -> Iterator[Finding]:
    """Yield what the application's own redaction lets through; the defaults' where it has none of its own."""
    ours = stack_on(app)
    sanitizer = Sanitizer() if ours is None else ours.plan.sanitizer
    if sanitizer is None:
        yield Finding("secret", "sanitizer=None switches redaction off", "leave it out, or give a Sanitizer(...)")
        return
    for survivor in sanitizer.check():
        yield Finding(
            "secret",
            f"the sanitizer lets a made-up secret through: {survivor}",
            "widen its query_keys, headers, paths or values, or narrow its keep",
        )


def _kind(candidate: Any) -> str:
    kind = type(candidate)
    if is_stack(candidate):
        return "ours"
    if is_upstreams(kind):
        return "upstream"
    return kind.__name__ if kind.__module__.startswith("otel_middleware.") else ""


def _exporters(before: Mapping[str, str], *, provided: bool) -> Iterator[Finding]:
    named = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"
    variable = next((name for name in named if before.get(name)), None)
    wanted = before.get("OTEL_TRACES_EXPORTER", "otlp") or "otlp"
    if "otlp" not in wanted or not (provided or variable):
        return
    endpoint = before[variable] if variable else _DEFAULT_ENDPOINTS.get(_protocol(before), "")
    url = endpoint if "://" in endpoint else f"http://{endpoint}"
    if not accepts(url):
        where = f"{variable}={endpoint}" if variable else f"{endpoint}, the default"
        yield Finding(
            "exporter",
            f"nothing accepts connections at {where}: spans will be dropped",
            "start a collector there, or set OTEL_EXPORTER_OTLP_ENDPOINT to where one is",
        )


def _protocol(before: Mapping[str, str]) -> str:
    names = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"
    return next((before[name] for name in names if before.get(name)), "http/protobuf")


def _preloads(before: Mapping[str, str]) -> bool:
    configured = Path("gunicorn.conf.py")
    text = configured.read_text(encoding="utf-8", errors="replace") if configured.is_file() else ""
    return "--preload" in before.get("GUNICORN_CMD_ARGS", "") or _PRELOAD.search(text) is not None
