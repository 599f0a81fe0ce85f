"""A route template, read: which segments must a path have?

One reader for the styles of all frameworks; it knows nothing of tables and methods.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from otel_middleware.routing.converters import ANY, REST
from otel_middleware.routing.placeholders import Placeholder, TemplateError, is_open, pieces_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["ANY_SEGMENT", "MAX_SEGMENTS", "Pattern", "Segment", "Tail", "is_static", "segments_of"]

MAX_SEGMENTS = 64

ANY_SEGMENT = f"(?:{ANY.regex})"
"""The key of the pattern that accepts every segment."""

# Two open-ended expressions in one segment may take quadratic time; this bounds it to milliseconds.
_LONGEST_COMPOSITE = 1024

_STATIC = re.compile(r"[^{}<>*:]*")
_STAR = re.compile(r"\*{1,2}(\w*)")


class Pattern(NamedTuple):
    """One segment with a placeholder."""

    key: str
    """What it accepts, as an expression: equal keys accept the same segments."""
    rank: tuple[object, ...]
    """The lower, the more static."""
    accepts: Callable[[str], object]


class Tail(NamedTuple):
    """One segment or more: a path parameter, with the text that stands around it."""

    prefix: str
    suffix: str

    def spans(self, segments: list[str], start: int, end: int) -> bool:
        """Whether it can stand for ``segments[start:end]``, at least one, the first not empty."""
        first, last = segments[start], segments[end - 1]
        if not (first.startswith(self.prefix) and last.endswith(self.suffix)):
            return False
        return end - start > 1 or len(first) > len(self.prefix) + len(self.suffix)


Segment: TypeAlias = "str | Pattern | Tail"


def segments_of(template: str, *, unique_names: bool = True) -> list[Segment]:
    """Read *template*, which begins with a slash: text is a literal segment, a trailing slash an empty one.

    Args:
        template: Any of the styles above; text may stand around placeholders, and several in one segment.
        unique_names: Whether a name may stand once only.

    Raises:
        TemplateError: it cannot be read.
    """
    if template[:1] != "/":
        raise TemplateError("it has no leading slash")
    segments: list[Segment] = []
    names: list[str] = []
    tails = 0
    # Only a converter can hold a slash, and only behind a colon.
    for text in _split(template) if ":" in template else template.split("/")[1:]:
        segment, own = _segment(text)
        segments.append(segment)
        if own:
            names += own
            tails += isinstance(segment, Tail)
    if unique_names and len(names) > 1 and len(set(names)) < len(names):
        raise TemplateError(f"it has the parameter {_repeated(names)!r} twice")
    if tails > 1:
        raise TemplateError("it has a path parameter followed by another path parameter")
    if len(segments) > MAX_SEGMENTS:
        raise TemplateError(f"it has more than {MAX_SEGMENTS} segments")
    return segments


def _repeated(names: list[str]) -> str:
    return next(name for name in names if names.count(name) > 1)


def _split(template: str) -> Iterator[str]:
    """Cut at slashes, but not at those inside an expression such as ``{name:[^/]+}``."""
    pending: str | None = None
    for part in template.split("/")[1:]:
        text = part if pending is None else f"{pending}/{part}"
        pending = text if ("{" in text or "<" in text) and is_open(text) else None
        if pending is None:
            yield text
    if pending is not None:
        raise TemplateError("a bracket is not closed")


def is_static(template: str) -> bool:
    """Whether there is no placeholder in *template*; a ``*`` or ``:`` is left to `segments_of`."""
    return template[:1] == "/" and _STATIC.fullmatch(template) is not None


@lru_cache(maxsize=1024)
def _segment(text: str) -> tuple[Segment, tuple[str, ...]]:
    """One segment, and the names in it. Templates of one table share most of their segments."""
    if _STATIC.fullmatch(text) is not None:
        return text, ()
    if (star := _STAR.fullmatch(text)) is not None:
        return Tail("", ""), (star[1] or "*",)
    pieces = pieces_of(text)
    placeholders = [piece for piece in pieces if isinstance(piece, Placeholder)]
    names = tuple(placeholder.name for placeholder in placeholders)
    if not placeholders:
        return text, ()
    if not any(placeholder.converter is REST for placeholder in placeholders):
        return _pattern(pieces), names
    if len(placeholders) > 1:
        raise TemplateError(f"a path parameter shares its segment {text!r} with another parameter")
    prefix, suffix = _texts_around(pieces)
    return Tail(prefix, suffix), names


def _texts_around(pieces: list[str | Placeholder]) -> tuple[str, str]:
    prefix = pieces[0] if isinstance(pieces[0], str) else ""
    return prefix, pieces[-1] if isinstance(pieces[-1], str) else ""


def _pattern(pieces: list[str | Placeholder]) -> Pattern:
    key = "".join(re.escape(piece) if isinstance(piece, str) else f"(?:{piece.converter.regex})" for piece in pieces)
    converters = [piece.converter for piece in pieces if isinstance(piece, Placeholder)]
    literals = tuple(-len(piece) for piece in pieces if isinstance(piece, str))
    rank = (-len(literals), literals, -len(converters), tuple(converter.rank for converter in converters))
    if all(converter is ANY for converter in converters):
        return Pattern(key, rank, _in_order(pieces))
    try:
        fits = re.compile(key, re.DOTALL).fullmatch
    except (re.error, OverflowError, RecursionError) as broken:
        raise TemplateError(f"{key!r} is no valid regular expression ({broken})") from None
    return Pattern(key, rank, fits if len(converters) == 1 else _up_to(_LONGEST_COMPOSITE, fits))


def _up_to(longest: int, accepts: Callable[[str], object]) -> Callable[[str], object]:
    return lambda segment: len(segment) <= longest and accepts(segment)


def _in_order(pieces: list[str | Placeholder]) -> Callable[[str], bool]:
    """Whether the texts stand in a segment in this order, with something in every gap: linear, as no expression is."""
    if len(pieces) == 1:
        return bool
    prefix, suffix = _texts_around(pieces)
    between = [
        right if isinstance(right, str) else "" for left, right in pairwise(pieces) if isinstance(left, Placeholder)
    ]
    if isinstance(pieces[-1], str):
        between.pop()

    def accepts(segment: str) -> bool:
        if not (segment.startswith(prefix) and segment.endswith(suffix)):
            return False
        at, end = len(prefix), len(segment) - len(suffix)
        for text in between:
            found = segment.find(text, at + 1, end)
            if found < 0:
                return False
            at = found + len(text)
        return at < end

    return accepts
