"""From finished requests to templates: one walk through the tree per request.

Not thread-safe by itself: ``InferredRoutes`` holds the lock. The same order of requests gives the same names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_middleware.routing.evidence import ROUTE_LIKE
from otel_middleware.routing.promotion import admits_as_word, evaluate, gather_files
from otel_middleware.routing.segments import HOLE, LOCALE_PLACE, Segment, classify
from otel_middleware.routing.tree import REPRESENTATIONS, TAIL_PLACE, Node, Tree, widened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from otel_middleware.routing.lexicon import Lexicon

__all__ = ["MAX_DEPTH", "Learner"]

MAX_DEPTH = 14  # segments; deeper paths are not learned
MAX_MEMO = 4096  # classified segments that are remembered

POOR = 0.3  # likeness of a word that is hardly a route's: two of them are enough to doubt the next
POOR_SIBLINGS, POOR_HITS = 2, 20
WEAK_SIBLINGS, WEAK_HITS = 4, 6

# Static numbers and dates occur at the start of a path (/2010-04-01/Accounts) and after these words (/api/2/users).
_VERSIONED = frozenset({"api", "rest", "version", "versions"})
_VERSION_LABELS = frozenset({"int", "float", "date", "version"})


class Learner:
    """Learns templates and gives them.

    Args:
        words: What routes are made of.
        max_templates: Distinct templates that are ever given, 1 or more.
    """

    def __init__(self, words: Lexicon, max_templates: int) -> None:
        self._words = words
        self._max_templates = max_templates
        self._tree = Tree()
        self._memo: dict[str, Segment] = {}
        self._due: list[Node] = []
        self._given: set[str] = set()

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

    @property
    def generation(self) -> int:
        """Grows whenever a template that was given may have changed."""
        return self._tree.generation

    def learn(self, texts: Sequence[str], weight: int = 1) -> str | None:
        """Count a path that was served *weight* times, and give its template."""
        tree = self._tree
        tree.requests += weight
        node = tree.root
        node.hits += weight
        if node.hits >= node.review:
            self._due.append(node)
        last = len(texts) - 1
        for index, text in enumerate(texts):
            child = node.words.get(text) or self._enter(node, text, weight, ends=index == last)
            if child is None:
                return self._settled(texts, None)
            child.hits += weight
            if child.hits >= child.review:
                self._due.append(child)
            node = child
            if child.text is TAIL_PLACE:
                break
        node.ends += weight
        return self._settled(texts, node)

    def _settled(self, texts: Sequence[str], node: Node | None) -> str | None:
        """Evaluate what is due; the template of *texts*, which ended at *node* before."""
        if self._due:
            self._evaluate()
            return self.template_of(texts)
        return None if node is None else self._name(node, texts)

    def routes(self) -> Iterator[tuple[str, Node, str]]:
        """Every endpoint: its template, its node, and why its variable parts are variable."""
        stack: list[tuple[Node, tuple[Node, ...]]] = [(self._tree.root, ())]
        while stack:
            node, trail = stack.pop()
            if node.ends:
                yield self._printed(trail), node, self._why(trail)
            stack.extend((child, (*trail, child)) for child in node.children())

    def segment(self, text: str) -> Segment:
        """What the segment *text* is, remembered."""
        found = self._memo.get(text)
        if found is None:
            found = classify(text, self._words)
            if len(self._memo) >= MAX_MEMO:
                self._memo.clear()
            if len(text) <= 128:
                self._memo[text] = found
        return found

    def _slot(self, node: Node, text: str) -> Node | None:
        place = node.slot_for(self.segment(text))
        return (node.slots.get(place) if place else None) or node.slots.get(TAIL_PLACE)

    def _enter(self, node: Node, text: str, weight: int, *, ends: bool) -> Node | None:
        """The child for a text that is no known word of *node*, made when there is none."""
        segment = self._memo.get(text) or self.segment(text)
        label = segment.label
        if label is not None and segment.place is HOLE:
            slot = node.slots.get(HOLE)
            if slot is not None and slot.label == label and slot.value is None:
                return slot  # by far the most frequent case
        if node.slots and node.tail is not None:
            return node.tail
        place = node.slot_for(segment)
        if place is None:
            return self._new_word(node, text, segment)
        if label is None and admits_as_word(self._tree, node, text, place, segment.likeness, weight, ends=ends):
            return self._new_word(node, text, segment._replace(likeness=1.0))
        return self._slotted(node, place, text, label or "slug")

    def _slotted(self, node: Node, place: str, text: str, label: str) -> Node | None:
        tree = self._tree
        slot = node.slots.get(place)
        if slot is None:
            if tree.is_full:
                return None
            slot = tree.add_slot(node, place, label)
            slot.value = text
            gather_files(tree, node)
            return node.slots.get(node.slot_for(self.segment(text)) or place)
        if slot.label != label:
            tree.widen(slot, label)
        if slot.value is not None and slot.value != text:
            if self._is_version(slot, node):
                tree.generation += 1
            slot.value = None
        return slot

    def _new_word(self, node: Node, text: str, segment: Segment) -> Node | None:
        tree = self._tree
        if tree.is_full:
            return None
        waiting = node.group is None and self._is_doubtful(node, segment)
        word = tree.add_word(node, text, segment)
        word.waiting = waiting
        if waiting:
            word.review = POOR_HITS if segment.likeness <= POOR else WEAK_HITS
        if len(node.words) >= node.evaluation:
            self._due.append(node)
        return word

    def _is_doubtful(self, node: Node, segment: Segment) -> bool:
        """Whether a new word is printed as a value until it has been seen more often."""
        strong = segment.likeness >= ROUTE_LIKE
        if not strong and self._tree.has_role(node):
            return True
        poor = weak = files = 0
        for sibling in node.words.values():
            weak += sibling.likeness < ROUTE_LIKE
            poor += sibling.likeness <= POOR
            files += sibling.place not in (HOLE, LOCALE_PLACE)
        if segment.place.startswith("{}.") and segment.place not in REPRESENTATIONS and files >= POOR_SIBLINGS:
            return node is not self._tree.root
        if strong:
            return weak > WEAK_SIBLINGS and weak * 3 > 2 * len(node.words)
        return weak >= WEAK_SIBLINGS or (segment.likeness <= POOR and poor >= POOR_SIBLINGS)

    def _evaluate(self) -> None:
        due, self._due = self._due, []
        for node in due:
            if node.waiting:
                node.waiting = False
                self._tree.generation += 1
            evaluate(self._tree, node)

    def _name(self, node: Node, texts: Sequence[str]) -> str | None:
        if node.generation != self._tree.generation:
            node.name = self._admitted(self._printed(self._trail(texts)))
            node.generation = self._tree.generation
        return node.name

    def _admitted(self, name: str) -> str | None:
        if name in self._given:
            return name
        if len(self._given) >= self._max_templates:
            return None
        self._given.add(name)
        return name

    def _trail(self, texts: Sequence[str]) -> tuple[Node, ...]:
        node = self._tree.root
        trail: list[Node] = []
        for text in texts:
            child = node.words.get(text) or self._slot(node, text)
            if child is None:
                break
            trail.append(child)
            node = child
        return tuple(trail)

    def _printed(self, trail: Sequence[Node]) -> str:
        parent = self._tree.root
        parts: list[str] = []
        for node in trail:
            parts.append(self._part(node, parent))
            if node.text is TAIL_PLACE:
                break
            parent = node
        return "/" + "/".join(parts)

    def _part(self, node: Node, parent: Node) -> str:
        if node.label is None:
            return self._waiting_part(node, parent) if node.waiting else node.text
        if node.value is not None and self._is_version(node, parent):
            return node.value
        return node.text.partition("\0")[0].replace(HOLE, f"{{{node.label}}}")

    def _waiting_part(self, node: Node, parent: Node) -> str:
        place = node.place.partition("\0")[0]
        slot = parent.slots.get(place)
        return place.replace(HOLE, f"{{{widened(slot.label if slot else None, 'slug')}}}")

    def _is_version(self, slot: Node, parent: Node) -> bool:
        if slot.label not in _VERSION_LABELS or slot.text != HOLE:
            return False
        return slot.label == "float" or parent is self._tree.root or parent.text in _VERSIONED

    def _why(self, trail: Sequence[Node]) -> str:
        parent = self._tree.root
        reasons: list[str] = []
        for node in trail:
            if node.label is not None:
                reasons.append(parent.group.why if parent.group is not None and node.label == "slug" else node.label)
            parent = node
        return "+".join(reasons) or "static"
