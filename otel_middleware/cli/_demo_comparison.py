"""The spans of the demo as upstream alone reports them, beside ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from otel_middleware.cli._demo_traffic import SCENARIOS, SECRETS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.sdk.trace import ReadableSpan
    from rich.console import RenderableType

    from otel_middleware.cli._demo_observe import Observed
    from otel_middleware.cli._demo_traffic import Scenario

__all__ = ["compared", "comparison", "exported_secrets"]

_LABEL = 25  # characters: ``http.response.status_code`` on one line
_WIDE_LABEL = 34  # every label on one line
_WIDE = 110  # from this width on
_INDENT = 2
_NOTHING = Text("-", style="dim")


def comparison(before: Observed, after: Observed, width: int) -> Iterator[RenderableType]:
    """Yield one table a scenario, all with the same columns; *width* in characters."""
    heading = _columns(width)
    heading.add_row("", Text(before.name, style="bold"), Text(after.name, style="bold"))
    yield Padding.indent(heading, _INDENT)
    for scenario in SCENARIOS:
        yield Text.assemble((_masked(scenario.target), "bold cyan"), ("  " + scenario.title, "dim"), no_wrap=True)
        table = _columns(width)
        for key, *values in _facts(before, after, scenario):
            table.add_row(_broken(key, width), *values)
        yield Padding.indent(table, _INDENT)


def compared(before: Observed, after: Observed) -> list[dict[str, Any]]:
    """Return the same as plain data: scenarios with title, target and rows of ``key``, ``upstream`` and ``ours``."""
    return [
        {
            "title": scenario.title,
            "target": _masked(scenario.target),
            "rows": [
                {
                    "key": key,
                    "upstream": str(left),
                    "ours": str(right),
                    "leaks": any(secret in str(left) for secret in SECRETS),
                }
                for key, left, right in _facts(before, after, scenario)
            ],
        }
        for scenario in SCENARIOS
    ]


def exported_secrets(observed: Observed) -> list[str]:
    """Return the planted secrets that stand anywhere in the spans of *observed*."""
    exported = "\n".join(span.to_json() for span in observed.spans)
    return [secret for secret in SECRETS if secret in exported]


def _facts(before: Observed, after: Observed, scenario: Scenario) -> Iterator[tuple[str, Text, Text]]:
    """Yield what each side says under each key; the status only where one of them is an error."""
    spans = before.server_span(scenario), after.server_span(scenario)
    for key in ("name", "status", *scenario.shows):
        values = _value(before, spans[0], key), _value(after, spans[1], key)
        if key != "status" or any("ERROR" in value for value in values):
            yield key, *values


def _columns(width: int) -> Table:
    label = _label_width(width)
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    each = (width - _INDENT - label - 4) // 2
    for column, style in ((label, "dim"), (each, ""), (each, "")):
        table.add_column(width=column, overflow="fold", style=style)
    return table


def _label_width(width: int) -> int:
    return _LABEL if width < _WIDE else _WIDE_LABEL


def _broken(key: str, width: int) -> str:
    """Return *key*, on two lines where it does not fit on one."""
    if len(key) <= _label_width(width):
        return key
    head, _, tail = key.rpartition(".")
    return f"{head}.\n  {tail}"


def _value(observed: Observed, span: ReadableSpan | None, key: str) -> Text:
    if span is None:
        return Text("no span" if key == "name" else "", style="dim")
    value = _fact(observed, span, key)
    return _NOTHING if value is None else _marked(str(value))


def _fact(observed: Observed, span: ReadableSpan, key: str) -> Any:
    """Return the attribute *key*, or what stands elsewhere on the span or its trace under that name."""
    if key == "name":
        return span.name
    if key == "status":
        described = span.status.description
        return f"{span.status.status_code.name}: {described}" if described else span.status.status_code.name
    if key == "exception.message":
        messages = ((event.attributes or {}).get(key) for event in span.events)
        return next((message for message in messages if message), None)
    if key == "spans in this trace":
        return len(observed.trace_of(span))
    value = (span.attributes or {}).get(key)
    if isinstance(value, float):
        return f"{value * 1000:.1f} ms"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else value


def _marked(value: str) -> Text:
    text = Text(value)
    text.highlight_words(SECRETS, "bold red")
    text.highlight_words(["[REDACTED]", "REDACTED"], "green")
    return text


def _masked(target: str) -> str:
    for secret in SECRETS:
        target = target.replace(secret, "…")
    return target
