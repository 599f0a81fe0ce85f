"""``InferredRoutes`` as a method to score, and the same with a part taken away: what does each part give?"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING
from unittest.mock import patch

from otel_middleware.routing import evidence, promotion, rules
from otel_middleware.routing.inference import InferredRoutes
from otel_middleware.routing.learner import Learner
from otel_middleware.routing.lexicon import Lexicon, lexicon
from otel_middleware.routing.recent import RecentPaths
from otel_middleware.routing.segments import HOLE, classify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from benchmarks.inference_scores import Method

__all__ = ["ABLATIONS", "Ours"]


class Ours:
    """The learner as it is."""

    def __init__(self) -> None:
        self._routes = InferredRoutes()

    def name(self, method: str, path: str, status: int) -> str:
        template = self._routes.learn(path, status)
        return method if template is None else f"{method} {template}"


class _EveryStatus(Ours):
    """Whatever was answered teaches."""

    def name(self, method: str, path: str, status: int) -> str:  # noqa: ARG002  that is the point
        return super().name(method, path, 200)


class _WithoutLexicon(Ours):
    """No word is known."""

    def __init__(self) -> None:
        super().__init__()
        routes = self._routes
        routes._learner = Learner(Lexicon(frozenset()), routes.max_templates)  # noqa: SLF001  taken apart on purpose
        routes._paths = RecentPaths(routes._learner)  # noqa: SLF001  the same


class _ClassifierOnly:
    """Every segment by itself: no tree, no siblings, no counts."""

    def name(self, method: str, path: str, status: int) -> str:  # noqa: ARG002  the interface of a method
        texts = [text for text in path.split("/") if text]
        return f"{method} /{'/'.join(map(self._part, texts))}"

    @staticmethod
    def _part(text: str) -> str:
        segment = classify(text, lexicon())
        return text if segment.label is None else segment.place.replace(HOLE, "{id}")


@contextlib.contextmanager
def _without_structure() -> Iterator[None]:
    """What is below siblings is never compared."""
    with contextlib.ExitStack() as stack:
        for module in (evidence, rules):
            stack.enter_context(patch.object(module, "shapes_below", lambda *_: {}))
        for module in (promotion, rules):
            stack.enter_context(patch.object(module, "share_of_routes", lambda *_: 0.0))
        yield


ABLATIONS: dict[str, tuple[type[Method], Callable[[], AbstractContextManager[None]]]] = {
    "full": (Ours, contextlib.nullcontext),
    "classifier without learner": (_ClassifierOnly, contextlib.nullcontext),
    "without lexicon": (_WithoutLexicon, contextlib.nullcontext),
    "learning from every status": (_EveryStatus, contextlib.nullcontext),
    "without structural evidence": (Ours, _without_structure),
}
"""Methods, and what holds while they run, by name."""
