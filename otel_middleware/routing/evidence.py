"""What the children of a node show together: are these words the values of an open set, or static siblings?

Measured here; judged in ``rules.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from otel_middleware.routing.shapes import common_shapes, shapes_below, shared_words, visits

if TYPE_CHECKING:
    from otel_middleware.routing.node import Node
    from otel_middleware.routing.shapes import Shape, Shapes

__all__ = ["ROUTE_LIKE", "Evidence", "weigh"]

ROUTE_LIKE = 0.9  # words at least as route-like as this may stay static among values
SAMPLE = 64  # children that are compared: bounds one evaluation
HIT_CAP = 50  # hits of one shape that count: one busy child shall not decide for all


class Evidence(NamedTuple):
    """The children of a node that are words, measured.

    *weak* are those below ``ROUTE_LIKE``. Likenesses are means, 0 to 1. *fresh* is the share of hits that went to words seen
    only once: the chance that the next word is a new one (Good and Turing).
    """

    words: int
    hits: int
    likeness: float
    fresh: float
    weak: int
    weak_hits: int
    weak_likeness: float
    weak_fresh: float
    leaves: int
    busiest_leaves: tuple[int, int]
    """Hits of the two most popular."""
    parents: int
    """Words that have routes below."""
    items: bool
    """Whether these all go on with words, as a thing does; a collection goes on with the values that it holds."""
    common: int
    """Shapes that occur under several words."""
    reuse: float
    """Share of hits below the words that went to common shapes."""
    shapes: dict[Node, Shapes]
    """Of the words that were compared."""
    common_shapes: frozenset[Shape]


def weigh(node: Node) -> Evidence:
    """Measure the words below *node*."""
    children = list(node.words.values())
    weak = [child for child in children if child.likeness < ROUTE_LIKE]
    leaves = sorted((child.hits for child in children if child.is_leaf), reverse=True)
    sample = children[:SAMPLE]
    most, shared = visits(len(sample)), shared_words(sample)
    shapes = {child: shapes_below(child, most, shared) for child in sample}
    below = [found for found in shapes.values() if found]
    common = common_shapes(below)
    return Evidence(
        words=len(children),
        hits=sum(child.hits for child in children),
        likeness=_mean_likeness(children),
        fresh=_freshness(children),
        weak=len(weak),
        weak_hits=sum(child.hits for child in weak),
        weak_likeness=_mean_likeness(weak),
        weak_fresh=_freshness(weak),
        leaves=len(leaves),
        busiest_leaves=(leaves[0], leaves[1]) if len(leaves) > 1 else (sum(leaves), 0),
        parents=len(below),
        items=not any(child.slots for child, found in shapes.items() if found),
        common=len(common),
        reuse=_reuse(below, common),
        shapes=shapes,
        common_shapes=common,
    )


def _reuse(families: list[Shapes], common: frozenset[Shape]) -> float:
    total = shared = 0
    for shapes in families:
        for shape, hits in shapes.items():
            counted = min(hits, HIT_CAP)
            total += counted
            shared += counted if shape in common else 0
    return shared / total if total else 0.0


def _mean_likeness(children: list[Node]) -> float:
    return sum(child.likeness for child in children) / len(children) if children else 1.0


def _freshness(children: list[Node]) -> float:
    hits = sum(child.hits for child in children)
    return sum(child.hits == 1 for child in children) / hits if hits else 0.0
