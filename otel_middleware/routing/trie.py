"""The templates of a table as a tree of segments: which of them does a path match?

A search visits a node at most once for every place of a path parameter, so its time is bounded by the size of the table
whatever the path. Where a part of the tree has failed, parts of the same shape are not tried: 2^10 ambiguous
templates cost as little as ten.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, NamedTuple

from otel_middleware.routing.templates import ANY_SEGMENT, Pattern, Tail

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from otel_middleware.routing.templates import Segment

__all__ = ["Leaf", "Node", "Route", "search"]


class Route(NamedTuple):
    """One declared entry: *methods* is ``None`` for all of them, *number* its place in the declaration."""

    template: str
    methods: frozenset[str] | None
    number: int


_NO_METHODS: dict[str, Route] = {}


class Leaf:
    """The routes of one shape, told apart by their methods.

    *contested*: whether a route of another shape was declared before one of them, and matches too.
    """

    __slots__ = ("always", "by_method", "contested", "first", "last")

    def __init__(self, first: Route) -> None:
        self.first = first
        self.last = first.number
        self.contested = False
        self.always: Route | None = None
        self.by_method = _NO_METHODS

    def add(self, route: Route) -> Route | None:
        """Add *route*, or return the one that serves one of its methods already."""
        rival = self._rival(route)
        if rival is not None:
            return rival
        self.last = route.number
        if route.methods is None:
            self.always = route
        else:
            self.by_method = {**self.by_method, **dict.fromkeys(route.methods, route)}
        return None

    def _rival(self, route: Route) -> Route | None:
        if self.always is not None or route.methods is None:
            return self.always or next(iter(self.by_method.values()), None)
        return next((self.by_method[method] for method in route.methods if method in self.by_method), None)

    def of(self, method: str | None) -> Route | None:
        """The route that serves *method*, ``None`` for any; GET's serves HEAD."""
        if method is None:
            return self.first
        if self.always is not None:
            return self.always
        found = self.by_method.get(method)
        return self.by_method.get("GET") if found is None and method == "HEAD" else found


# Most nodes have neither; they share these, which are never written.
_NO_PATTERNS: dict[str, tuple[Pattern, Node]] = {}
_NO_TAILS: dict[Tail, Node] = {}


class Node:
    """A place in a path: what may follow, the most static first."""

    __slots__ = ("certain", "depths", "first", "leaf", "literals", "one", "patterns", "plain", "shape", "tails")

    def __init__(self, first: int) -> None:
        self.first = first
        self.leaf: Leaf | None = None
        self.literals: dict[str, Node] = {}
        self.patterns = _NO_PATTERNS
        self.one: Node | None = None
        self.tails = _NO_TAILS
        self.plain = True
        self.certain = True
        self.shape = 0
        self.depths: tuple[int, ...] = ()

    def add(self, segments: Sequence[Segment], route: Route) -> Route | None:
        """Put *route* below this node, or return the one that stands in its place."""
        node = self
        for segment in segments:
            node = node._child(segment, route.number)
        if node.leaf is None:
            node.leaf = Leaf(route)
        return node.leaf.add(route)

    def _child(self, segment: Segment, number: int) -> Node:
        """The child for *segment*, made when there is none."""
        if isinstance(segment, str):
            return self.literals.get(segment) or self.literals.setdefault(segment, Node(number))
        if isinstance(segment, Pattern) and segment.key == ANY_SEGMENT:
            self.certain = False
            self.one = self.one or Node(number)
            return self.one
        self.plain = self.certain = False
        if isinstance(segment, Tail):
            self.tails = self.tails or {}
            return self.tails.get(segment) or self.tails.setdefault(segment, Node(number))
        self.patterns = self.patterns or {}
        return (self.patterns.get(segment.key) or self.patterns.setdefault(segment.key, (segment, Node(number))))[1]

    def settle(self, shapes: dict[object, int]) -> None:
        """Order what is below, and give subtrees that accept the same paths the same shape."""
        for child in self.children():
            child.settle(shapes)
        if not self.plain:
            self.patterns = dict(sorted(self.patterns.items(), key=lambda item: item[1][0].rank))
            self.tails = dict(sorted(self.tails.items(), key=lambda item: -len(item[0].prefix + item[0].suffix)))
            for child in self.tails.values():
                child.depths = tuple(sorted(child._leaf_depths(), reverse=True))  # noqa: SLF001  its own class
        self.shape = shapes.setdefault(self._content(), len(shapes))

    def children(self) -> list[Node]:
        """All nodes directly below."""
        children = [*self.literals.values()]
        if self.one is not None:
            children.append(self.one)
        return (
            children if self.plain else [*children, *self.tails.values(), *(node for _, node in self.patterns.values())]
        )

    def _leaf_depths(self) -> set[int]:
        below = {depth + 1 for child in self.children() for depth in child._leaf_depths()}  # noqa: SLF001  its own class
        return below if self.leaf is None else {0, *below}

    def _content(self) -> object:
        methods = None if self.leaf is None else self.leaf.always is not None or frozenset(self.leaf.by_method)
        literals = frozenset([(text, child.shape) for text, child in self.literals.items()])
        one = None if self.one is None else self.one.shape
        if self.plain:
            return methods, literals, one
        patterns = frozenset([(key, child.shape) for key, (_, child) in self.patterns.items()])
        return methods, literals, one, patterns, frozenset([(tail, child.shape) for tail, child in self.tails.items()])


def search(
    root: Node, segments: list[str], method: str | None, *, first_match: bool = False, before: float = inf
) -> Route | None:
    """The route that ``segments[1:]`` lead to: the most static one, or the one declared first.

    Args:
        root: Where to begin; settled.
        segments: The path, split at its slashes.
        method: Upper case, or ``None`` for any.
        first_match: Whether the place in the declaration decides.
        before: Only routes that were declared before this number are asked for.
    """
    if before == inf:
        # Most paths have one way to go only: then it ends at the one route, whichever is to be preferred.
        node = root
        for segment in segments[1:]:
            child = node.literals.get(segment)
            if child is None and node.plain:
                child = node.one if segment else None
            elif not node.certain:
                break
            if child is None:
                return None
            node = child
        else:
            return None if node.leaf is None else node.leaf.of(method)
    return _searched(root, segments, method, first_match=first_match, before=before)


def _searched(root: Node, segments: list[str], method: str | None, *, first_match: bool, before: float) -> Route | None:
    """The same where ways part, or a route that was declared before is known."""
    last = len(segments)
    best: Route | None = None
    failed: set[tuple[int, int]] = set()
    waiting = [(1, root)]
    while waiting:
        at, node = waiting.pop()
        if node.first >= before:
            continue
        while at < last:
            child = node.literals.get(segments[at])
            if child is None and node.plain:
                child = node.one if segments[at] else None
            elif not node.certain:
                # Last in, first out: all that began at an equal shape has failed when this one comes up.
                if before != inf or (node.shape, at) not in failed:
                    failed.add((node.shape, at))
                    waiting.extend(reversed(list(_ways(node, segments, at))))
                break
            if child is None:
                break
            at, node = at + 1, child
        else:
            route = None if node.leaf is None else node.leaf.of(method)
            if route is not None and route.number < before:
                if not first_match:
                    return route
                best, before = route, route.number
    return best


def _ways(node: Node, segments: list[str], at: int) -> Iterator[tuple[int, Node]]:
    """Where ``segments[at]`` may lead, the most static first: the segment to go on at, and the child."""
    segment = segments[at]
    if segment in node.literals:
        yield at + 1, node.literals[segment]
    if not segment:
        return
    for pattern, child in node.patterns.values():
        if pattern.accepts(segment):
            yield at + 1, child
    if node.one is not None:
        yield at + 1, node.one
    for tail, child in node.tails.items():
        for depth in child.depths:
            after = len(segments) - depth
            if after > at and tail.spans(segments, at, after):
                yield after, child
