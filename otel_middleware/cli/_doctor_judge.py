"""What can be told from what arrived."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.trace import SpanKind

from otel_middleware.cli._doctor_probes import CANARIES, HOSTILE, NO_PAGE, PAGE
from otel_middleware.cli._finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from opentelemetry.sdk.trace import ReadableSpan

    from otel_middleware.cli._doctor_boot import Patient
    from otel_middleware.cli._doctor_probes import Answer, Probe

__all__ = ["of_answers", "of_failures", "of_many", "of_metrics", "of_spans", "of_warnings", "spans_of"]

_SERVERS = ("asgi", "wsgi", "fastapi", "starlette", "flask", "django", "falcon", "pyramid", "tornado", "aiohttp_server")
_SCOPES = tuple(f"opentelemetry.instrumentation.{name}" for name in _SERVERS)
_METHODS = ("http.request.method", "http.method")
_MOST_NAMES = 10  # of 50 paths; a framework's own routes below the path are fewer
_SUCCESS = range(200, 300)
_PLAIN = {
    PAGE: "repair it, or name one that is answered: --path",
    NO_PAGE: "answer it with 404: any client can ask for it",
}
"""The requests that ask for nothing unusual, and what helps where they fail."""


def spans_of(probe: Probe, spans: Sequence[ReadableSpan]) -> list[ReadableSpan]:
    """Return the spans of *probe*: those of its trace, or of one that links to it, by a policy that believes no caller."""
    wanted = int(probe.trace_id, 16)
    linked = {span.context.trace_id for span in spans if any(link.context.trace_id == wanted for link in span.links)}
    return [span for span in spans if span.context.trace_id in linked | {wanted}]


def of_warnings(warnings: Sequence[str]) -> Iterator[Finding]:
    """Yield what this package said by itself."""
    for warning in warnings:
        if "instruments the application too" in warning or "was given an application inside" in warning:
            yield Finding("double", warning, "remove the other one: instrument() asks upstream itself")
        else:
            yield Finding("warning", warning, "do what the message asks for")


def of_answers(told: Sequence[tuple[Probe, Answer, list[ReadableSpan]]]) -> Iterator[Finding]:
    """Yield requests without a span, and health checks with one."""
    silent = [probe for probe, answer, spans in told if not spans and not _is_health(probe) and answer.raised == ""]
    if silent:
        yield Finding(
            "missing",
            f"no span arrived for: {', '.join(probe.title for probe in silent)}",
            "look at excluded_urls, OTEL_PYTHON_EXCLUDED_URLS, and the sampler",
        )
    noisy = [probe for probe, answer, spans in told if spans and _is_health(probe) and answer.status in _SUCCESS]
    if noisy:
        paths = [probe.path.decode() for probe in noisy]
        pattern = f"^/({'|'.join(path[1:] for path in paths)})$" if len(paths) > 1 else f"^{paths[0]}$"
        yield Finding(
            "noise",
            f"each health check is a span: {', '.join(paths)}",
            f"exclude them: excluded_urls=\"{pattern}\", or OTEL_PYTHON_EXCLUDED_URLS='{pattern}'",
        )


def of_failures(told: Sequence[tuple[Probe, Answer, list[ReadableSpan]]]) -> Iterator[Finding]:
    """Yield a plain request at which the application fails, and hostile bytes where no plain request fails in the same way."""
    raised = {probe.title: answer.raised for probe, answer, _ in told if answer.raised}
    plain = [title for title in _PLAIN if title in raised]
    for title in plain[:1]:
        problem = f"the application fails on a plain request ({title}): {raised[title]}"
        yield Finding("broken", problem, _PLAIN[title])
    if HOSTILE in raised and _type(raised[HOSTILE]) not in {_type(raised[title]) for title in plain}:
        yield Finding(
            "hostile",
            f"the application fails over bytes that are no UTF-8: {raised[HOSTILE]}",
            "answer them with 400: any client can send them",
        )


def of_spans(spans: Sequence[ReadableSpan]) -> Iterator[Finding]:
    """Yield second spans of one request, spans per message, and planted secrets."""
    seconds = {_scope(span) for span in spans if _is_second(span, spans)}
    for scope in sorted(seconds):
        yield Finding(
            "double",
            f"{scope} makes a second span of each request",
            f"remove it, or set OTEL_PYTHON_DISABLED_INSTRUMENTATIONS={scope.rpartition('.')[2]}",
        )
    if any("asgi.event.type" in (span.attributes or {}) for span in spans):
        yield Finding("noise", "each message is a span of its own", 'leave exclude_spans at ("receive", "send")')
    found = {finding for span in spans for finding in _secrets_in(span)}
    yield from sorted(found)


def of_metrics(patient: Patient) -> Iterator[Finding]:
    """Yield planted secrets on metrics."""
    for name, attributes in patient.metric_attributes():
        for key, place in _shown(attributes):
            yield Finding("secret", f"{key} of the metric {name} shows {place}", "leave it off metric_attributes")


def of_many(spans: Sequence[ReadableSpan], paths: int, patient: Patient) -> Iterator[Finding]:
    """Yield names and series that grow with the number of *paths*."""
    names = {span.name for span in spans if span.kind is SpanKind.SERVER}
    remedy = "declare the routes: instrument(app, routes=[...]); see 'otel-middleware routes'"
    if len(names) > _MOST_NAMES:
        yield Finding("names", f"{paths} paths gave {len(names)} names of spans, such as {min(names)}", remedy)
    routes = {str(attributes.get("http.route")) for _, attributes in patient.metric_attributes()}
    if len(routes) > _MOST_NAMES + len(names):
        yield Finding("names", f"{paths} paths gave {len(routes)} routes on metrics, such as {min(routes)}", remedy)


def _is_health(probe: Probe) -> bool:
    return probe.title.startswith("health check")


def _type(raised: str) -> str:
    """Return the exception's type, of ``Type: message``."""
    return raised.partition(":")[0]


def _scope(span: ReadableSpan) -> str:
    return span.instrumentation_scope.name if span.instrumentation_scope is not None else ""


def _is_second(span: ReadableSpan, spans: Sequence[ReadableSpan]) -> bool:
    """Whether another instrumentation made this span of a request below one that is there already."""
    attributes = span.attributes or {}
    inside = span.parent is not None and any(other.context.span_id == span.parent.span_id for other in spans)
    return inside and _scope(span).startswith(_SCOPES) and any(name in attributes for name in _METHODS)


def _secrets_in(span: ReadableSpan) -> Iterator[Finding]:
    told = {"name": span.name, "status": span.status.description, **(span.attributes or {})}
    for number, event in enumerate(span.events):
        told.update({f"{key} of event {number}": value for key, value in (event.attributes or {}).items()})
    server = span.kind is SpanKind.SERVER
    remedy = "add otel_middleware.sdk.SanitizingSpanProcessor() to the provider before its exporters"
    if server:
        remedy = f"name it in Sanitizer(query_keys=, headers=, paths=); if the application sets it itself, {remedy}"
    for key, place in _shown(told):
        yield Finding("secret", f"{key} of the {span.kind.name} span ({_scope(span)}) shows {place}", remedy)


def _shown(told: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield key and place of each planted secret that stands in *told*."""
    for key, value in told.items():
        yield from ((key, place) for place, secret in CANARIES.items() if secret in str(value))
