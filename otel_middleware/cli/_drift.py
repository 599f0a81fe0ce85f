"""Names that are no longer those of a reviewed file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["drift", "hits_of", "unused"]

_LINE = re.compile(r"^(.*?)  # hits=(\d+),", re.MULTILINE)


def hits_of(exported: str) -> dict[str, int]:
    """Return the requests of each template of an exported file, in its order."""
    return {template: int(hits) for template, hits in _LINE.findall(exported)}


def drift(reviewed: Iterable[str], current: Iterable[str], *, gone: bool) -> list[str]:
    """Return the differences as the lines of a diff, sorted by template: ``+ /new`` and ``- /old``; empty when there are none.

    Args:
        reviewed: The templates of the file.
        current: The templates of the source.
        gone: Whether a template of the file that the source lacks is drift: a log has only what was asked for.
    """
    before, after = set(reviewed), set(current)
    added = [(template, f"+ {template}") for template in after - before]
    removed = [(template, f"- {template}") for template in before - after] if gone else []
    return [line for _, line in sorted(added + removed)]


def unused(reviewed: Iterable[str], hits: dict[str, int]) -> list[str]:
    """Return the templates of the file that no request asked for."""
    return [template for template in reviewed if not hits.get(template)]
