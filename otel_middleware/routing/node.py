"""A place in the tree of paths, and what was counted there.

A node's children are *words* (static, or not yet known to be values) and *slots* (places of values, by skeleton: ``{}``,
``{}.json``, ``Orders({})``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_middleware.routing.segments import HOLE, LOCALE_PLACE, MARKED_PLACE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otel_middleware.routing.segments import Segment

__all__ = ["FILE_PLACE", "FIRST_REVIEW", "LABEL_OF_PLACE", "REPRESENTATIONS", "TAIL_PLACE", "Group", "Node"]

FIRST_REVIEW = 64  # hits after which a node is looked at again, then at every doubling
FIRST_EVALUATION = 3  # words below one node: fewer are no crowd
MAX_BESIDE_VALUES = 48  # words beside values: then a mark means nothing either

FILE_PLACE = "{}\0file"
TAIL_PLACE = "{}\0path"
LABEL_OF_PLACE = {FILE_PLACE: "file", LOCALE_PLACE: "locale", TAIL_PLACE: "path:path"}

# Extensions that programs and designers use: below a value with subresources they are part of its name (next.js).
# Any other is a representation of the resource.
REPRESENTATIONS = frozenset(
    f"{HOLE}.{extension}"
    for extension in ("json", "xml", "html", "htm", "csv", "rss", "atom", "ics", "geojson", "pdf", "txt", "yaml")
)

_NO_CHILDREN: dict[str, Node] = {}  # shared by all leaves, never written: an empty dict of their own costs 64 bytes


class Group:
    """The words below a node turned out to be values of one open set.

    Attributes:
        why: The rule that said so, for the export.
        likeness: Mean likeness of the weak words when it was decided: low means that a route's word stands out.
        arrivals: Words that came since, bounded: hits, and how many of them ended the path.
        folded: Words that were literal and were found to be values: never literal again.
    """

    __slots__ = ("arrivals", "folded", "likeness", "why")

    def __init__(self, why: str, likeness: float) -> None:
        self.why = why
        self.likeness = likeness
        self.arrivals: dict[str, list[int]] = {}
        self.folded: set[str] = set()


class Node:
    """One place in the tree.

    Attributes:
        text: The word, or the skeleton of a slot.
        label: Type of a slot's values, ``None`` for a word.
        place: Of a word: the slot it would go to as a value.
        likeness: Of a word: how route-like it is, 0 to 1.
        hits: Learned requests that passed or ended here.
        ends: Those that ended here: more than none makes it an endpoint.
        value: The only value that a slot has had, ``None`` when it has had several.
        waiting: A word that is probably a value, and printed as one until it has been seen more often.
        group: Set when unknown words below are values.
        locales, files: Whether unknown locales, names with an extension, below go to a slot of their own.
        numbered: Whether unknown words with a number, below, are values.
        review, evaluation: Hits, and number of words, at which it is looked at again.
        since: Number of the learned request that made it.
        name, generation: The template, and the naming generation it was printed in.
    """

    __slots__ = (
        "ends", "evaluation", "files", "generation", "group", "hits", "label", "likeness", "locales", "name", "numbered",
        "place", "review", "since", "slots", "text", "value", "waiting", "words",
    )  # fmt: skip

    def __init__(self, text: str, label: str | None, place: str, likeness: float, since: int) -> None:
        self.text = text
        self.label = label
        self.place = place
        self.likeness = likeness
        self.since = since
        self.words = _NO_CHILDREN
        self.slots = _NO_CHILDREN
        self.hits = 0
        self.ends = 0
        self.value: str | None = None
        self.waiting = False
        self.group: Group | None = None
        self.locales = False
        self.files = False
        self.numbered = False
        self.review = FIRST_REVIEW
        self.evaluation = FIRST_EVALUATION
        self.name: str | None = None
        self.generation = -1

    @property
    def is_leaf(self) -> bool:
        """Whether nothing is below."""
        return not (self.words or self.slots)

    @property
    def is_marked(self) -> bool:
        """Whether it is a word that is written as no value is."""
        return self.place is MARKED_PLACE

    @property
    def tail(self) -> Node | None:
        """The slot that takes the whole rest of a path."""
        return self.slots.get(TAIL_PLACE)

    def children(self) -> Iterator[Node]:
        """Words, then slots."""
        yield from self.words.values()
        yield from self.slots.values()

    def slot_for(self, segment: Segment) -> str | None:
        """The key of the slot that *segment* goes to, ``None`` when it is a word here."""
        if segment.label is None and self._is_word(segment):
            return None
        if segment.place is LOCALE_PLACE:
            return LOCALE_PLACE if self.locales else HOLE
        return segment.place if segment.place is HOLE else self._slot_of_skeleton(segment.place)

    def _is_word(self, segment: Segment) -> bool:
        if self.group is None:
            return not self._takes(segment)
        return segment.is_marked and len(self.words) < MAX_BESIDE_VALUES

    def _takes(self, segment: Segment) -> bool:
        if self.numbered and segment.series:
            return True
        return (self.locales and segment.is_locale) or (self.files and segment.place.startswith("{}."))

    def _slot_of_skeleton(self, place: str) -> str:
        if place is MARKED_PLACE:
            return HOLE
        if not place.startswith("{}."):
            return place
        if self.files:
            return FILE_PLACE
        values = self.slots.get(HOLE)
        if values is None or values.is_leaf or place in REPRESENTATIONS or place in self.slots:
            return place
        return HOLE

    def attach(self, child: Node) -> None:
        """Put *child* below, as a word or a slot by what it is."""
        if child.label is None:
            if self.words is _NO_CHILDREN:
                self.words = {}
            self.words[child.text] = child
        else:
            if self.slots is _NO_CHILDREN:
                self.slots = {}
            self.slots[child.text] = child

    def clear(self) -> None:
        """Forget everything below; a node that was merged away is left empty like this."""
        self.words = self.slots = _NO_CHILDREN
        self.group = None
        self.locales = self.files = self.numbered = False

    def schedule(self) -> None:
        """Set when to look again: at 3, 5, 7, 9 words, then at a third more; at twice the hits."""
        words = len(self.words)
        self.evaluation = words + 2 if words < 9 else words * 4 // 3  # noqa: PLR2004
        while self.review <= self.hits:
            self.review *= 2

    def size(self) -> int:
        """Number of nodes below."""
        count, stack = 0, [self]
        while stack:
            node = stack.pop()
            count += len(node.words) + len(node.slots)
            stack.extend(node.words.values())
            stack.extend(node.slots.values())
        return count
