"""When are the words below a node the values of an open set? The rules, in the order they are asked.

A wrong yes hides a route, a wrong no only costs a name: so each rule asks for two independent signs, or for many of one.
The signs are how route-like the words are (``lexicon.py``), what is below them (``evidence.py``), and how fast new ones arrive.
The numbers were found on open corpora of public APIs; ``benchmarks/inference.py`` shows what they do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_middleware.routing.evidence import ROUTE_LIKE, Evidence, overlap, shapes_below, share_of_routes
from otel_middleware.routing.segments import HOLE

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_middleware.routing.tree import Node, Tree

__all__ = ["RESERVED", "reason_to_open", "stays_word"]

MAX_WORDS = 512  # static siblings below one node; more are an open set whatever they look like

RESERVED = frozenset(
    """all batch bulk callback count create current default edit export health healthz import latest login logout lookup
    me mine new options ping register schema search self settings stats status suggest summary sync upload validate""".split()
)
"""Words that stand beside values in many APIs (``/users/me``)."""

# Types that say nothing of the value's meaning: words beside them may be values of the same set. An integer, a UUID and a date do.
_UNTYPED = frozenset({"token", "hex", "slug", "id"})

_Rule = tuple[str, "Callable[[Tree, Node, Evidence], bool]"]


def reason_to_open(tree: Tree, node: Node, evidence: Evidence) -> str | None:
    """The first rule that finds the words below *node* to be values, ``None`` when none does."""
    return next((name for name, holds in _RULES if holds(tree, node, evidence)), None)


def _role(tree: Tree, node: Node, e: Evidence) -> bool:
    """The same collection was seen to hold values twice elsewhere."""
    return e.weak >= 3 and e.weak_likeness <= 0.4 and tree.has_role(node)


def _neighbour(_: Tree, node: Node, e: Evidence) -> bool:
    """There are random values here already, and the weak words have the same routes below."""
    values = node.slots.get(HOLE)
    if e.weak < 2 or e.weak_likeness > 0.36 or values is None or values.label not in _UNTYPED:
        return False
    if values.hits < 8 or values.value is not None:
        return False
    weak = [child for child in node.words.values() if child.likeness < ROUTE_LIKE]
    alike = sum((child.is_leaf and values.is_leaf) or share_of_routes(child, values) >= 2 / 3 for child in weak)
    return alike >= 0.7 * len(weak)


def _structure(_: Tree, __: Node, e: Evidence) -> bool:
    """The words have the same routes below: the more alike they are, the more route-like they may look."""
    if e.words < 3:
        return False
    s, k, reuse, likeness = e.parents, e.common, e.reuse, e.likeness
    return (
        (s >= 4 and reuse >= 0.85 and likeness <= 0.45 and ((k >= 2 and e.hits >= 4 * s) or s >= 7))
        or (s >= 4 and k >= 2 and reuse >= 0.95 and likeness <= 0.55 and e.hits >= 6 * s)
        or (s >= 8 and k >= 1 and reuse >= 0.95 and likeness <= 0.75 and e.hits >= 20 * s)
        or (s >= 10 and k >= 2 and reuse >= 0.9 and likeness <= 0.8)
        or (s >= 5 and k >= 4 and reuse >= 0.95 and e.hits >= 20 * s)
        or (s >= 4 and k >= 8 and reuse >= 0.95 and e.hits >= 40 * s)
        or (s >= 5 and k >= 8 and reuse >= 0.85 and likeness <= 0.75 and e.hits >= 20 * s)
        or (s >= 3 and k >= 4 and reuse >= 0.95 and likeness <= 0.45 and e.hits >= 20 * s)
    )


def _lexical(_: Tree, __: Node, e: Evidence) -> bool:
    """Several words that no programmer would choose."""
    return (e.weak >= 5 and e.weak_likeness <= 0.15) or (e.weak >= 8 and e.weak_likeness <= 0.28)


def _arrival(_: Tree, __: Node, e: Evidence) -> bool:
    """Many words, and new ones keep coming: static siblings are soon all seen."""
    return (
        (e.weak >= 14 and e.weak_likeness <= 0.32 and e.weak_fresh >= 0.02)
        or (e.weak >= 14 and e.weak_likeness <= 0.36 and e.leaves >= 0.9 * e.words)
        or (e.weak >= 24 and e.weak_likeness <= 0.4 and e.weak_fresh >= 0.05)
        or (e.words >= 64 and e.likeness <= 0.6 and e.fresh >= 0.08)
        or (e.words >= 96 and e.likeness <= 0.8 and e.fresh >= 0.15)
        or (e.words >= 160 and e.fresh >= 0.25)
    )


def _crowd(_: Tree, __: Node, e: Evidence) -> bool:
    """More words than any API has."""
    return e.words >= MAX_WORDS


_RULES: tuple[_Rule, ...] = (
    ("role", _role),
    ("neighbour", _neighbour),
    ("structure", _structure),
    ("lexical", _lexical),
    ("arrival", _arrival),
    ("crowd", _crowd),
)


def stays_word(child: Node, node: Node, evidence: Evidence) -> bool:
    """Whether *child* is a static sibling of the values that the other words of *node* are."""
    if child.likeness < ROUTE_LIKE:
        return False
    shapes = shapes_below(child)
    if shapes and evidence.parents >= 3:
        return overlap(shapes, evidence.common_shapes) < 0.34
    if child.text in RESERVED:
        return True
    if evidence.weak_likeness <= 0.35:
        weak_hits = [other.hits for other in node.words.values() if other.likeness < ROUTE_LIKE]
        return child.hits >= max(2, 3 * sum(weak_hits) / max(1, len(weak_hits)))
    return child.hits >= 0.02 * node.hits
