"""When are the words below a node the values of an open set? The rules, in the order they are asked.

A wrong yes hides a route, a wrong no only costs a name: so each rule asks for signs that are independent of each other,
or for many of one. The signs are how route-like the words are (``lexicon``), how alike what is below them is
(``evidence``), and how fast new ones arrive. The thresholds were found on corpora of public APIs and of our own;
``benchmarks/inference.py`` shows what they do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from otel_middleware.routing.evidence import ROUTE_LIKE, Evidence
from otel_middleware.routing.reserved import RESERVED
from otel_middleware.routing.segments import HOLE
from otel_middleware.routing.shapes import overlap, shapes_below, share_of_routes

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_middleware.routing.node import Node
    from otel_middleware.routing.tree import Tree

    _Rule = tuple[str, Callable[[Tree, Node, Evidence], bool]]

__all__ = ["MAX_WORDS", "reason_to_open", "stays_word"]

MAX_WORDS = 512  # no API has more static siblings: what they look like does not matter any more

# What a value of these types is cannot be told from its form, so words beside it may be values of the same set.
# An integer, a UUID or a date is of another kind than any word.
_UNTYPED = frozenset({"token", "hex", "slug", "id"})
_NEIGHBOURS = 8  # values that were seen beside the words
_NEIGHBOUR_ROUTES = 2 / 3  # of the routes below a word exist below the values: it has the same role
_NEIGHBOUR_SHARE = 0.7  # of the weak words have the same role
_NEIGHBOUR_CROWD, _NEIGHBOUR_CROWD_SHARE = 12, 0.9  # so many words of any sort, of which nearly all have it

_KIN = 0.5  # of the words are known for values: this is the same set

_UNCOMMON = 0.4  # mean likeness of words of which at most one in ten is a route's word
_UNKNOWN = 0.36  # mean likeness of single words that no lexicon knows (0.35 each)

_FEW = 3  # siblings: two are no crowd
_ODD_SHAPES = 0.34  # of a word's routes are common, or fewer: it is no value of the set
_STANDS_OUT = 3  # times the hits of a mean value: a static route is asked more often than one value
_BUSY = 0.02  # of a node's hits: the same, where the values look like words of routes


class _Alike(NamedTuple):
    """What makes siblings with routes below them values: the last is an upper bound, the others are lower bounds."""

    parents: int
    common: int
    reuse: float
    hits_each: int
    likeness: float
    items: bool = False


_ALIKE = (
    # Strange words: a few common routes are enough.
    _Alike(parents=4, common=2, reuse=0.85, hits_each=4, likeness=0.45),
    _Alike(parents=7, common=0, reuse=0.85, hits_each=0, likeness=0.45),
    _Alike(parents=3, common=4, reuse=0.95, hits_each=20, likeness=0.6),
    _Alike(parents=4, common=2, reuse=0.95, hits_each=6, likeness=0.55),
    # Half of them are words of routes: more of everything.
    _Alike(parents=8, common=1, reuse=0.95, hits_each=20, likeness=0.75),
    _Alike(parents=10, common=2, reuse=0.9, hits_each=0, likeness=0.8),
    _Alike(parents=5, common=8, reuse=0.85, hits_each=20, likeness=0.75),
    # All may be: static siblings seldom share so many routes, and hardly anything but them.
    _Alike(parents=4, common=8, reuse=0.95, hits_each=40, likeness=1.0),
    _Alike(parents=5, common=4, reuse=0.95, hits_each=20, likeness=1.0),
    _Alike(parents=6, common=3, reuse=0.9, hits_each=4, likeness=1.0),
    _Alike(parents=8, common=2, reuse=0.9, hits_each=3, likeness=1.0),
    _Alike(parents=12, common=1, reuse=0.9, hits_each=2, likeness=1.0),
    _Alike(parents=24, common=4, reuse=0.75, hits_each=0, likeness=1.0),
    _Alike(parents=40, common=8, reuse=0.6, hits_each=0, likeness=1.0),
    # Things, not collections: static siblings that are collections share what is below their values.
    _Alike(parents=5, common=1, reuse=0.95, hits_each=20, likeness=0.9, items=True),
    _Alike(parents=8, common=1, reuse=0.95, hits_each=20, likeness=1.0, items=True),
    _Alike(parents=8, common=4, reuse=0.8, hits_each=6, likeness=1.0, items=True),
)


class _Arriving(NamedTuple):
    """What makes a crowd an open set: so many words, at most so route-like, of which so many hits were the first."""

    words: int
    likeness: float
    fresh: float


_ARRIVING_WEAK = (_Arriving(14, 0.32, 0.02), _Arriving(24, _UNCOMMON, 0.05))
_ARRIVING = (
    _Arriving(16, 0.6, 0.75),
    _Arriving(20, 0.9, 0.85),
    _Arriving(28, 0.8, 0.7),
    _Arriving(64, 0.6, 0.08),
    _Arriving(64, 0.97, 0.5),
    _Arriving(96, 0.8, 0.15),
    _Arriving(128, 1.0, 0.2),
)

_STRANGE = ((5, 0.15), (8, 0.28))  # so many weak words, at most so route-like: nobody chose them for a route
_ESTABLISHED, _NEWCOMERS = 60, 1  # hits of a mean weak word: when so few are new any more, they are a closed set
_PLAIN_CROWD = 14  # unknown words that end a path; a static menu of unknown words is shorter
_ENDING = 0.9  # share of a plain crowd's words that end the path


def reason_to_open(tree: Tree, node: Node, evidence: Evidence) -> str | None:
    """The first rule that finds the words below *node* to be values, ``None`` when none does."""
    return next((name for name, holds in _RULES if holds(tree, node, evidence)), None)


def stays_word(child: Node, node: Node, evidence: Evidence) -> bool:
    """Whether *child* is a static sibling of the values that the other words of *node* are."""
    if child.likeness < ROUTE_LIKE or child.is_marked:
        return child.is_marked
    shapes = evidence.shapes.get(child) or shapes_below(child)
    if shapes and evidence.parents >= _FEW:
        return overlap(shapes, evidence.common_shapes) < _ODD_SHAPES
    if child.text in RESERVED:
        return True
    if evidence.weak_likeness <= _UNKNOWN:
        return child.hits >= max(2, _STANDS_OUT * evidence.weak_hits / max(1, evidence.weak))
    return child.hits >= max(_BUSY * node.hits, _STANDS_OUT * _rival(child, evidence))


def _rival(child: Node, evidence: Evidence) -> int:
    """Hits of the most popular other word that ends like *child*; 0 where to end is odd in itself."""
    if evidence.leaves < _ODD_SHAPES * evidence.words:
        return 0
    first, second = evidence.busiest_leaves
    return second if child.hits == first else first


def _role(tree: Tree, node: Node, e: Evidence) -> bool:
    """Words below a literal of that name were values elsewhere."""
    return e.weak >= _FEW and e.weak_likeness <= _UNCOMMON and tree.has_role(node)


def _kin(tree: Tree, node: Node, _: Evidence) -> bool:
    """The very words that were values below a literal of that name."""
    known = sum(word in tree.members(node) for word in node.words)
    return known >= _FEW and known >= _KIN * len(node.words)


def _neighbour(_: Tree, node: Node, e: Evidence) -> bool:
    """There are random values here already, and the words have the same role: the weak ones, or a crowd of any."""
    values = node.slots.get(HOLE)
    if values is None or values.label not in _UNTYPED or values.hits < _NEIGHBOURS or values.value is not None:
        return False
    if e.weak >= _FEW - 1 and e.weak_likeness <= _UNKNOWN:
        weak = [child for child in node.words.values() if child.likeness < ROUTE_LIKE]
        if _share_alike(weak, values) >= _NEIGHBOUR_SHARE:
            return True
    return e.words >= _NEIGHBOUR_CROWD and _share_alike(list(node.words.values()), values) >= _NEIGHBOUR_CROWD_SHARE


def _share_alike(words: list[Node], values: Node) -> float:
    """Share of *words* that lead to the same routes as *values*, or to none as these do."""
    alike = sum(
        (word.is_leaf and values.is_leaf) or share_of_routes(word, values, len(words)) >= _NEIGHBOUR_ROUTES
        for word in words
    )
    return alike / len(words)


def _structure(_: Tree, __: Node, e: Evidence) -> bool:
    """The words have the same routes below: the more alike they are, the more route-like they may look."""
    return any(
        e.parents >= least.parents
        and e.common >= least.common
        and e.reuse >= least.reuse
        and e.hits >= least.hits_each * e.parents
        and e.likeness <= least.likeness
        and e.items >= least.items
        for least in _ALIKE
    )


def _lexical(_: Tree, __: Node, e: Evidence) -> bool:
    """Several words that no programmer would choose, and not always the same few."""
    if e.weak_hits >= _ESTABLISHED * e.weak and e.weak_fresh * e.weak_hits <= _NEWCOMERS:
        return False
    return any(e.weak >= weak and e.weak_likeness <= likeness for weak, likeness in _STRANGE)


def _arrival(_: Tree, __: Node, e: Evidence) -> bool:
    """Many words, and new ones keep coming: static siblings are soon all seen."""
    return any(
        e.weak >= least.words and e.weak_likeness <= least.likeness and e.weak_fresh >= least.fresh
        for least in _ARRIVING_WEAK
    ) or any(e.words >= least.words and e.likeness <= least.likeness and e.fresh >= least.fresh for least in _ARRIVING)


def _crowd(_: Tree, __: Node, e: Evidence) -> bool:
    """Many unknown words with nothing below, or more words than any API has."""
    unknown = e.weak >= _PLAIN_CROWD and e.weak_likeness <= _UNKNOWN and e.leaves >= _ENDING * e.words
    return unknown or e.words >= MAX_WORDS


_RULES: tuple[_Rule, ...] = (
    ("kin", _kin),
    ("role", _role),
    ("neighbour", _neighbour),
    ("structure", _structure),
    ("lexical", _lexical),
    ("arrival", _arrival),
    ("crowd", _crowd),
)
