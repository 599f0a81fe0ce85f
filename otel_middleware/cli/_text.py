"""Text of strangers, made fit for a terminal: paths, headers and names are chosen by whoever sends a request."""

from __future__ import annotations

__all__ = ["counted", "shown"]


def shown(text: object) -> str:
    """Return *text* on one line, with whatever controls a terminal or turns its direction spelled as an escape."""
    line = str(text)
    if line.isprintable():
        return line
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in line)


def counted(number: int, noun: str) -> str:
    """Return ``1 request``, ``2 requests``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
