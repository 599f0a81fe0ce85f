"""Words that arrive among values: is one of them asked so often that it must be a route of its own?"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from otel_middleware.routing.evidence import ROUTE_LIKE
from otel_middleware.routing.reserved import RESERVED

if TYPE_CHECKING:
    from otel_middleware.routing.node import Group, Node

__all__ = ["MIN_LIKENESS", "Arrival", "stands_out"]

MAX_ARRIVALS = 32  # words per group that are counted: a sketch of the most frequent ones (Misra and Gries)
MAX_GROUP_LIKENESS = 0.35  # where values look like words of routes, a word of a route does not stand out
MIN_LIKENESS = 0.3  # a word that is less route-like is a value however often it comes: it is not counted
MOSTLY = 0.5
OPPOSITE = 0.8  # the word ends paths, and the values hardly ever do, or the other way round
RIVAL = 0.5  # of its hits: a value that is as popular as that shows that popularity means nothing here

ROUTE_HITS, ROUTE_SHARE = 6, 0.01  # hits, and share of the values' hits, of a word that looks like a route's
STRANGE_HITS, STRANGE_SHARE = 20, 0.05  # the same of one that does not, but ends, or goes on, as no value does
RESERVED_HITS = 2


class Arrival(NamedTuple):
    """A word, at least ``MIN_LIKENESS``, that was asked *weight* times; *ends* says whether the path ended with it."""

    text: str
    likeness: float
    weight: int
    ends: bool


def stands_out(arrival: Arrival, group: Group, values: Node) -> bool:
    """Count *arrival*; whether the word is no value of *group*, whose slot *values* is."""
    text = arrival.text
    if group.likeness > MAX_GROUP_LIKENESS or text in group.folded:
        return False
    seen = _count(group.arrivals, arrival)
    if seen is None or not _is_busy(arrival, seen, values):
        return False
    if text not in RESERVED and _has_rival(text, seen[0], group):
        return False
    del group.arrivals[text]
    return True


def _is_busy(arrival: Arrival, seen: list[int], values: Node) -> bool:
    hits, ended = seen
    ends, values_end = ended / hits, values.ends / values.hits
    if arrival.likeness >= ROUTE_LIKE and (ends > MOSTLY or values_end > MOSTLY):
        if arrival.text in RESERVED and ended == hits:
            return hits >= RESERVED_HITS
        return hits >= max(ROUTE_HITS, ROUTE_SHARE * values.hits)
    return abs(ends - values_end) > OPPOSITE and hits >= max(STRANGE_HITS, STRANGE_SHARE * values.hits)


def _has_rival(text: str, hits: int, group: Group) -> bool:
    return any(seen[0] > RIVAL * hits for word, seen in group.arrivals.items() if word != text)


def _count(arrivals: dict[str, list[int]], arrival: Arrival) -> list[int] | None:
    """Hits and ends of the word so far, ``None`` when it is not counted because others are more frequent."""
    seen = arrivals.get(arrival.text)
    if seen is None:
        if len(arrivals) >= MAX_ARRIVALS:
            _decay(arrivals)
            return None
        seen = arrivals[arrival.text] = [0, 0]
    seen[0] += arrival.weight
    seen[1] += arrival.weight * arrival.ends
    return seen


def _decay(arrivals: dict[str, list[int]]) -> None:
    for word in list(arrivals):
        arrivals[word][0] -= 1
        if arrivals[word][0] <= 0:
            del arrivals[word]
