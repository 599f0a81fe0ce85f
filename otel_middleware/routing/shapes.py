"""What is below a node, as shapes of routes: told by words, values as ``{}``."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from otel_middleware.routing.segments import HOLE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from otel_middleware.routing.node import Node

__all__ = ["Shape", "Shapes", "common_shapes", "overlap", "shapes_below", "share_of_routes", "shared_words", "visits"]

Shape = tuple[str, ...]
Shapes = dict[Shape, int]
"""Routes below a node, values as ``{}``, with their hits."""

SHAPE_WORD = 0.7  # words at least as route-like as this tell one shape from another
SHAPE_DEPTH = 3  # levels below a child that are compared: enough to tell a resource by its subresources
MAX_SHAPES = 40  # per child: bounds one evaluation
MAX_VISITS = 160  # nodes below one child: the same
MIN_VISITS = 8
TOTAL_VISITS = 2500  # nodes below all: about two milliseconds
# Static collections share these among themselves, so having them in common tells nothing.
_ACTIONS = frozenset(
    "add all archive batch bulk change clone copy count create delete disable download edit enable export history import index "
    "list new preview remove restore save search show status update upload validate view".split(" ")
)

MOSTLY = 0.5  # of the siblings, of the words
FEW_SIBLINGS = 6  # with fewer, a shape that two share is common already


def shapes_below(node: Node, most: int = MAX_VISITS, known: Collection[str] = ()) -> Shapes:
    """The shapes of the routes below *node*, as far as they tell anything: one value alone is below everything.

    Words directly below that are *known* count as words, however they look.
    """
    found: Shapes = {}
    stack: list[tuple[Node, Shape]] = [(node, ())]
    while stack and most > 0 and len(found) < MAX_SHAPES:
        parent, prefix = stack.pop()
        among_values = HOLE in parent.slots or any(
            word.likeness < SHAPE_WORD for word in islice(parent.words.values(), 8)
        )
        for child in islice(parent.children(), min(MAX_SHAPES, most)):
            most -= 1
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


def shared_words(siblings: list[Node]) -> frozenset[str]:
    """Words directly below most of *siblings*: so they are a route's, in whatever language they are.

    Those that end the path may be values that several collections share (``/followers/ada``), unless most words there are shared.
    """
    counts: dict[str, int] = {}
    parents: set[str] = set()
    for sibling in siblings:
        for text, child in islice(sibling.words.items(), MAX_SHAPES):
            counts[text] = counts.get(text, 0) + 1
            if not child.is_leaf:
                parents.add(text)
    needed = max(FEW_SIBLINGS / 2, MOSTLY * len(siblings))
    shared = {text for text, count in counts.items() if count >= needed}
    return frozenset(shared if len(shared) >= MOSTLY * len(counts) else shared & parents)


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
    shapes = shapes_below(child, visits(siblings))
    return sum(_takes(values, shape) for shape in shapes) / len(shapes) if shapes else 0.0


def visits(siblings: int) -> int:
    """How many nodes below each of so many siblings are looked at."""
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
