"""What the demo prints for a person: the comparison, one trace, the metrics, the sum of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from otel_middleware.cli._demo_comparison import comparison, exported_secrets
from otel_middleware.cli._demo_metrics import metrics_table
from otel_middleware.cli._demo_traffic import SCENARIOS, SECRETS
from otel_middleware.cli._trace import trace_tree

if TYPE_CHECKING:
    from otel_middleware.cli._demo_observe import Observed

__all__ = ["show"]

_WIDEST = 120  # characters; longer lines are no easier to read


def show(before: Observed, after: Observed, console: Console | None = None) -> None:
    """Print both sides, without colour where the output is no terminal."""
    console = console or Console(highlight=False)
    width = min(console.width, _WIDEST)
    console.print(Text("Two applications without a framework, the same requests, twice.", style="bold"))
    console.print("shop: ASGI on uvicorn, routes declared. pricing: WSGI on waitress, inferred.")
    _section(console, width, "Server spans")
    for part in comparison(before, after, width):
        console.print(part)
    traced = after.server_span(SCENARIOS[0])
    if traced is not None:
        _section(console, width, "One trace across both")
        for line in trace_tree(after.trace_of(traced), width):
            console.print(line)
    for side in (before, after):
        _section(console, width, f"http.server.request.duration: {side.name}")
        console.print(metrics_table(side, width))
    _section(console, width, "In short")
    for side in (before, after):
        _sum(console, side)


def _section(console: Console, width: int, title: str) -> None:
    console.print()
    console.print(Rule(Text(title, style="bold"), align="left", style="dim"), width=width)


def _sum(console: Console, side: Observed) -> None:
    secrets, servers = exported_secrets(side), side.server_spans()
    names = {span.name for span in servers}
    console.print(
        f"{side.name + ':':<17} {len(servers)} requests under {len(names)} names, {len(side.spans)} spans, ",
        Text(f"{len(secrets)} of {len(SECRETS)} secrets exported", style="bold red" if secrets else "green"),
        sep="",
    )
