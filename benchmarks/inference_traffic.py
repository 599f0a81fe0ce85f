"""Deterministic traffic over the routes of a corpus.

Templates are asked by a Zipf law, 5 % of them only after 30 % of the traffic (a deployment). Every parameter, by the static
prefix before it, has one population of values that all templates below share; values are drawn by a Zipf law too, so that hot
values, a long tail and singletons all occur. 20 % of the requests are a scanner's, answered ``noise_status``; 5 % of the
others fail with 4xx (half of them with a value that does not exist), 1 % with 5xx, 3 % are 304. Paths are decoded, without
query.
"""

from __future__ import annotations

import bisect
import itertools
import math
import random
import re
import string
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.inference_values import SIZES, value
from benchmarks.inference_words import SCANS, TECHNICAL, WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["NOISE", "Exchange", "traffic"]

NOISE = -1
_NESTED = frozenset({"branch", "filename", "name", "path", "repo", "slug2", "tag"})  # owned by the parent resource


class Exchange(NamedTuple):
    """One request and its status; *template* is the index of the true one, or ``NOISE``."""

    method: str
    path: str
    status: int
    template: int


class _Zipf:
    def __init__(self, size: int, exponent: float) -> None:
        self._sums = list(itertools.accumulate(rank**-exponent for rank in range(1, size + 1)))

    def draw(self, rng: random.Random) -> int:
        return bisect.bisect_left(self._sums, rng.random() * self._sums[-1])


class _Population:
    """The values of one parameter."""

    def __init__(self, kind: str, spec: dict[str, Any], seed: str) -> None:
        rng = random.Random(seed)
        self._kind = kind
        self._seed = seed
        self._spec = spec | {"start": 0}
        self._members: dict[int, str] = {}
        if kind == "enum":
            members = list(spec["enum"])
            rng.shuffle(members)
            self._members = dict(enumerate(members))
            self._size = len(members)
        else:
            low, high = SIZES[kind]
            self._size = round(math.exp(rng.uniform(math.log(low), math.log(high))))
            if kind == "int":
                self._spec["start"] = rng.choice([0, 0, 0, 1, 1000, 48000, 10**7])
        self._by_rank = list(range(self._size))
        rng.shuffle(self._by_rank)  # small identifiers are not always the popular ones
        self._ranks = _Zipf(self._size, rng.uniform(0.5, 1.1))

    def draw(self, rng: random.Random, parent: str) -> str:
        """A value; names below another parameter (*parent* is the path so far) come from that parent's own few."""
        if not parent or self._kind not in _NESTED:
            return self._member(self._by_rank[self._ranks.draw(rng)])
        count = 1 + (zlib.crc32(parent.encode()) % 997) % min(30, self._size)
        index = min(int(count * rng.random() ** 2), count - 1)
        return self._member(zlib.crc32(f"{parent}#{index}".encode()) % self._size)

    def unseen(self, rng: random.Random) -> str:
        """A value that does not exist."""
        if self._kind == "enum":
            return self.draw(rng, "")
        return value(self._kind, rng, self._size + rng.randrange(1000), self._spec)

    def _member(self, index: int) -> str:
        if index not in self._members:
            self._members[index] = value(self._kind, random.Random(f"{self._seed}/{index}"), index, self._spec)
        return self._members[index]


def _programs(corpus: dict[str, Any], seed: int) -> list[list[str | _Population]]:
    """Each template as static pieces and populations: one population for each place in the route tree."""
    populations: dict[tuple[Any, ...], _Population] = {}
    programs = []
    for template in corpus["templates"]:
        program: list[str | _Population] = []
        prefix = ""
        for piece in filter(None, re.split(r"(\{[^{}]+\})", template["template"])):
            if piece[0] != "{" or piece[-1] != "}":
                program.append(piece)
                prefix += piece
                continue
            spec = template["params"][piece[1:-1]]
            key: tuple[Any, ...] = (prefix, spec["kind"], str(spec.get("prefix")))
            if spec["kind"] == "enum":
                key += (tuple(spec["enum"]),)
            if key not in populations:
                populations[key] = _Population(spec["kind"], spec, f"{corpus['name']}/{seed}/{key}")
            program.append(populations[key])
            prefix += "{}"
        programs.append(program)
    return programs


def _noise(rng: random.Random, statics: list[str]) -> str:
    """A path that a scanner asks for."""
    share, pick = rng.random(), rng.choice
    if share < 0.45:
        return pick(SCANS)
    if share < 0.60:
        return "/" + pick(WORDS + TECHNICAL) + pick(["", ".php", ".bak", ".zip", ".asp", "/", ".old"])
    if share < 0.70:
        return "/" + pick(WORDS + TECHNICAL) + "/" + pick([*WORDS, *TECHNICAL, "admin", "login.php", ".env"])
    if share < 0.80:
        return pick(statics).rstrip("/") + "/" + pick([*WORDS, ".env", "wp-login.php", "admin", "config", "..;/admin"])
    if share < 0.90:
        junk = "".join(rng.choices(string.ascii_letters + string.digits, k=rng.randint(4, 24)))
        return "/" + junk + pick(["", ".php", ".html"])
    return "/" + "/".join(pick(WORDS) for _ in range(rng.randint(2, 8)))


def _status(rng: random.Random, method: str) -> tuple[int, bool]:
    """How a real request is answered, and whether it named a value that does not exist."""
    share = rng.random()
    if share < 0.05:
        return rng.choice([400, 401, 403, 404, 404, 404, 422, 429]), rng.random() < 0.5
    if share < 0.06:
        return rng.choice([500, 502, 503]), False
    if method == "POST" and share < 0.3:
        return 201, False
    if method == "GET" and share < 0.09:
        return 304, False
    return (204 if method == "DELETE" else 200), False


def _path(rng: random.Random, program: list[str | _Population], *, wrong: bool) -> str:
    path, parameters = "", 0
    for piece in program:
        if isinstance(piece, str):
            path += piece
            continue
        path += piece.unseen(rng) if wrong and piece is program[-1] else piece.draw(rng, path if parameters else "")
        parameters += 1
    return path


def traffic(
    corpus: dict[str, Any], count: int = 100_000, seed: int = 1, *, noise_status: int = 404
) -> Iterator[Exchange]:
    """*count* requests over the routes of *corpus*; the same arguments give the same requests."""
    rng = random.Random(f"{corpus['name']}/{seed}")
    templates = corpus["templates"]
    programs = _programs(corpus, seed)
    order = list(range(len(templates)))
    rng.shuffle(order)
    popularity = _Zipf(len(templates), 1.05)
    late = set(rng.sample(range(len(templates)), len(templates) // 20)) if len(templates) > 30 else set()
    statics = sorted({_static_prefix(template["template"]) for template in templates})
    for number in range(count):
        if rng.random() < 0.2:
            method = rng.choice(["GET", "GET", "GET", "POST", "HEAD"])
            yield Exchange(method, _noise(rng, statics), noise_status, NOISE)
            continue
        index = order[popularity.draw(rng)]
        while index in late and number < 0.3 * count:
            index = order[popularity.draw(rng)]
        method = rng.choice(templates[index]["methods"])
        status, wrong = _status(rng, method)
        yield Exchange(method, _path(rng, programs[index], wrong=wrong), status, index)


def _static_prefix(template: str) -> str:
    return "/" + "/".join(itertools.takewhile(lambda part: "{" not in part, template.strip("/").split("/")))
