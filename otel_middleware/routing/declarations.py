"""The forms in which an entry of a table may be declared."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Declaration", "Entry", "declaration_of", "place_of"]

_METHOD = re.compile(r"[A-Za-z][\w-]*")
_WITH_METHODS = re.compile(rf"({_METHOD.pattern}(?:\s*,\s*{_METHOD.pattern})*)\s+(\S.*)", re.DOTALL)


class Declaration(NamedTuple):
    """One entry: *methods* is ``None`` for all of them, *where* how a message should name it."""

    template: str
    methods: frozenset[str] | None = None
    where: str = ""
    unique_names: bool = True


Entry: TypeAlias = "str | tuple[str, str | Iterable[str] | None] | Declaration"
"""``"/a"``, ``"GET,POST /a"``, ``("/a", methods)``, or what another reader has read."""


def declaration_of(entry: object) -> Declaration:
    """Read one entry.

    Raises:
        ValueError: it has none of the forms of ``Entry``; the message is the reason.
    """
    if isinstance(entry, str):
        return _from_text(entry)
    if isinstance(entry, Declaration):
        return entry
    if isinstance(entry, (tuple, list)) and len(entry) == 2 and isinstance(entry[0], str):  # noqa: PLR2004  a pair
        return Declaration(entry[0], _methods(entry[1]))
    raise ValueError("it is neither a template nor a pair (template, methods)")


def place_of(entry: object, number: int) -> str:
    """How a message names the entry that was declared at *number*."""
    return entry.where if isinstance(entry, Declaration) else f"templates[{number}]={entry!r}"


def _from_text(text: str) -> Declaration:
    if text[:1] == "/":
        return Declaration(text)
    if not text.strip():
        raise ValueError("it is empty")
    match = _WITH_METHODS.fullmatch(text)
    return Declaration(text) if match is None else Declaration(match[2], _methods(match[1]))


def _methods(given: object) -> frozenset[str] | None:
    if given is None:
        return None
    try:
        names = given.split(",") if isinstance(given, str) else list(given)  # type: ignore[call-overload]
    except TypeError:
        names = []
    stripped = [name.strip() if isinstance(name, str) else "" for name in names]
    if not stripped or not all(map(_METHOD.fullmatch, stripped)):
        raise ValueError(f"methods={given!r} are no method names")
    return frozenset(name.upper() for name in stripped)
