"""What a placeholder accepts: ``int``, ``uuid``, ``path``, ``any(a,b)``, or an expression of one's own."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["ANY", "REST", "Converter", "converter_of", "known"]


class Converter(NamedTuple):
    """An expression that one segment must match, and how particular it is (the lower, the more)."""

    regex: str
    rank: int


_HEX = "[0-9A-Fa-f]"

ANY = Converter(".+", 9)
"""Any one segment that is not empty."""
REST = Converter("/", 10)
"""The rest of the path; no single segment matches a slash."""

# What Starlette and Werkzeug accept together: 3 is a float for Starlette, uuids without hyphens too.
_NAMED = {
    "int": Converter("[0-9]+", 0),
    "float": Converter(r"[0-9]+(?:\.[0-9]+)?", 1),
    "uuid": Converter(f"{_HEX}{{8}}-?{_HEX}{{4}}-?{_HEX}{{4}}-?{_HEX}{{4}}-?{_HEX}{{12}}", 0),
    "str": ANY,
    "string": ANY,
    "path": REST,
}
_WITH_ARGUMENTS = re.compile(r"(\w+)(?:\((.*)\))?", re.DOTALL)
_EXPRESSION = re.compile(r"re(?:gex)?(?::(.+)|\((.+)\))", re.DOTALL)
_SPANS_SLASHES = (".*", ".+", ".*?", ".+?", "[^/].*", "[^/].*?")
_OWN_EXPRESSION_RANK = 2


def known(converter: str) -> bool:
    """Whether *converter*, with or without arguments, is one whose meaning we know."""
    return converter.partition("(")[0] in (*_NAMED, "any", "re", "regex")


def converter_of(text: str) -> Converter:
    """The converter that *text* names; a name that nobody knows accepts any one segment.

    Raises:
        re.error: *text* is an expression, and a broken one.
    """
    if (expression := _EXPRESSION.fullmatch(text)) is not None:
        return _own(expression[1] or expression[2].strip().removeprefix("r").strip("'\""))
    if (named := _WITH_ARGUMENTS.fullmatch(text)) is None:
        return _own(text)
    name, arguments = named[1], named[2] or ""
    if name == "any":
        return _one_of(arguments)
    if name in ("int", "float") and re.search(r"signed\s*=\s*True", arguments):
        return Converter(f"-?(?:{_NAMED[name].regex})", _NAMED[name].rank)
    if name in ("str", "string") and arguments:
        return _of_length(arguments)
    return _NAMED.get(name, ANY)


def _own(expression: str) -> Converter:
    if expression in _SPANS_SLASHES:
        return REST
    re.compile(expression)
    return Converter(expression, _OWN_EXPRESSION_RANK)


def _one_of(arguments: str) -> Converter:
    words = [word.strip().strip("'\"") for word in arguments.split(",")]
    return Converter("|".join(re.escape(word) for word in sorted(words, reverse=True)), 0)


def _of_length(arguments: str) -> Converter:
    """Werkzeug's ``string(length=2)``, ``string(minlength=2, maxlength=5)``."""
    given = {name: int(value) for name, value in re.findall(r"(\w+)\s*=\s*(\d+)", arguments)}
    shortest = given.get("length", given.get("minlength", 1))
    longest = given.get("length", given.get("maxlength", ""))
    return Converter(f".{{{shortest},{longest}}}", _OWN_EXPRESSION_RANK)
