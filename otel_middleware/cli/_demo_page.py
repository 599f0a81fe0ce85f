"""The demo's result on the web page, until somebody ends it."""

from __future__ import annotations

import sys
from threading import Event
from typing import TYPE_CHECKING

from otel_middleware.cli._book import Book
from otel_middleware.cli._demo_comparison import compared
from otel_middleware.cli._ending import ending
from otel_middleware.cli._web import serving_page

if TYPE_CHECKING:
    from otel_middleware.cli._demo_observe import Observed

__all__ = ["show_page"]


def show_page(before: Observed, after: Observed) -> None:
    """Serve the page with both sides until Ctrl-C or SIGTERM."""
    book, ended = Book(), Event()
    for span in sorted(after.spans, key=lambda each: each.end_time or 0):
        book.on_end(span)
    with serving_page(book, "the demo", compared(before, after)) as url, ending(ended):
        print(f"view on {url}, Ctrl-C ends", file=sys.stderr, flush=True)
        ended.wait()
