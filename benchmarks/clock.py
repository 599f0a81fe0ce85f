"""Time: blocks of a variant, each paired with a block of the bare application just before it, in rotated order.

Processor time of the thread that serves the requests: what other processes do meanwhile, and exporter threads, do not count.
"""

from __future__ import annotations

import gc
from statistics import median
from time import thread_time_ns

WARM_UP = 300


def added_microseconds(group, *, rounds, requests):
    """Return, for each variant of *group*, the added microseconds a request: the median of the paired differences."""
    bare = group.bare()
    arms = {name: build() for name, build in group.variants.items()}
    for app in (bare, *arms.values()):
        group.drive(app, WARM_UP)
    gc.collect()
    gc.freeze()
    differences = {name: [] for name in arms}
    names = list(arms)
    for number in range(rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            before = _spent(group.drive, bare, requests)
            differences[name].append(_spent(group.drive, arms[name], requests) - before)
    gc.unfreeze()
    return {name: median(spent) / requests / 1e3 for name, spent in differences.items()}


def _spent(drive, app, requests):
    began = thread_time_ns()
    drive(app, requests)
    return thread_time_ns() - began
