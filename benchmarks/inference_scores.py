"""How well do emitted names tell the true routes apart? B-cubed precision, recall and F1, and what stands beside them.

The truth of a request is its method and template, its cluster the name that was emitted. Every request feeds a method; only
successful requests to real routes are graded. "Steady" is the second half of the traffic.
"""

from __future__ import annotations

import re
import statistics
import time
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple, Protocol

from benchmarks.inference_traffic import NOISE, Exchange

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

__all__ = ["Method", "Scores", "mean", "score"]

_PLACEHOLDER = re.compile(r"\{[^{}]*\}|\*+")
_CLOCK_ROUNDS = 2000


class Method(Protocol):
    """A way to name requests."""

    def name(self, method: str, path: str, status: int) -> str:
        """The name of a finished request; called once for each, in order."""


class Scores(NamedTuple):
    """Of one method on one corpus; shares are 0 to 1.

    *names* are all names, by true ones; *renamed* is the share of paths asked repeatedly whose name ever changed; *hot* and
    *new* are microseconds for a path seen before and for one never seen (medians), *stream* the mean over the traffic.
    """

    f1: float
    precision: float
    recall: float
    exact: float
    names: float
    noise: float
    renamed: float
    hot: float
    new: float
    stream: float


def score(corpus: dict[str, Any], method: Method, exchanges: Sequence[Exchange], unseen: Sequence[Exchange]) -> Scores:
    """Feed *exchanges* to *method*, and grade it; *unseen* are served requests whose paths are not among them, for the clock."""
    templates = [template["template"] for template in corpus["templates"]]
    started = time.perf_counter()
    names = [method.name(exchange.method, exchange.path, exchange.status) for exchange in exchanges]
    stream = (time.perf_counter() - started) / len(exchanges) * 1e6
    graded = [
        (index, (exchange.method, templates[exchange.template]), names[index])
        for index, exchange in enumerate(exchanges)
        if exchange.template != NOISE and _succeeded(exchange.status)
    ]
    steady = [(truth, name) for index, truth, name in graded if index >= len(exchanges) // 2]
    precision, recall = _b_cubed(Counter(steady))
    hot, new = _clocked(method, exchanges, unseen)
    return Scores(
        f1=2 * precision * recall / (precision + recall),
        precision=precision,
        recall=recall,
        exact=sum(_shape(name.partition(" ")[2]) == _shape(truth[1]) for truth, name in steady) / len(steady),
        names=len(set(names)) / len({truth for _, truth, _ in graded}),
        noise=len({name for name, exchange in zip(names, exchanges, strict=True) if exchange.template == NOISE}),
        renamed=_renamed(exchanges, names),
        hot=hot,
        new=new,
        stream=stream,
    )


def mean(scores: Sequence[Scores]) -> Scores:
    """The mean of each score."""
    return Scores(*map(statistics.fmean, zip(*scores, strict=True)))


def _succeeded(status: int) -> bool:
    return 200 <= status < 300 or status == 304


def _b_cubed(pairs: Counter[tuple[Any, str]]) -> tuple[float, float]:
    """Precision and recall, every request weighing the same."""
    by_truth: Counter[Any] = Counter()
    by_name: Counter[str] = Counter()
    for (truth, name), count in pairs.items():
        by_truth[truth] += count
        by_name[name] += count
    total = sum(by_truth.values())
    precision = sum(count * count / by_name[name] for (_, name), count in pairs.items()) / total
    recall = sum(count * count / by_truth[truth] for (truth, _), count in pairs.items()) / total
    return precision, recall


def _shape(template: str) -> str:
    """*template* without the names of its placeholders."""
    shape = "/".join("{}" if _PLACEHOLDER.search(part) else part for part in template.split("/"))
    return shape if len(shape) < 2 else shape.rstrip("/")


def _renamed(exchanges: Sequence[Exchange], names: Sequence[str]) -> float:
    last: dict[tuple[str, str], str] = {}
    repeated, changed = set(), set()
    for exchange, name in zip(exchanges, names, strict=True):
        if exchange.template == NOISE or not _succeeded(exchange.status):
            continue
        key = (exchange.method, exchange.path)
        if key in last:
            repeated.add(key)
            if last[key] != name:
                changed.add(key)
        last[key] = name
    return len(changed) / max(1, len(repeated))


def _clocked(method: Method, exchanges: Sequence[Exchange], unseen: Sequence[Exchange]) -> tuple[float, float]:
    """Microseconds of a hot path, and of one never seen: medians, after the traffic."""
    paths = Counter((exchange.method, exchange.path) for exchange in exchanges if exchange.status == 200)
    hottest, _ = paths.most_common(1)[0]
    hot = [_microseconds(method, *hottest) for _ in range(_CLOCK_ROUNDS)]
    new = [_microseconds(method, exchange.method, exchange.path) for exchange in unseen[:_CLOCK_ROUNDS]]
    return statistics.median(hot), statistics.median(new or hot)


def _microseconds(method: Method, verb: str, path: str) -> float:
    started = time.perf_counter()
    method.name(verb, path, 200)
    return (time.perf_counter() - started) * 1e6
