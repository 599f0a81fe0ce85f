"""Matching declared templates: does it stay flat, whatever the table and the path?

Prints microseconds (best of several rounds) for tables of 10 to 10,000 templates, their building time, the ratio of the
largest to the smallest table, and hostile paths and tables.
"""

from __future__ import annotations

import functools
import itertools
import time

from otel_middleware.routing.table import RouteTable

SIZES = (10, 100, 1_000, 10_000)
ROUNDS = 25
CALLS = 2_000


def templates(size):
    """A resource-oriented API: list, search, item, its list, its item, for each resource."""
    shapes = ("", "/search", "/{id}", "/{id}/items", "/{id}/items/{item}")
    return [f"/api/resource{number}{shape}" for number in range(size // len(shapes)) for shape in shapes]


def ambiguous(depth):
    """2^depth templates: every segment the text ``a`` or a parameter."""
    for kinds in itertools.product((False, True), repeat=depth):
        yield "/" + "/".join(f"{{p{at}}}" if kind else "a" for at, kind in enumerate(kinds)) + "/end"


def microseconds(*calls, repeat=CALLS, rounds=ROUNDS):
    """For each call the best mean of several rounds, the calls taking turns, so that a busy machine is fair to all."""
    best = [float("inf")] * len(calls)
    for _ in range(rounds):
        for at, call in enumerate(calls):
            began = time.perf_counter()
            for _ in range(repeat):
                call()
            best[at] = min(best[at], time.perf_counter() - began)
    return [seconds / repeat * 1e6 for seconds in best]


def fresh(last, tail):
    """A call's next path, with another id each time, so that no cache could help."""
    return itertools.cycle([f"/api/resource{last}/{number}{tail}" for number in range(CALLS)]).__next__


def matching(match, path_of):
    return lambda: match(path_of(), "GET")


def measure(*, first_match):
    """Rows of microseconds, one figure for each size, by kind of path; building is in milliseconds."""
    tables = {size: RouteTable(templates(size), first_match=first_match) for size in SIZES}
    kinds = {"static": None, "parameter": "", "two parameters": "/items/7", "miss": "/nothing"}
    rows = {}
    for kind, tail in kinds.items():
        paths = [static_path(size) if tail is None else fresh(size // 5 - 1, tail) for size in SIZES]
        matched = microseconds(
            *(matching(table.match, path) for table, path in zip(tables.values(), paths, strict=True))
        )
        produced = microseconds(*(matching(lambda *_: None, path) for path in paths))
        rows[kind] = [whole - overhead for whole, overhead in zip(matched, produced, strict=True)]
    builds = [functools.partial(RouteTable, templates(size), first_match=first_match) for size in SIZES]
    rows["build ms"] = [figure / 1e3 for figure in microseconds(*builds, repeat=1, rounds=5)]
    return rows


def static_path(size):
    """A call's path, always the same: the search of the last resource."""
    return itertools.repeat(f"/api/resource{size // 5 - 1}/search").__next__


def hostile():
    """Paths and tables made to be slow, in microseconds, beside half of each, to show that growth is linear."""
    plain = RouteTable(templates(1_000)).match
    tails = RouteTable(["/f/{p:path}", "/f/{p:path}/meta", "/f/{p:path}/{n:int}/x", "/{a}-{b}-{c}-{d}.json"]).match
    rows = [
        ("10 kB of slashes, no tails", plain, "/" * 5_000, "/" * 10_000),
        ("10 kB of segments, no tails", plain, "/x" * 2_500, "/x" * 5_000),
        ("10 kB of segments, tails", tails, "/f" + "/x" * 2_500, "/f" + "/x" * 5_000),
        ("8 kB of hyphens, four parameters in a segment", tails, "/" + "-" * 4_000, "/" + "-" * 8_000),
    ]
    for depth in (6, 8, 10):
        match = RouteTable(ambiguous(depth)).match
        rows.append((f"2^{depth} ambiguous templates, no match", match, "/a" * (depth // 2), "/a" * depth + "/no"))
    return [(name, *(spent_on(match, path) for path in pair)) for name, match, *pair in rows]


def spent_on(match, path):
    """Microseconds for one path, in few calls."""
    return microseconds(lambda: match(path), repeat=50, rounds=20)[0]


def main():
    """Print both tables."""
    for first_match in (False, True):
        print(f"\nfirst_match={first_match}: microseconds per match, by the number of templates")
        print(f"{'':16}" + "".join(f"{size:>10,}" for size in SIZES) + f"{'ratio':>10}")
        for kind, row in measure(first_match=first_match).items():
            ratio = "" if kind == "build ms" else f"{row[-1] / row[0]:10.2f}"
            print(f"{kind:16}" + "".join(f"{figure:10.2f}" for figure in row) + ratio)
    print(f"\n{'hostile, microseconds':50}{'half':>10}{'whole':>10}")
    for name, half, whole in hostile():
        print(f"{name:50}{half:10.1f}{whole:10.1f}")


if __name__ == "__main__":
    main()
