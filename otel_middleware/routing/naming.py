"""How places of the tree are printed: what a template is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_middleware.routing.evidence import ROUTE_LIKE
from otel_middleware.routing.labels import widened
from otel_middleware.routing.node import REPRESENTATIONS, TAIL_PLACE
from otel_middleware.routing.segments import HOLE, LOCALE_PLACE, MARKED_PLACE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otel_middleware.routing.node import Node
    from otel_middleware.routing.segments import Segment
    from otel_middleware.routing.tree import Tree

__all__ = ["hits_to_wait", "is_version", "template_of", "why"]

# A word among several that do not look like a route's is printed as a value until it has been seen so often.
POOR = 0.3  # likeness of a word that is hardly a route's: few siblings of that sort are enough
POOR_SIBLINGS, POOR_HITS = 1, 20
WEAK_SIBLINGS, WEAK_HITS = 2, 6
CROWD = 6  # words: fewer are new at the start of any application
WEAK_IN_CROWD, NEW_IN_CROWD = 0.15, 1.5  # share of words that do not look like a route, hits of a word
WEAK_MAJORITY = 2 / 3  # of the siblings: then a word that looks like a route's waits too

# Static numbers and dates occur at the start of a path (/2010-04-01/Accounts) and after these words (/api/2/users);
# a number with a decimal point hardly identifies anything (/agile/1.0/board).
_VERSIONED = frozenset({"api", "rest", "version", "versions"})
LONGEST_VERSION = 10  # characters: 2010-04-01
_VERSION_LABELS = frozenset({"int", "float", "date", "version"})


def template_of(trail: Sequence[Node], tree: Tree) -> str:
    """The template of the place that *trail* leads to, from below the root."""
    parents = (tree.root, *trail)
    return "/" + "/".join(_part(node, parent, tree) for node, parent in zip(trail, parents, strict=False))


def why(trail: Sequence[Node], tree: Tree) -> str:
    """What the placeholders of a template rest on: the type of their values, or the rule that made words to values."""
    parents = (tree.root, *trail)
    reasons = [_reason(node, parent) for node, parent in zip(trail, parents, strict=False) if node.label is not None]
    return "+".join(reasons) or "static"


def is_version(slot: Node, parent: Node, tree: Tree) -> bool:
    """Whether the one value that *slot* has had so far is printed as it is."""
    if (
        slot.value is None
        or len(slot.value) > LONGEST_VERSION
        or slot.label not in _VERSION_LABELS
        or slot.text != HOLE
    ):
        return False
    return slot.label == "float" or parent is tree.root or parent.text in _VERSIONED


def hits_to_wait(segment: Segment, parent: Node, tree: Tree) -> int:
    """How often a new word below *parent* is printed as a value; 0 for a word that is believed at once."""
    if parent.group is not None:
        return 0
    if segment.likeness <= POOR:
        patience, waits = POOR_HITS, _siblings_below(parent, POOR) >= POOR_SIBLINGS
    else:
        patience, waits = WEAK_HITS, False
    return patience if waits or _is_doubtful(segment, parent, tree) else 0


def _is_doubtful(segment: Segment, parent: Node, tree: Tree) -> bool:
    if parent is not tree.root and _is_file(segment.place) and _files_below(parent) >= POOR_SIBLINGS:
        return True
    weak = _siblings_below(parent, ROUTE_LIKE, inclusive=False)
    if segment.likeness >= ROUTE_LIKE:
        if _is_new_crowd(parent, weak):
            return True
        return weak > WEAK_SIBLINGS and weak > WEAK_MAJORITY * len(parent.words)
    return weak >= WEAK_SIBLINGS or tree.has_role(parent)


def _is_new_crowd(parent: Node, weak: int) -> bool:
    """Whether hardly any of many words came twice, and some do not look like a route's."""
    words = len(parent.words)
    return words >= CROWD and weak >= WEAK_IN_CROWD * words and parent.hits - parent.ends <= NEW_IN_CROWD * words


def _siblings_below(parent: Node, likeness: float, *, inclusive: bool = True) -> int:
    return sum(word.likeness < likeness or (inclusive and word.likeness == likeness) for word in parent.words.values())


def _files_below(parent: Node) -> int:
    return sum(word.place not in (HOLE, LOCALE_PLACE, MARKED_PLACE) for word in parent.words.values())


def _is_file(place: str) -> bool:
    return place.startswith("{}.") and place not in REPRESENTATIONS


def _part(node: Node, parent: Node, tree: Tree) -> str:
    if node.label is None:
        return _waiting_part(node, parent) if node.waiting else node.text
    if node.value is not None and is_version(node, parent, tree):
        return node.value
    return _filled(node.text, node.label)


def _waiting_part(node: Node, parent: Node) -> str:
    slot = parent.slots.get(node.place.partition("\0")[0])
    return _filled(node.place, widened(slot.label if slot else None, "slug"))


def _filled(place: str, label: str) -> str:
    return place.partition("\0")[0].replace(HOLE, f"{{{label}}}")


def _reason(node: Node, parent: Node) -> str:
    if parent.group is not None and node.text == HOLE:
        return parent.group.why
    return "tail" if node.text == TAIL_PLACE else str(node.label)
