"""One segment of a template, cut into text and placeholders, in the spellings of all frameworks.

``{id}``, ``{id:int}``, ``{int:id}``, ``<id>``, ``<int:id>``, ``<id:int>``, ``:id``, ``{*rest}``, and with an expression
of one's own ``{year:[0-9]{4}}``, ``<year:re:[0-9]+>``, ``:year([0-9]+)``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from otel_middleware.routing.converters import ANY, Converter, converter_of, known

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Placeholder", "TemplateError", "is_open", "pieces_of"]

_BRACKET = re.compile(r"[{<]")
_COLON = re.compile(r"(?:^|(?<=[-.])):([^\W\d]\w*)(?:\(([^()]*)\))?")
_CONVERTER_FIRST = re.compile(r"(\w+(?:\(.*\))?):(\w+)", re.DOTALL)
_CLOSING = {"{": "}", "<": ">"}


class TemplateError(ValueError):
    """A template that cannot be read; its text is the reason."""


class Placeholder(NamedTuple):
    """A name, and what it accepts."""

    name: str
    converter: Converter


def pieces_of(text: str) -> list[str | Placeholder]:
    """The texts and placeholders of the segment *text*.

    Raises:
        TemplateError: brackets, a name or a converter in it are wrong.
    """
    return list(_colon_pieces(text) if text.startswith(":") else _bracket_pieces(text))


@lru_cache(maxsize=1024)
def is_open(text: str) -> bool:
    """Whether a bracket in *text* is not closed."""
    at = 0
    while (opening := _BRACKET.search(text, at)) is not None:
        at = _closing(text, opening.start()) + 1
        if at == 0:
            return True
    return False


def _closing(text: str, opening: int) -> int:
    """Index of the bracket that closes the one at *opening*, -1 without; nested and escaped ones are passed over."""
    opens, closes = text[opening], _CLOSING[text[opening]]
    depth, at = 0, opening
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at] == opens:
            depth += 1
        elif text[at] == closes:
            depth -= 1
            if depth == 0:
                return at
        at += 1
    return -1


def _bracket_pieces(text: str) -> Iterator[str | Placeholder]:
    at = 0
    while (opening := _BRACKET.search(text, at)) is not None:
        yield from _literal(text[at : opening.start()])
        closing = _closing(text, opening.start())
        if closing < 0:
            raise TemplateError("a bracket is not closed")
        yield _placeholder(opening[0], text[opening.end() : closing])
        at = closing + 1
    yield from _literal(text[at:])


def _literal(text: str) -> Iterator[str]:
    if "}" in text or ">" in text:
        raise TemplateError("a bracket is closed that was not opened")
    if text:
        yield text


def _colon_pieces(text: str) -> Iterator[str | Placeholder]:
    at = 0
    for match in _COLON.finditer(text):
        yield from _literal(text[at : match.start()])
        yield Placeholder(match[1], _checked(match[2] and f"re:{match[2]}"))
        at = match.end()
    if at == 0:
        raise TemplateError("it has an empty parameter name")
    yield from _literal(text[at:])


def _placeholder(bracket: str, body: str) -> Placeholder:
    name, colon, converter = body.partition(":")
    swapped = _CONVERTER_FIRST.fullmatch(body)
    if swapped is not None and _converter_stands_first(bracket, swapped[1], swapped[2]):
        converter, name = swapped[1], swapped[2]
    if not colon and name[:1] in ("*", "+"):
        name, converter = name.lstrip("*+"), "path"
    name = name.strip()
    if not name:
        raise TemplateError("it has an empty parameter name")
    if colon and not converter.strip():
        raise TemplateError(f"the parameter {name!r} has a colon and no converter")
    return Placeholder(name, _checked(converter.strip()))


def _converter_stands_first(bracket: str, first: str, second: str) -> bool:
    """``<int:id>`` of Werkzeug and ``{int:id}`` of BlackSheep, against ``{id:int}`` and Sanic's ``<id:int>``."""
    if bracket == "{":
        return known(first) and not known(second)
    return known(first) or not known(second)


def _checked(converter: str | None) -> Converter:
    if not converter:
        return ANY
    try:
        return converter_of(converter)
    except (re.error, OverflowError, RecursionError) as broken:
        raise TemplateError(f"{converter!r} is no valid regular expression ({broken})") from None
