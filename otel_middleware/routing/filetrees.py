"""Is what is below a node a tree of files, that is, one parameter that spans slashes?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_middleware.routing.node import FILE_PLACE, Node
from otel_middleware.routing.segments import HOLE

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["is_file_tree"]

MIN_ENDPOINTS = 8
MIN_KINDS = 3  # different extensions; fewer are representations of resources
MIN_DEPTHS = 3
SHARE = 0.7  # of the endpoints have an extension, and not more than this have the same
MAX_STATIC = 0.2  # share of hits: a level that static words divide is one of routes
MAX_VISITED = 400  # nodes: bounds one look


def is_file_tree(node: Node, *, known: bool = False) -> bool:
    """Whether the paths below *node* end on many depths in names with many extensions, or are open on level after level.

    Args:
        node: Not the root.
        known: Whether there are file trees below nodes of that name elsewhere: then less evidence is enough.
    """
    if node.tail is not None or node.is_leaf:
        return False
    return _is_open_all_the_way(node) or _is_above_files(node) or _is_full_of_files(node, known=known)


def _is_open_all_the_way(node: Node) -> bool:
    levels: list[Node] = []
    place: Node | None = node
    while place is not None and place.group is not None and not _has_routes(place) and len(levels) < MIN_DEPTHS:
        place = place.slots.get(HOLE)
        if place is not None:
            levels.append(place)
    if len(levels) < MIN_DEPTHS or _has_routes(levels[-1]) or HOLE not in levels[-1].slots:
        return False
    return sum(level.ends > 0 for level in levels) >= MIN_DEPTHS - 1


def _is_above_files(node: Node) -> bool:
    """Whether there are files here, and in every folder, which was found first."""
    folders = node.slots.get(HOLE)
    if folders is None or folders.tail is None or _has_routes(node):
        return False
    return sum(slot.hits for slot in node.slots.values() if _is_file(slot)) >= MIN_ENDPOINTS


def _is_file(node: Node) -> bool:
    return node.text is FILE_PLACE or node.place.startswith("{}.")


def _has_routes(node: Node) -> bool:
    """Whether much of what is below *node* is below words of its own."""
    return sum(word.hits for word in node.words.values()) > MAX_STATIC * node.hits


def _is_full_of_files(node: Node, *, known: bool) -> bool:
    kinds: dict[str, int] = {}
    depths: set[int] = set()
    endpoints = 0
    for depth, endpoint in _endpoints(node):
        weight = min(endpoint.hits, MIN_ENDPOINTS) if endpoint.text is FILE_PLACE else 1
        endpoints += weight
        if _is_file(endpoint):
            depths.add(depth)
            kinds[endpoint.place] = kinds.get(endpoint.place, 0) + weight
    files = sum(kinds.values())
    if known:
        return files >= SHARE * endpoints and len(depths) >= MIN_DEPTHS - 1
    return (
        endpoints >= MIN_ENDPOINTS
        and files >= SHARE * endpoints
        and 1 in depths
        and len(depths) >= MIN_DEPTHS
        and (FILE_PLACE in kinds or (len(kinds) >= MIN_KINDS and max(kinds.values()) <= SHARE * files))
    )


def _endpoints(node: Node) -> Iterator[tuple[int, Node]]:
    stack = [(1, node)]
    visited = 0
    while stack and visited < MAX_VISITED:
        depth, parent = stack.pop()
        for child in parent.children():
            visited += 1
            if child.ends:
                yield depth, child
            stack.append((depth + 1, child))
