"""From finished requests to templates: one walk through the tree per request.

Not thread-safe by itself: ``InferredRoutes`` holds the lock. The same order of requests gives the same names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_middleware.routing.arrivals import MIN_LIKENESS, Arrival, stands_out
from otel_middleware.routing.exported import LearnedRoute
from otel_middleware.routing.naming import hits_to_wait, is_version, template_of, why
from otel_middleware.routing.node import FIRST_REVIEW, TAIL_PLACE, Node
from otel_middleware.routing.promotion import evaluate, gather_files
from otel_middleware.routing.segments import HOLE, MAX_LENGTH, Segment, classify
from otel_middleware.routing.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from otel_middleware.routing.lexicon import Lexicon

__all__ = ["MAX_DEPTH", "Learner"]

MAX_DEPTH = 14  # segments; deeper paths are not learned
MAX_MEMO = 4096  # classified segments that are remembered
# So many templates are given at once; past them a place proves itself first, lest values that are not yet recognised use
# up the rest.
FREELY_GIVEN, PROVEN_HITS = 1500, 5
MAX_WORK = 120  # words that are looked at in one request: about a millisecond


class Learner:
    """Learns templates and gives them.

    Args:
        words: What routes are made of.
        max_templates: Distinct templates that are ever given.
    """

    def __init__(self, words: Lexicon, max_templates: int) -> None:
        self._words = words
        self._max_templates = max_templates
        self._tree = Tree()
        self._memo: dict[str, Segment] = {}
        self._due: dict[Node, None] = {}  # to be evaluated, in order
        self._given: set[str] = set()

    @property
    def generation(self) -> int:
        """Grows whenever a template that was given may have changed."""
        return self._tree.generation

    def template_of(self, texts: Sequence[str]) -> str | None:
        """The template that was learned for a path, by its segments."""
        node = self._tree.root
        for text in texts:
            child = node.words.get(text) or self._slot(node, text)
            if child is None:
                return None
            node = child
            if node.text is TAIL_PLACE:
                break
        return self._name(node, texts) if node.ends else None

    def learn(self, texts: Sequence[str], weight: int = 1) -> str | None:
        """Count a path that was served *weight* times, and give its template."""
        self._tree.requests += weight
        node = self._walk(texts, weight)
        if self._due:
            self._evaluate()
            return self.template_of(texts)
        return None if node is None else self._name(node, texts)

    def routes(self) -> Iterator[LearnedRoute]:
        """Every endpoint."""
        stack: list[tuple[Node, tuple[Node, ...]]] = [(self._tree.root, ())]
        while stack:
            node, trail = stack.pop()
            if node.ends:
                yield LearnedRoute(template_of(trail, self._tree), node.ends, node.since, why(trail, self._tree))
            stack.extend((child, (*trail, child)) for child in node.children())

    def _walk(self, texts: Sequence[str], weight: int) -> Node | None:
        """Count along the path; the node where it ends, ``None`` when the tree has no place for it."""
        node = self._tree.root
        node.hits += weight
        if node.hits >= node.review:
            self._due[node] = None
        last = len(texts) - 1
        for index, text in enumerate(texts):
            child = node.words.get(text) or self._enter(node, text, weight, ends=index == last)
            if child is None:
                return None
            child.hits += weight
            if child.hits >= child.review:
                self._due[child] = None
            node = child
            if node.text is TAIL_PLACE:
                break
        node.ends += weight
        return node

    def _segment(self, text: str) -> Segment:
        memo = self._memo
        found = memo.get(text)
        if found is None:
            found = classify(text, self._words)
            if len(memo) >= MAX_MEMO:
                memo.clear()
            if len(text) <= MAX_LENGTH:
                memo[text] = found
        return found

    def _slot(self, node: Node, text: str) -> Node | None:
        """The slot of *node* that *text* goes to, as far as there is one."""
        place = node.slot_for(self._segment(text))
        return (node.slots.get(place) if place else None) or node.slots.get(TAIL_PLACE)

    def _enter(self, node: Node, text: str, weight: int, *, ends: bool) -> Node | None:
        """The child for a text that is no known word of *node*, made when there is none."""
        segment = self._segment(text)
        slot = node.slots.get(HOLE)
        if slot is not None and slot.label == segment.label and slot.value is None and segment.place is HOLE:
            return slot  # by far the most frequent case
        if TAIL_PLACE in node.slots:
            return node.slots[TAIL_PLACE]
        place = node.slot_for(segment)
        if place is None:
            return self._new_word(node, text, segment)
        values = node.slots.get(place)
        if segment.likeness >= MIN_LIKENESS and values is not None and node.group is not None:
            arrival = Arrival(text, segment.likeness, weight, ends)
            if stands_out(arrival, node.group, values):
                self._tree.generation += 1
                return self._new_word(node, text, segment._replace(likeness=1.0))
        return self._slotted(node, place, text, segment)

    def _slotted(self, node: Node, place: str, text: str, segment: Segment) -> Node | None:
        label = segment.label or "slug"
        slot = node.slots.get(place)
        if slot is None:
            return self._new_slot(node, place, text, segment)
        if slot.label != label:
            self._tree.widen(slot, label)
        if slot.value is not None and slot.value != text:
            if is_version(slot, node, self._tree):
                self._tree.generation += 1
            slot.value = None
        return slot

    def _new_slot(self, node: Node, place: str, text: str, segment: Segment) -> Node | None:
        if self._tree.is_full:
            return None
        slot = self._tree.add_slot(node, place, segment.label or "slug")
        slot.value = text
        gather_files(self._tree, node)
        return node.slots.get(node.slot_for(segment) or place)

    def _new_word(self, node: Node, text: str, segment: Segment) -> Node | None:
        if self._tree.is_full:
            return None
        wait = hits_to_wait(segment, node, self._tree)
        word = self._tree.add_word(node, text, segment)
        word.waiting = wait > 0
        word.review = wait or FIRST_REVIEW
        if len(node.words) >= node.evaluation:
            self._due[node] = None
        return word

    def _evaluate(self) -> None:
        """Evaluate what is due, as far as one request may pay for it; the next goes on."""
        work = 0
        while self._due and work < MAX_WORK:
            node = next(iter(self._due))
            del self._due[node]
            if node.waiting:
                node.waiting = False
                self._tree.generation += 1
            work += 1 + len(node.words)
            self._due.update(dict.fromkeys(evaluate(self._tree, node)))

    def _name(self, node: Node, texts: Sequence[str]) -> str | None:
        if node.generation == self._tree.generation:
            return node.name
        name = template_of(self._trail(texts), self._tree)
        if name not in self._given and len(self._given) >= FREELY_GIVEN and node.ends < PROVEN_HITS:
            return None
        node.name = self._admitted(name)
        node.generation = self._tree.generation
        return node.name

    def _admitted(self, name: str) -> str | None:
        """*name*, ``None`` when it would be one too many."""
        if name in self._given:
            return name
        if len(self._given) >= self._max_templates:
            return None
        self._given.add(name)
        return name

    def _trail(self, texts: Sequence[str]) -> list[Node]:
        node = self._tree.root
        trail: list[Node] = []
        for text in texts:
            child = node.words.get(text) or self._slot(node, text)
            if child is None:
                break
            trail.append(child)
            node = child
            if node.text is TAIL_PLACE:
                break
        return trail
