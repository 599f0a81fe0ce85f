"""What the doctor says: for a person, or as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from opentelemetry.trace import SpanKind
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from otel_middleware.cli._seen import NONE, Seen
from otel_middleware.cli._text import counted, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.sdk.trace import ReadableSpan

    from otel_middleware.cli._doctor_probes import Answer, Probe
    from otel_middleware.cli._finding import Finding

__all__ = ["as_json", "print_report"]

_NARROW = 110  # characters below which the outcome has no column


def print_report(
    target: str, told: Sequence[tuple[Probe, Answer, list[ReadableSpan]]], findings: Sequence[Finding]
) -> None:
    """Print what arrived, then the findings with their remedies."""
    console = Console(highlight=False)
    wide = console.width >= _NARROW
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for name in ("request", "answer", "span", "status", "outcome", "route", "error"):
        if wide or name not in ("outcome", "status"):
            table.add_column(name, overflow="fold")
    for probe, answer, spans in told:
        cells = _cells(probe, answer, spans)
        table.add_row(*(Text(shown(cell)) for cell in (cells if wide else (*cells[:3], *cells[5:]))))
    console.print(Text(f"{target}: what arrived", style="bold"))
    console.print(table)
    console.print()
    for finding in findings:
        console.print(Text.assemble((f"{finding.code}: ", "bold red"), shown(finding.problem)))
        console.print(Padding.indent(Text(f"remedy: {shown(finding.remedy)}", style="green"), 2))
    console.print(Text(counted(len(findings), "finding") if findings else "nothing found", style="bold"))


def as_json(target: str, told: Sequence[tuple[Probe, Answer, list[ReadableSpan]]], findings: Sequence[Finding]) -> str:
    """Return all as one JSON object."""
    document = {
        "app": target,
        "requests": [
            {
                "title": probe.title,
                "method": probe.method,
                "path": probe.path.decode("utf-8", "backslashreplace"),
                "status": answer.status,
                "raised": answer.raised or None,
                "parts": answer.parts,
                "spans": [_plain(span) for span in spans],
            }
            for probe, answer, spans in told
        ],
        "findings": [finding._asdict() for finding in findings],
    }
    return json.dumps(document, indent=2)


def _cells(probe: Probe, answer: Answer, spans: list[ReadableSpan]) -> tuple[str, ...]:
    answered = str(answer.status) if answer.status is not None else "none"
    if answer.raised:
        answered = "raised"
    servers = [Seen.of(span) for span in spans if span.kind is SpanKind.SERVER]
    if not servers:
        return (probe.title, answered, "no span", NONE, NONE, NONE, NONE)
    seen = servers[0]
    return (probe.title, answered, seen.name, seen.status, seen.outcome, seen.source, seen.error or NONE)


def _plain(span: ReadableSpan) -> dict[str, Any]:
    attributes = {
        key: list(value) if isinstance(value, tuple) else value for key, value in (span.attributes or {}).items()
    }
    return {"name": span.name, "kind": span.kind.name, "status": span.status.status_code.name, "attributes": attributes}
