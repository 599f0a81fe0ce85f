"""Moving all that one node has to another: what happens to words that turn out to be values of one slot."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from otel_middleware.routing.node import Node
    from otel_middleware.routing.tree import Tree

__all__ = ["Merger"]

ENOUGH = 300  # nodes in one go: then the next word may wait
MAX_MERGED = 1200  # nodes in one go, below one word that has very many: a few milliseconds


class Merger:
    """Merges nodes of one tree, within a bound.

    Past the bound what is below a node is forgotten instead, and learned again from the requests that come.

    Attributes:
        touched: Nodes that have got words through it, in order.
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._left = MAX_MERGED
        self.touched: dict[Node, None] = {}

    @property
    def is_exhausted(self) -> bool:
        """Whether enough was done for one request."""
        return self._left <= MAX_MERGED - ENOUGH

    def merge(self, target: Node, source: Node) -> None:
        """Move the hits and the children of *source* to *target*; *source* is left empty, and no longer in the tree."""
        value = source.text if source.label is None else source.value
        target.value = value if not target.hits or target.value == value else None
        target.hits += source.hits
        target.ends += source.ends
        target.since = min(target.since, source.since)
        target.group = target.group or source.group
        target.locales |= source.locales
        target.files |= source.files
        target.numbered |= source.numbered
        self._left -= 1
        if target.tail is not None and source.tail is None:
            self._swallow(target.tail, source)
        elif self._left > 0:
            self._adopt(target, source)
        else:
            self._tree.nodes -= source.size()
        source.clear()
        self._tree.nodes -= 1
        if target.words:
            self.touched[target] = None

    def _swallow(self, tail: Node, source: Node) -> None:
        """All that is below *source* ends in the slot for the rest of the path."""
        tail.hits += source.hits - source.ends
        tail.ends += source.hits - source.ends
        self._tree.nodes -= source.size()

    def _adopt(self, target: Node, source: Node) -> None:
        for child in list(source.children()):
            twin = (target.words if child.label is None else target.slots).get(child.text)
            if twin is None:
                target.attach(child)
                continue
            if child.label is not None:
                self._tree.widen(twin, child.label)
            self.merge(twin, child)
