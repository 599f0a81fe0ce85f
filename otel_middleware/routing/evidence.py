"""What the children of a node show together: are these words the values of an open set, or static siblings?

Measured here; judged in ``rules.py``.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from otel_middleware.routing.segments import HOLE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from otel_middleware.routing.node import Node

__all__ = ["ROUTE_LIKE", "Evidence", "Shapes", "common_shapes", "overlap", "shapes_below", "share_of_routes", "weigh"]

Shape = tuple[str, ...]
Shapes = dict[Shape, int]
"""Routes below a node, values as ``{}``, with their hits."""

ROUTE_LIKE = 0.9  # words at least as route-like as this may stay static among values
SHAPE_WORD = 0.7  # words at least as route-like as this tell one shape from another
SHAPE_DEPTH = 3  # levels below a child that are compared: enough to tell a resource by its subresources
MAX_SHAPES = 40  # per child: bounds one evaluation
MAX_VISITS = 160  # nodes below one child: the same
MIN_VISITS = 8
TOTAL_VISITS = 2500  # nodes below all: about two milliseconds
SAMPLE = 64  # children that are compared: bounds one evaluation
# Static collections share these among themselves, so having them in common tells nothing.
_ACTIONS = frozenset(
    "add all archive batch bulk change clone copy count create delete disable download edit enable export history import index "
    "list new preview remove restore save search show status update upload validate view".split(" ")
)

FEW_SIBLINGS = 6  # with fewer, a shape that two share is common already
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
    visits = _visits(len(sample))
    shared = _shared_words(sample)
    shapes = {child: shapes_below(child, visits, shared) for child in sample}
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


def shapes_below(node: Node, visits: int = MAX_VISITS, known: Collection[str] = ()) -> Shapes:
    """The shapes of the routes below *node*, as far as they tell anything: one value alone is below everything.

    Words directly below that are *known* count as words, however they look.
    """
    found: Shapes = {}
    stack: list[tuple[Node, Shape]] = [(node, ())]
    while stack and visits > 0 and len(found) < MAX_SHAPES:
        parent, prefix = stack.pop()
        among_values = HOLE in parent.slots or any(
            word.likeness < SHAPE_WORD for word in islice(parent.words.values(), 8)
        )
        for child in islice(parent.children(), min(MAX_SHAPES, visits)):
            visits -= 1
            if child.text in known and not prefix:
                part = child.text
            else:
                part = HOLE if among_values and child.is_leaf and child.label is None else _shape_of(child)
            shape = (*prefix, part)
            deepest = len(shape) == SHAPE_DEPTH
            if (child.ends or deepest) and _tells(shape):
                found[shape] = found.get(shape, 0) + (child.hits if deepest else child.ends)
            if not deepest:
                stack.append((child, shape))
    return found


def _shared_words(siblings: list[Node]) -> frozenset[str]:
    """Words directly below most of *siblings*: so they are no values, in whatever language they are."""
    counts: dict[str, int] = {}
    for sibling in siblings:
        for text in islice(sibling.words, MAX_SHAPES):
            counts[text] = counts.get(text, 0) + 1
    needed = max(FEW_SIBLINGS / 2, len(siblings) / 2)
    return frozenset(text for text, count in counts.items() if count >= needed)


def common_shapes(families: list[Shapes]) -> frozenset[Shape]:
    """The shapes that occur in several of *families*."""
    needed = 2 if len(families) < FEW_SIBLINGS else 3
    counts: dict[Shape, int] = {}
    for shapes in families:
        for shape in shapes:
            counts[shape] = counts.get(shape, 0) + 1
    return frozenset(shape for shape, count in counts.items() if count >= needed)


def share_of_routes(child: Node, values: Node, siblings: int) -> float:
    """Share of the shapes below *child*, one of so many, that are routes below *values* too; 0 when there are none."""
    shapes = shapes_below(child, _visits(siblings))
    return sum(_takes(values, shape) for shape in shapes) / len(shapes) if shapes else 0.0


def _visits(siblings: int) -> int:
    return max(MIN_VISITS, min(MAX_VISITS, TOTAL_VISITS // max(1, siblings)))


def _takes(node: Node, shape: Shape) -> bool:
    """Whether *shape* is a route below *node*, its words read as *node* reads them; one that is all values tells nothing."""
    told = False
    for part in shape:
        if node.tail is not None:
            return True
        below = node.words.get(part) or node.slots.get(part)
        told = told or (below is not None and part != HOLE)
        if below is None and node.group is not None:
            below = node.slots.get(HOLE)
        if below is None:
            return False
        node = below
    return told


def overlap(shapes: Iterable[Shape], others: Shapes | frozenset[Shape]) -> float:
    """Share of *shapes* that are among *others*, 0 to 1; 0 when there are none."""
    mine = list(shapes)
    return sum(shape in others for shape in mine) / len(mine) if mine else 0.0


def _shape_of(node: Node) -> str:
    if node.label is not None:
        return HOLE if node.text.startswith("{}.") else node.text  # (representations are like their resource)
    return node.text if node.likeness >= SHAPE_WORD else HOLE


def _tells(shape: Shape) -> bool:
    """Whether it is not what is below any collection: a value, or what can be done with every value."""
    return len(shape) == SHAPE_DEPTH or any(part != HOLE and part not in _ACTIONS for part in shape)


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
