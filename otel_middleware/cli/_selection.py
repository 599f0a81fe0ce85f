"""Which request's trace is looked at: the last, the slowest, or one that was chosen by key."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from otel_middleware.cli._book import Book
    from otel_middleware.cli._seen import Seen

__all__ = ["Selection"]

_UP, _DOWN = ("\x1b[A", "\x1bOA", "k"), ("\x1b[B", "\x1bOB", "j")


class Selection:
    """What the keys have chosen; starts at the last request and follows it."""

    def __init__(self) -> None:
        self._mode = "last"
        self._span_id = ""
        self.ended = False
        """Whether the key that ends the view was pressed."""

    @property
    def title(self) -> str:
        """What is chosen, for a person."""
        return {"last": "last request", "slowest": "slowest request"}.get(self._mode, "selected request")

    def of(self, book: Book) -> Seen | None:
        """Return the chosen request; the last when the chosen one is forgotten."""
        if self._mode == "slowest":
            return book.slowest()
        requests = book.requests()
        chosen = [seen for seen in requests if self._mode == "one" and seen.span_id == self._span_id]
        return (chosen or requests)[-1] if requests else None

    def window(self, book: Book, rows: int) -> list[Seen]:
        """Return *rows* requests at most: the last ones, or those up to the chosen one where it is older."""
        requests = book.requests()
        end = len(requests)
        if self._mode == "one":
            place = next((index for index, seen in enumerate(requests) if seen.span_id == self._span_id), end - 1)
            end = min(max(place + 1, rows), end) if place < end - rows else end
        return requests[max(end - rows, 0) : end]

    def press(self, key: str, book: Book) -> None:
        """Take one key: an arrow or ``j``/``k``, ``l`` last, ``s`` slowest, ``q`` end; any other means nothing."""
        if key == "q":
            self.ended = True
        elif key in ("l", "s"):
            self._mode = {"l": "last", "s": "slowest"}[key]
        elif key in _UP or key in _DOWN:
            self._step(book, -1 if key in _UP else 1)

    def _step(self, book: Book, by: int) -> None:
        requests, now = book.requests(), self.of(book)
        if now is None:
            return
        place = requests.index(now) if now in requests else len(requests) - 1
        place = min(max(place + by, 0), len(requests) - 1)
        self._mode, self._span_id = "one", requests[place].span_id
