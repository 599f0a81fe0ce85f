"""The paths that were served, as a tree of segments with counts; bounded, see ``MAX_NODES``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_middleware.routing.labels import widened
from otel_middleware.routing.node import LABEL_OF_PLACE, Node

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from otel_middleware.routing.segments import Segment

__all__ = ["MAX_NODES", "Tree"]

MAX_NODES = 16_000  # about 450 bytes each; with the memo of segments below 10 MB
MAX_NOTED = 512  # literals whose children are remembered
MAX_MEMBERS = 64  # words below one of them that are remembered as values


class Tree:
    """The root and what is counted over the whole.

    Attributes:
        root: Stands for ``/``.
        nodes: How many there are.
        generation: Grows whenever a name that was printed may have changed.
        requests: Learned so far.
    """

    def __init__(self) -> None:
        self.root = Node("", None, "", 1.0, 0)
        self.nodes = 1
        self.generation = 0
        self.requests = 0
        self._roles: dict[str, int] = {}
        self._members: dict[str, set[str]] = {}
        self._tails: dict[str, int] = {}

    @property
    def is_full(self) -> bool:
        """Whether it takes no more nodes."""
        return self.nodes >= MAX_NODES

    def add_word(self, parent: Node, text: str, segment: Segment) -> Node:
        """A new word below *parent*."""
        return self._add(parent, Node(text, None, segment.place, segment.likeness, self.requests))

    def add_slot(self, parent: Node, place: str, label: str) -> Node:
        """A new slot below *parent*."""
        return self._add(parent, Node(place, LABEL_OF_PLACE.get(place, label), place, 0.0, self.requests))

    def _add(self, parent: Node, child: Node) -> Node:
        self.nodes += 1
        parent.attach(child)
        return child

    def has_role(self, node: Node) -> bool:
        """Whether words below a literal of that name were values elsewhere, more than once."""
        return node.label is None and self._roles.get(node.text, 0) > 1

    def note_role(self, node: Node, members: Sequence[Node]) -> None:
        """The words below *node* are values, such as *members*."""
        _note(self._roles, node)
        if node.text in self._roles and node.label is None:
            known = self._members.setdefault(node.text, set())
            known.update(member.text for member in members[: MAX_MEMBERS - len(known)])

    def members(self, node: Node) -> Collection[str]:
        """Words that were values below literals of that name elsewhere."""
        return self._members.get(node.text, ()) if node.label is None else ()

    def has_tail(self, node: Node) -> bool:
        """Whether there were file trees below a literal of that name elsewhere, more than once."""
        return node.label is None and self._tails.get(node.text, 0) > 1

    def note_tail(self, node: Node) -> None:
        """There is a file tree below *node*."""
        _note(self._tails, node)

    def widen(self, slot: Node, label: str) -> None:
        """Let *slot* hold values of type *label* too."""
        wider = slot.label if slot.text in LABEL_OF_PLACE else widened(slot.label, label)
        if wider != slot.label:
            slot.label = wider
            self.generation += 1


def _note(counts: dict[str, int], node: Node) -> None:
    if node.label is None and (node.text in counts or len(counts) < MAX_NOTED):
        counts[node.text] = counts.get(node.text, 0) + 1
