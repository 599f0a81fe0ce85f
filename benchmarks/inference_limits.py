"""What learning templates costs at worst: the slowest call in floods, and memory after very many distinct paths.

python -m benchmarks.inference_limits [--paths 1000000] [--flood "route words, one to six levels"]

A call is timed by this thread's own processor time, the garbage collector switched off.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import random
import resource
import sys
import time
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING

from otel_middleware.routing.inference import InferredRoutes
from otel_middleware.routing.lexicon import lexicon

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["main"]

CALLS = 200_000


def floods() -> dict[str, Callable[[random.Random], Iterator[str]]]:
    """Streams of paths that are all answered 200: what an application that answers everything lets in."""
    words = sorted(lexicon()._words)  # noqa: SLF001 - the words that look like routes are the worst

    def pick(chance: random.Random, least: int, most: int) -> str:
        return "/".join(chance.choices(words, k=chance.randint(least, most)))

    return {
        "route words, one level": lambda chance: (f"/{pick(chance, 1, 1)}" for _ in itertools.count()),
        "route words, one to six levels": lambda chance: (f"/{pick(chance, 1, 6)}" for _ in itertools.count()),
        "route words below one word": lambda chance: (f"/api/{pick(chance, 2, 4)}" for _ in itertools.count()),
        "few parents, many below each": lambda chance: (
            f"/{chance.choice(words[:6])}/{pick(chance, 2, 3)}" for _ in itertools.count()
        ),
        "unknown words": lambda chance: (f"/u/{_unknown(chance)}/{_unknown(chance)}" for _ in itertools.count()),
        "unknown words with the same routes": lambda chance: (
            f"/{_unknown(chance)}/{pick(chance, 1, 2)}" for _ in itertools.count()
        ),
        "files": lambda chance: (f"/f/{pick(chance, 1, 5)}.{chance.choice(_ENDINGS)}" for _ in itertools.count()),
        "identifiers": lambda chance: (f"/o/{chance.getrandbits(96):x}/{chance.random()}" for _ in itertools.count()),
    }


_ENDINGS = ("py", "js", "css", "png", "md", "json", "txt")


def _unknown(chance: random.Random) -> str:
    return "".join(chance.choices("bdfgklmnprst", k=1) + chance.choices("aeiou", k=1)) * 2 + chance.choice("xyzqw")


def slowest(paths: Iterator[str], calls: int) -> tuple[float, float]:
    """Milliseconds of the slowest of so many calls, microseconds of the mean one."""
    routes = InferredRoutes()
    worst = total = 0
    gc.disable()
    for path in itertools.islice(paths, calls):
        began = time.thread_time_ns()
        routes.learn(path, 200)
        spent = time.thread_time_ns() - began
        worst, total = max(worst, spent), total + spent
    gc.enable()
    return worst / 1e6, total / calls / 1e3


def megabytes(paths: int, flood: str) -> tuple[float, float]:
    """What a learner holds after so many distinct paths of *flood*, as Python counts it, and how much the process grew."""
    texts = floods()[flood](random.Random(1))
    lexicon()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    routes = InferredRoutes()
    for number, path in enumerate(itertools.islice(texts, paths)):
        routes.learn(f"{path}/{number}", 200)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return _held(routes) / 1e6, grown / 1e3


def _held(root: object) -> int:
    """Bytes of all objects that *root* leads to, but for code and the lexicon, which all learners share."""
    seen = {id(lexicon())}
    todo, size = [root], 0
    while todo:
        each = todo.pop()
        if id(each) not in seen and not isinstance(each, (type, ModuleType, FunctionType)):
            seen.add(id(each))
            size += sys.getsizeof(each)
            todo.extend(gc.get_referents(each))
    return size


def main(arguments: Sequence[str] | None = None) -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--paths", type=int, default=1_000_000, help="distinct paths for the memory figure; 0 for none")
    parser.add_argument("--flood", default="route words, one to six levels", help="of the memory figure")
    parser.add_argument("--calls", type=int, default=CALLS)
    options = parser.parse_args(arguments)
    print("| flood, all answered 200 | slowest call, ms | mean, us |\n|---|--:|--:|")
    for name, flood in floods().items():
        worst, mean = slowest(flood(random.Random(1)), options.calls)
        print(f"| {name} | {worst:.1f} | {mean:.1f} |", flush=True)
    if options.paths:
        held, grown = megabytes(options.paths, options.flood)
        print(f"\nMemory after {options.paths:,} distinct paths, {options.flood}: {held:.1f} MB held,", end=" ")
        print(f"the process grew by {grown:.1f} MB")


if __name__ == "__main__":
    main()
