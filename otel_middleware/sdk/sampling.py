"""How many of a route's requests are sampled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.trace.sampling import (
    ALWAYS_OFF,
    ALWAYS_ON,
    ParentBased,
    ParentBasedTraceIdRatio,
    Sampler,
    SamplingResult,
    TraceIdRatioBased,
)
from opentelemetry.trace import SpanKind, get_current_span

from otel_middleware.errors import ConfigurationError
from otel_middleware.routing.declarations import declaration_of
from otel_middleware.routing.table import RouteTable
from otel_middleware.routing.templates import segments_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from opentelemetry.context import Context
    from opentelemetry.trace import Link, TraceState

__all__ = ["RouteSampler"]

_PATHS = ("url.path", "http.target")
_METHODS = ("http.request.method", "http.method")


class RouteSampler(Sampler):
    """Sample server spans by the template of their route, as it is known when they start.

    That is a declared template, or an inferred one. A framework's is not known yet: then the path is matched against *routes*,
    and against the listed templates. Only a trace's first span in this service is decided on: children follow it, and a listed
    route's ratio outranks the caller's flag (the decision is by trace id, so services with the same ratio agree).

    Args:
        ratios: Template to ratio, 0 to 1: ``{"/healthz": 0, "POST /checkout": 1.0}``; methods, if there are any, as in a
            ``RouteTable``: they come before the template's own ratio.
        routes: A ``RouteTable`` or templates to match the path against where the span names no template.
        default: For all other spans: a ratio (parent-based) or a sampler; ``None`` is parent-based and samples every root.

    Raises:
        ConfigurationError: With every malformed template and ratio that is no number from 0 to 1, a wrong *routes* or *default*.
    """

    def __init__(
        self,
        ratios: Mapping[str, float],
        *,
        routes: RouteTable | Iterable[str] | None = None,
        default: Sampler | float | None = None,
    ) -> None:
        problems: list[str] = []
        listed = dict(_samplers(ratios, problems))
        self._ratios = {place: sampler for entry, sampler in listed.items() for place in _places(entry, problems)}
        self._described = ", ".join(f"{entry}={sampler.get_description()}" for entry, sampler in listed.items())
        self._tables = [table for table in (_table(routes, problems), _listed(self._ratios)) if table is not None]
        self._default = _default(default, problems)
        if problems:
            raise ConfigurationError(*problems)

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Mapping[str, Any] | None = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        """Decide by the template, else by the default."""
        sampler: Sampler = self._default
        parent = get_current_span(parent_context).get_span_context()
        if kind is SpanKind.SERVER and (not parent.is_valid or parent.is_remote):
            sampler = self._listed(name, attributes or {}) or self._default
        return sampler.should_sample(parent_context, trace_id, name, kind, attributes, links, trace_state)

    def _listed(self, name: str, attributes: Mapping[str, Any]) -> Sampler | None:
        method, _, target = name.partition(" ")
        method = next((str(attributes[key]) for key in _METHODS if key in attributes), method)
        template = self._template(method, target, attributes)
        return self._ratios.get((method, template)) or self._ratios.get(("", template))

    def _template(self, method: str, target: str, attributes: Mapping[str, Any]) -> str:
        told = attributes.get("http.route")
        if told:
            return str(told)
        path = next((str(attributes[key]).partition("?")[0] for key in _PATHS if key in attributes), None)
        if path is not None:
            for table in self._tables:
                declared = table.match(path, method)
                if declared is not None:
                    return declared
        return str(attributes.get("url.template") or target)

    def get_description(self) -> str:
        """For a person: the routes and the default."""
        return f"RouteSampler{{{self._described}; {self._default.get_description()}}}"


def _samplers(ratios: Any, problems: list[str]) -> Iterable[tuple[str, Sampler]]:
    if not hasattr(ratios, "items"):
        problems.append(f"ratios must map templates to ratios, not {ratios!r}")
        return
    for template, ratio in ratios.items():
        if not isinstance(template, str):
            problems.append(f"ratios: {template!r} is no template")
        elif not _is_ratio(ratio):
            problems.append(f"ratios: {template!r} has {ratio!r}, which is no number from 0 to 1")
        else:
            yield template, {0: ALWAYS_OFF, 1: ALWAYS_ON}.get(ratio) or TraceIdRatioBased(ratio)


def _places(entry: str, problems: list[str]) -> Iterable[tuple[str, str]]:
    """Method and template, of each method that *entry* names; an empty one for all."""
    try:
        declared = declaration_of(entry)
        segments_of(declared.template, unique_names=False)  # inferred ones repeat their names
    except ValueError as malformed:
        problems.append(f"ratios: {entry!r}: {malformed}")
        return []
    return [(method, declared.template) for method in declared.methods or ("",)]


def _is_ratio(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1


def _table(routes: Any, problems: list[str]) -> RouteTable | None:
    if routes is None or isinstance(routes, RouteTable):
        return routes
    try:
        return RouteTable(routes)
    except ConfigurationError as error:
        problems.extend(error.problems)
        return None


def _listed(places: Iterable[tuple[str, str]]) -> RouteTable | None:
    """The listed templates as a table; ``None`` when they are none, or two of them have one shape."""
    try:
        return RouteTable(dict.fromkeys(template for _method, template in places))
    except ConfigurationError:
        return None


def _default(default: Any, problems: list[str]) -> Sampler:
    if default is None:
        return ParentBased(ALWAYS_ON)
    if isinstance(default, Sampler):
        return default
    if _is_ratio(default):
        return ParentBasedTraceIdRatio(default)
    problems.append(f"default must be a Sampler or a ratio from 0 to 1, not {default!r}")
    return ALWAYS_ON
