"""The reviewed file: routes that were inferred, exported, read by a person, and are now declared."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from otel_middleware.errors import ConfigurationError
from otel_middleware.routing.declarations import Declaration, declaration_of

if TYPE_CHECKING:
    from os import PathLike

__all__ = ["declarations_of_file", "declarations_of_text"]

_COMMENT = re.compile(r"(?:^|\s+)#.*$")


def declarations_of_file(path: str | PathLike[str]) -> list[Declaration]:
    """The routes of the file at *path*, in order, each once.

    Raises:
        ConfigurationError: it cannot be read. What its lines hold is judged by the table.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError, TypeError, ValueError) as unreadable:
        raise ConfigurationError(f"path={str(path)!r} cannot be read: {unreadable}") from unreadable
    return declarations_of_text(str(path), text)


def declarations_of_text(name: str, text: str) -> list[Declaration]:
    """The routes of *text*, in order, each once; *name* stands in complaints. What its lines hold is judged by the table."""
    declared: dict[tuple[str, frozenset[str] | None], Declaration] = {}
    for number, line in enumerate(text.splitlines(), 1):
        content = _COMMENT.sub("", line).strip()
        if not content:
            continue
        read = declaration_of(content)
        # The learner may call two parameters of one template {int}.
        placed = read._replace(where=f"{name}, line {number}, {content!r}", unique_names=False)
        declared.setdefault((read.template, read.methods), placed)
    return list(declared.values())
