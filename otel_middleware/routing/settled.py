"""Learning beside declared routes: names that are given once and never change.

After a file was loaded, what it does not name may still be new routes (a deployment). They are learned from what a segment
shows by itself, and never from its siblings: so nothing is ever renamed, and processes agree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_middleware.routing.evidence import ROUTE_LIKE
from otel_middleware.routing.learner import Learner

if TYPE_CHECKING:
    from otel_middleware.routing.node import Node
    from otel_middleware.routing.segments import Segment

__all__ = ["SettledLearner"]

MAX_SIBLINGS = 64  # new words below one node; more are probably values, and get no name


class SettledLearner(Learner):
    """A learner that only takes typed values and words that are certainly a route's, and never changes its mind."""

    def _enter(self, node: Node, text: str, weight: int, *, ends: bool) -> Node | None:  # noqa: ARG002  the same method
        segment = self._segment(text)
        if segment.label is None:
            return self._certain_word(node, text, segment)
        slot = node.slots.get(segment.place)
        if slot is None and not self._tree.is_full:
            slot = self._tree.add_slot(node, segment.place, segment.label)
        return slot

    def _certain_word(self, node: Node, text: str, segment: Segment) -> Node | None:
        if segment.likeness < ROUTE_LIKE or len(node.words) >= MAX_SIBLINGS or self._tree.is_full:
            return None
        return self._tree.add_word(node, text, segment)

    def _evaluate(self) -> None:
        self._due.clear()
