"""Paths that were asked lately: answered without a walk through the tree.

Requests of one path are learned in batches: at first each, then one batch for every quarter more, so that the counts of
the tree are never much behind, and a path that is asked all the time costs little.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import TYPE_CHECKING

from otel_middleware.routing.learner import MAX_DEPTH

if TYPE_CHECKING:
    from otel_middleware.routing.learner import Learner

__all__ = ["RecentPaths", "without_parameters"]

MAX_PATHS = 1024
MAX_LENGTH = 256  # characters; longer paths are not kept
BATCH = 4  # a batch is due when a path is behind by one in so many requests ...
MAX_BATCH = 64  # ... or by so many

_PARAMETERS = re.compile(r";[A-Za-z_][\w.-]*=[^/;]*")  # /cars;color=red, /cart;jsessionid=1A2B: asked for, like a query


class _Recent:
    """One path: the answer, the naming generation in which it holds, requests learned, and those not yet learned."""

    __slots__ = ("generation", "learned", "pending", "template")

    def __init__(self, template: str | None, generation: int) -> None:
        self.template = template
        self.generation = generation
        self.learned = 1
        self.pending = 0


class RecentPaths:
    """The front of a learner: takes paths, and remembers the latest. Not thread-safe by itself.

    Args:
        learner: Is asked for what is not remembered.
    """

    def __init__(self, learner: Learner) -> None:
        self._learner = learner
        self._paths: OrderedDict[str, _Recent] = OrderedDict()  # drops its oldest in constant time, as a dict does not

    def template_of(self, path: str) -> str | None:
        """The template of *path* as far as it is known."""
        recent = self._paths.get(path)
        if recent is not None and recent.generation == self._learner.generation:
            return recent.template
        texts = _segments(path)
        return self._learner.template_of(texts) if _is_looked_at(path, texts) else None

    def learn(self, path: str) -> str | None:
        """Count a served path, and give its template."""
        recent = self._paths.get(path)
        if recent is None:
            return self._learn_new(path)
        pending = recent.pending = recent.pending + 1
        if recent.generation == self._learner.generation and pending * BATCH < recent.learned and pending < MAX_BATCH:
            return recent.template
        return self._settle(recent, _segments(path), pending)

    def settle(self) -> None:
        """Learn all that is pending."""
        for path, recent in self._paths.items():
            if recent.pending:
                self._settle(recent, _segments(path), recent.pending)

    def _learn_new(self, path: str) -> str | None:
        texts = _segments(path)
        if len(texts) > MAX_DEPTH or (path and path[0] != "/"):
            return None
        if len(path) > MAX_LENGTH:
            return self._learner.learn(texts)
        paths = self._paths
        if len(paths) >= MAX_PATHS:
            oldest, recent = paths.popitem(last=False)
            if recent.pending:
                self._settle(recent, _segments(oldest), recent.pending)
        template = self._learner.learn(texts)
        paths[path] = _Recent(template, self._learner.generation)
        return template

    def _settle(self, recent: _Recent, texts: list[str], weight: int) -> str | None:
        recent.pending = 0
        recent.learned += weight
        recent.template = self._learner.learn(texts, weight)
        recent.generation = self._learner.generation
        return recent.template


def without_parameters(path: str) -> str:
    """*path* without what stands behind a semicolon as ``name=value``."""
    return _PARAMETERS.sub("", path) if ";" in path else path


def _segments(path: str) -> list[str]:
    path = without_parameters(path)
    if "//" in path or path[-1:] == "/":
        return [text for text in path.split("/") if text]
    return path[1:].split("/") if path else []


def _is_looked_at(path: str, texts: list[str]) -> bool:
    """Whether it is a path at all (``*`` is none), and not too deep."""
    return (path[:1] == "/" or not path) and len(texts) <= MAX_DEPTH
