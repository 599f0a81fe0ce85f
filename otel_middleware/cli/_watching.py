"""The live view on a real terminal, drawn again and again until it is ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.live import Live

from otel_middleware.cli._keys import pressed_keys
from otel_middleware.cli._live import screen
from otel_middleware.cli._selection import Selection

if TYPE_CHECKING:
    from threading import Event

    from rich.console import Console

    from otel_middleware.cli._book import Book
    from otel_middleware.cli._said import Said

__all__ = ["watch"]

_EVERY = 0.25  # seconds between two drawings


def watch(console: Console, book: Book, said: Said, heading: str, ended: Event) -> None:
    """Show the live view until *ended* is set or a key says so."""
    selection = Selection()
    with (
        pressed_keys() as key,
        Live(console=console, screen=True, auto_refresh=False, redirect_stdout=False, redirect_stderr=False) as live,
    ):
        while not (ended.is_set() or selection.ended):
            live.update(
                screen(book, selection, list(said.lines), (console.width, console.height), heading), refresh=True
            )
            selection.press(key(_EVERY), book)
