"""Exceptions as text: names, messages and stack traces that hold no source lines and no locals, whatever the exception does."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

__all__ = ["members_of", "message_of", "notes_of", "qualified_name", "stack_trace"]

MAX_TRACE = 16_384
"""Characters of a stack trace; what is too much is left out in the middle, in whole lines."""

_MAX_EXCEPTIONS = 32
_MAX_DEPTH = 8
_MAX_NOTES = 16
_OUTER_FRAMES = 16
_INNER_FRAMES = 32
_MAX_WALKED = 10_000
_MAX_LINE = 4_096

_UNREADABLE = "<no readable message>"
_CAUSE = "The above exception was the direct cause of the following exception:"
_CONTEXT = "During handling of the above exception, another exception occurred:"


def message_of(error: BaseException) -> str:
    """``str(error)``; a stand-in when that raises. Never raises, and is not sanitised."""
    try:
        return str.__str__(str(error))
    except BaseException:  # noqa: BLE001 - whatever `__str__` raises must not replace the application's own error
        return _UNREADABLE


def qualified_name(error: BaseException | type) -> str:
    """The name for ``error.type``: ``KeyError`` for a builtin, else ``shop.errors.OutOfStock``. Never raises.

    Source: semantic conventions, ``error.type`` and ``exception.type`` ("fully-qualified class name, if applicable").
    """
    kind = error if isinstance(error, type) else type(error)
    try:
        module, name = kind.__module__, kind.__qualname__
        full = str(name) if module in ("builtins", None) else f"{module}.{name}"
    except BaseException:  # noqa: BLE001 - a metaclass may do anything
        return "Exception"
    return full if full.isprintable() else "".join(filter(str.isprintable, full))


def notes_of(error: BaseException) -> list[str]:
    """The notes (PEP 678) that can be read, at most 16."""
    try:
        notes = getattr(error, "__notes__", None)
        if not isinstance(notes, (list, tuple)):
            return []
        return [str.__str__(note) for note in notes[:_MAX_NOTES] if isinstance(note, str)]
    except BaseException:  # noqa: BLE001 - `__notes__` may be a property that raises
        return []


def stack_trace(
    error: BaseException, describe: Callable[[BaseException], str], note: Callable[[str], str | None]
) -> str:
    """The stack trace of *error* as Python orders it, causes first, groups indented.

    Args:
        error: The exception. It is not changed, and nothing of it is kept.
        describe: Gives the line for one exception, such as ``Type: message``.
        note: Gives the line for one note, ``None`` to leave it out.

    Returns:
        At most 16,384 characters: up to 32 exceptions, 48 frames each (16 outermost, 32 innermost), groups 8 deep,
        4,096 characters a line.
    """
    return _bounded([line[:_MAX_LINE] for line in _Trace(describe, note).lines(error, 0)])


class _Trace:
    """One walk over an exception and what is linked to it; each exception is met once."""

    def __init__(self, describe: Callable[[BaseException], str], note: Callable[[str], str | None]) -> None:
        self._describe = describe
        self._note = note
        self._seen: set[int] = set()

    def lines(self, error: BaseException, depth: int) -> Iterator[str]:
        chain = self._chain(error)
        for index, (link, joint) in enumerate(reversed(chain)):
            yield from self._one(link, depth)
            if index < len(chain) - 1:
                yield from ("", joint, "")

    def _chain(self, error: BaseException) -> list[tuple[BaseException, str]]:
        """*error* and what led to it, latest first, each with the sentence that leads on to its successor."""
        chain: list[tuple[BaseException, str]] = []
        link: BaseException | None = error
        joint = ""
        while link is not None and id(link) not in self._seen and len(self._seen) < _MAX_EXCEPTIONS:
            self._seen.add(id(link))
            chain.append((link, joint))
            link, joint = _before(link)
        return chain

    def _one(self, error: BaseException, depth: int) -> Iterator[str]:
        if error.__traceback__ is not None:
            yield "Traceback (most recent call last):"
            yield from _frames(error.__traceback__)
        yield self._describe(error)
        yield from filter(None, map(self._note, notes_of(error)))
        yield from self._members(error, depth)

    def _members(self, error: BaseException, depth: int) -> Iterator[str]:
        members = members_of(error)
        for number, member in enumerate(members, 1):
            if depth == _MAX_DEPTH or id(member) in self._seen or len(self._seen) >= _MAX_EXCEPTIONS:
                yield f"  + {len(members) - number + 1} more"
                return
            yield f"  + {number} of {len(members)}"
            for line in self.lines(member, depth + 1):
                yield f"  | {line}"


def _before(error: BaseException) -> tuple[BaseException | None, str]:
    if error.__cause__ is not None:
        return error.__cause__, _CAUSE
    return (None, "") if error.__suppress_context__ else (error.__context__, _CONTEXT)


def members_of(error: BaseException) -> tuple[BaseException, ...]:
    """The exceptions of a group, of Python 3.11's or its backport's."""
    try:
        members = getattr(error, "exceptions", None)
        if not isinstance(members, (list, tuple)):
            return ()
        return tuple(member for member in members if isinstance(member, BaseException))
    except BaseException:  # noqa: BLE001 - an application's own `exceptions` attribute may raise
        return ()


def _frames(traceback: TracebackType) -> Iterator[str]:
    frames = list(islice(_walk(traceback), _MAX_WALKED))
    if len(frames) <= _OUTER_FRAMES + _INNER_FRAMES:
        yield from map(_frame, frames)
        return
    yield from map(_frame, frames[:_OUTER_FRAMES])
    yield f"  ... {len(frames) - _OUTER_FRAMES - _INNER_FRAMES} frames left out"
    yield from map(_frame, frames[-_INNER_FRAMES:])


def _walk(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next


def _frame(traceback: TracebackType) -> str:
    code = traceback.tb_frame.f_code
    place = f'  File "{code.co_filename}", line {traceback.tb_lineno}, in {code.co_name}'
    return " ".join(place.splitlines())


def _bounded(lines: list[str]) -> str:
    """Keep the beginning and the end: the last line names the exception itself."""
    if sum(map(len, lines)) + len(lines) <= MAX_TRACE:
        return "\n".join(lines)
    head, tail = _whole_lines(lines, MAX_TRACE // 4), _whole_lines(lines[::-1], MAX_TRACE // 2)[::-1]
    return "\n".join([*head, f"... {len(lines) - len(head) - len(tail)} lines left out", *tail])


def _whole_lines(lines: list[str], room: int) -> list[str]:
    kept: list[str] = []
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    return kept
