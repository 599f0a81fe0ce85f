"""The file that a person reads, edits and loads again: one learned route a line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["LearnedRoute", "text_of"]

_PLACEHOLDER = re.compile(r"\{[^{}]*?(:path)?\}")

_HEADER = """\
# Route templates, learned from traffic. One a line; blank lines and what follows a # mean nothing.
# Edit freely: name a parameter ({int} -> {order_id}), merge routes into one, delete or add lines; then load the file.
"""


class LearnedRoute(NamedTuple):
    """One line: a template, and what is known of it.

    Attributes:
        template: As it is given.
        hits: Requests that it was learned from.
        since: Number of the learned request that showed it first, from 1.
        why: What its variable parts rest on.
    """

    template: str
    hits: int
    since: int
    why: str


def text_of(routes: Iterable[LearnedRoute]) -> str:
    """The file. Routes that differ in the names of their parameters only are one, named as the most frequent of them."""
    by_shape: dict[str, LearnedRoute] = {}
    for route in sorted(routes, key=lambda route: (-route.hits, route.template)):
        shape = _PLACEHOLDER.sub(r"{\1}", route.template)
        first = by_shape.setdefault(shape, route)
        if first is not route:
            by_shape[shape] = first._replace(hits=first.hits + route.hits, since=min(first.since, route.since))
    return _HEADER + "".join(f"{_line(route)}\n" for route in sorted(by_shape.values()))


def _line(route: LearnedRoute) -> str:
    return f"{route.template}  # hits={route.hits}, first-seen=request {route.since}, why={route.why}"
