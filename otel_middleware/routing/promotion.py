"""Turning words into values, and back: the changes that evidence makes to the tree.

Every change raises the tree's naming generation. All work is bounded: by the words below one node (``MAX_WORDS``), by
samples (``evidence.py``), and by the size of the tree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_middleware.routing.evidence import ROUTE_LIKE, share_of_routes, weigh
from otel_middleware.routing.filetrees import is_file_tree
from otel_middleware.routing.rules import RESERVED, reason_to_open, stays_word
from otel_middleware.routing.segments import HOLE, LOCALE_PLACE, Segment
from otel_middleware.routing.tree import FILE_PLACE, REPRESENTATIONS, TAIL_PLACE, Group, Node, Tree

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["admits_as_word", "evaluate", "gather_files"]

MIN_FILE_KINDS = 3  # names with so many different extensions below one node are files, whatever their extension
MIN_LOCALES = 5  # language tags that are no coincidence
MIN_LOCALES_ALIKE = 3  # the same, when they have the same routes below
MAX_FOLDED = 64  # words per group that are remembered as values
MAX_GROUP_LIKENESS = 0.35  # where values look like words of routes, a word of a route does not stand out
POOR = 0.3
MAX_ARRIVALS = 32  # words per group that are counted: a sketch of the most frequent ones (Misra and Gries)


def evaluate(tree: Tree, node: Node) -> None:
    """Look at the words below *node*, and below all that changes through it."""
    queue = [node]
    while queue:
        queue.extend(_evaluate(tree, queue.pop()))


def _evaluate(tree: Tree, node: Node) -> list[Node]:
    words = len(node.words)
    node.evaluation = words + 2 if words < 9 else words * 4 // 3  # noqa: PLR2004  3, 5, 7, 9, then by a third
    while node.review <= node.hits:
        node.review *= 2
    if node is not tree.root and is_file_tree(node, known=tree.tails.get(node.text, 0) >= 2):
        _cut(tree, node)
        return []
    gather_files(tree, node)
    touched = [] if node.locales else _open_locales(tree, node)
    if node.group is not None:
        return touched + _fold_back(tree, node)
    evidence = weigh(node)
    why = reason_to_open(tree, node, evidence) if node.words else None
    if why is None:
        return touched
    leaving = [child for child in node.words.values() if not stays_word(child, node, evidence)]
    node.group = Group(why, evidence.weak_likeness)
    if node.label is None:
        tree.roles[node.text] = tree.roles.get(node.text, 0) + 1
    return touched + _fold(tree, node, leaving)


def _open_locales(tree: Tree, node: Node) -> list[Node]:
    locales = [child for child in node.words.values() if child.place is LOCALE_PLACE]
    if len(locales) < MIN_LOCALES_ALIKE:
        return []
    if len(locales) < MIN_LOCALES and weigh(node).reuse < 0.5:  # noqa: PLR2004  half of what is below them
        return []
    node.locales = True
    return _fold(tree, node, locales)


def _fold(tree: Tree, node: Node, leaving: Iterable[Node]) -> list[Node]:
    """Make the words *leaving* values of *node*; returns the nodes whose children changed."""
    touched: list[Node] = []
    for child in leaving:
        del node.words[child.text]
        slot = _slot_for(tree, node, child)
        tree.widen(slot, "slug")
        _merge(tree, slot, child, touched)
    tree.generation += 1
    gather_files(tree, node)
    return touched


def _slot_for(tree: Tree, node: Node, child: Node) -> Node:
    place = node.slot_for(Segment(None, child.place, child.likeness)) or HOLE
    if not child.is_leaf and place != LOCALE_PLACE:
        place = HOLE  # a value with subresources: the dot is part of its name
    return node.slots.get(place) or tree.add_slot(node, place, "slug")


def _merge(tree: Tree, target: Node, source: Node, touched: list[Node]) -> None:
    """Move all that *source* has to *target*."""
    value = source.text if source.label is None else source.value
    target.value = value if not target.hits or target.value == value else None
    target.hits += source.hits
    target.ends += source.ends
    target.since = min(target.since, source.since)
    target.group = target.group or source.group
    target.locales |= source.locales
    target.files |= source.files
    for child in list(source.children()):
        twin = (target.words if child.label is None else target.slots).get(child.text)
        if twin is None:
            target.attach(child)
        else:
            if child.label is not None:
                tree.widen(twin, child.label)
            _merge(tree, twin, child, touched)
    source.clear()
    tree.nodes -= 1
    touched.append(target)


def _fold_back(tree: Tree, node: Node) -> list[Node]:
    """Review the words that stand beside the values of *node*."""
    leaving = [child for child in node.words.values() if _is_value(child, node)]
    if not leaving:
        return []
    if node.group is not None and len(node.group.folded) < MAX_FOLDED:
        node.group.folded.update(child.text for child in leaving)
    return _fold(tree, node, leaving)


def _is_value(child: Node, node: Node) -> bool:
    if child.likeness < ROUTE_LIKE:
        return True
    values = node.slots.get(HOLE)
    if values is not None and share_of_routes(child, values) >= 2 / 3:
        return True
    return child.is_leaf and child.text not in RESERVED and child.hits < 0.008 * node.hits


def gather_files(tree: Tree, node: Node) -> None:
    """Make one set of files of the values below *node* when their extensions are many."""
    kinds = [slot for slot in node.slots.values() if slot.text.startswith("{}.") and slot.is_leaf]
    named = [] if node is tree.root else _named_files(node)  # /robots.txt is no value
    extensions = {word.place for word in named if word.place not in REPRESENTATIONS}
    if not (node.files or len(kinds) >= MIN_FILE_KINDS or (len(named) > MIN_FILE_KINDS and len(extensions) >= MIN_FILE_KINDS)):
        return
    node.files = True
    for kind in kinds:
        del node.slots[kind.text]
    for word in named:
        del node.words[word.text]
    kinds += named
    if kinds:
        slot = node.slots.get(FILE_PLACE) or tree.add_slot(node, FILE_PLACE, "file")
        for kind in kinds:
            _merge(tree, slot, kind, [])
        tree.generation += 1


def _named_files(node: Node) -> list[Node]:
    return [word for word in node.words.values() if word.place.startswith("{}.") and word.is_leaf]


def _cut(tree: Tree, node: Node) -> None:
    """Put one slot for the rest of the path in place of all that is below *node*."""
    hits, since = node.hits - node.ends, node.since
    if node.label is None:
        tree.tails[node.text] = tree.tails.get(node.text, 0) + 1
    tree.nodes -= node.size()
    node.clear()
    tail = tree.add_slot(node, TAIL_PLACE, "path")
    tail.hits = tail.ends = hits
    tail.since = since
    tree.generation += 1


def admits_as_word(tree: Tree, node: Node, text: str, place: str, likeness: float, weight: int, *, ends: bool) -> bool:
    """Count a word that arrived among the values of *node* at *place*; whether it comes so often that it is a route's own."""
    group, values = node.group, node.slots.get(place)
    if group is None or values is None or group.likeness > MAX_GROUP_LIKENESS or text in group.folded:
        return False
    seen = _count(group.arrivals, text, weight, ends=ends)
    if seen is None or not _stands_out(text, likeness, seen, values):
        return False
    if text not in RESERVED and any(count[0] * 2 > seen[0] for word, count in group.arrivals.items() if word != text):
        return False  # there are values as popular
    del group.arrivals[text]
    tree.generation += 1
    return True


def _stands_out(text: str, likeness: float, seen: list[int], values: Node) -> bool:
    hits, ended = seen
    share_ended = ended / hits
    group_ended = values.ends / values.hits
    if likeness >= ROUTE_LIKE and (share_ended > 0.5 or group_ended > 0.5):
        return hits >= (2 if text in RESERVED and ended == hits else max(6, 0.01 * values.hits))
    if likeness >= POOR and abs(share_ended - group_ended) > 0.8:
        return hits >= max(20, 0.05 * values.hits)
    return False


def _count(arrivals: dict[str, list[int]], text: str, weight: int, *, ends: bool) -> list[int] | None:
    seen = arrivals.get(text)
    if seen is None:
        if len(arrivals) >= MAX_ARRIVALS:
            for word in list(arrivals):
                arrivals[word][0] -= 1
                if arrivals[word][0] <= 0:
                    del arrivals[word]
            return None
        seen = arrivals[text] = [0, 0]
    seen[0] += weight
    seen[1] += weight * ends
    return seen
