"""Turning words into values, and back: the changes that evidence makes to the tree.

Every change raises the tree's naming generation. All work is bounded: by the words below one node (``MAX_WORDS``), by
samples (``evidence.py``), and by the size of the tree.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from otel_middleware.routing.evidence import ROUTE_LIKE, weigh
from otel_middleware.routing.filetrees import is_file_tree
from otel_middleware.routing.merging import Merger
from otel_middleware.routing.node import FILE_PLACE, REPRESENTATIONS, TAIL_PLACE, Group, Node
from otel_middleware.routing.reserved import RESERVED
from otel_middleware.routing.rules import reason_to_open, stays_word
from otel_middleware.routing.segments import HOLE, LOCALE_PLACE, Segment, series_of
from otel_middleware.routing.shapes import share_of_routes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from otel_middleware.routing.tree import Tree

__all__ = ["evaluate", "gather_files"]

MIN_FILE_KINDS = 3  # names with so many different extensions below one node are files, whatever their extension
MIN_LOCALES = 5  # language tags that are no coincidence
MIN_LOCALES_ALIKE = 3  # the same, when half of what is asked below them are the same routes
LOCALES_REUSE = 0.5
MIN_SERIES = 5  # words that are one but for their numbers: more than the steps of any form
MAX_FOLDED = 64  # words per group that are remembered as values
SAME_ROUTES = 2 / 3  # of the routes below a word exist below the values: it is a value
RARE = 0.008  # of a node's hits: a static route is asked more often than that


def evaluate(tree: Tree, node: Node) -> list[Node]:
    """Look at the words below *node*, and make values of them when the evidence is there.

    Returns:
        Nodes that have got other children through it, and are to be evaluated too; none twice.
    """
    node.schedule()
    if node is not tree.root and is_file_tree(node, known=tree.has_tail(node)):
        _cut(tree, node)
        return []
    gather_files(tree, node)
    touched = _gather_locales(tree, node) + _gather_series(tree, node)
    if node.group is not None:
        touched += _fold_back(tree, node)
    elif node.words:
        touched += _open(tree, node)
    return list(dict.fromkeys(touched))


def _open(tree: Tree, node: Node) -> list[Node]:
    evidence = weigh(node)
    why = reason_to_open(tree, node, evidence)
    if why is None:
        return []
    known = tree.members(node)
    leaving = [child for child in node.words.values() if child.text in known or not stays_word(child, node, evidence)]
    node.group = Group(why, evidence.weak_likeness)
    tree.note_role(node, leaving)
    return _fold(tree, node, leaving)


def _gather_locales(tree: Tree, node: Node) -> list[Node]:
    locales = [child for child in node.words.values() if child.place is LOCALE_PLACE]
    if not node.locales:
        if len(locales) < MIN_LOCALES_ALIKE:
            return []
        if len(locales) < MIN_LOCALES and weigh(node).reuse < LOCALES_REUSE:
            return []
        node.locales = True
    return _fold(tree, node, locales) if locales else []


def _gather_series(tree: Tree, node: Node) -> list[Node]:
    """Make values of words that differ in their numbers."""
    series = {
        child: name for child in node.words.values() if (name := series_of(child.text, child.place, child.likeness))
    }
    if not node.numbered and max(Counter(series.values()).values(), default=0) < MIN_SERIES:
        return []
    node.numbered = True
    return _fold(tree, node, series) if series else []


def _fold(tree: Tree, node: Node, leaving: Iterable[Node]) -> list[Node]:
    """Make the words *leaving* values of *node*; returns the nodes whose children changed."""
    merger = Merger(tree)
    for child in leaving:
        if merger.is_exhausted:
            merger.touched[node] = None  # the rest in another request
            break
        del node.words[child.text]
        slot = _slot_for(tree, node, child)
        tree.widen(slot, "slug")
        merger.merge(slot, child)
    tree.generation += 1
    gather_files(tree, node)
    return list(merger.touched)


def _slot_for(tree: Tree, node: Node, child: Node) -> Node:
    place = node.slot_for(Segment(None, child.place, child.likeness)) or HOLE
    if not child.is_leaf and place != LOCALE_PLACE:
        place = HOLE  # a value with subresources: the dot is part of its name
    return node.slots.get(place) or tree.add_slot(node, place, "slug")


def _fold_back(tree: Tree, node: Node) -> list[Node]:
    """Review the words that stand beside the values of *node*."""
    leaving = [child for child in node.words.values() if _is_value(child, node)]
    if not leaving:
        return []
    if node.group is not None and len(node.group.folded) < MAX_FOLDED:
        node.group.folded.update(child.text for child in leaving)
    return _fold(tree, node, leaving)


def _is_value(child: Node, node: Node) -> bool:
    if child.likeness < ROUTE_LIKE or child.is_marked:
        return not child.is_marked
    values = node.slots.get(HOLE)
    if values is not None and share_of_routes(child, values, len(node.words)) >= SAME_ROUTES:
        return True
    return child.is_leaf and child.text not in RESERVED and child.hits < RARE * node.hits


def gather_files(tree: Tree, node: Node) -> None:
    """Make one set of files of the values below *node* when their extensions are many."""
    kinds = [slot for slot in node.slots.values() if slot.text.startswith("{}.") and slot.is_leaf]
    named = [] if node is tree.root else _named_files(node)  # /robots.txt is no value
    extensions = {word.place for word in named if word.place not in REPRESENTATIONS}
    if not (
        node.files
        or len(kinds) >= MIN_FILE_KINDS
        or (len(named) > MIN_FILE_KINDS and len(extensions) >= MIN_FILE_KINDS)
    ):
        return
    node.files = True
    for kind in kinds:
        del node.slots[kind.text]
    for word in named:
        del node.words[word.text]
    kinds += named
    if kinds:
        slot = node.slots.get(FILE_PLACE) or tree.add_slot(node, FILE_PLACE, "file")
        merger = Merger(tree)
        for kind in kinds:
            merger.merge(slot, kind)
        tree.generation += 1


def _named_files(node: Node) -> list[Node]:
    return [word for word in node.words.values() if word.place.startswith("{}.") and word.is_leaf]


def _cut(tree: Tree, node: Node) -> None:
    """Put one slot for the rest of the path in place of all that is below *node*."""
    hits, since = node.hits - node.ends, node.since
    tree.note_tail(node)
    tree.nodes -= node.size()
    node.clear()
    tail = tree.add_slot(node, TAIL_PLACE, "path")
    tail.hits = tail.ends = hits
    tail.since = since
    tree.generation += 1
