"""What others do, re-expressed for measurement after reading their sources; no code is theirs.

Each has ``name(method, path, status)``, called once per finished request. The bigram model in ``obi_bigrams.json`` is OBI's
(OpenTelemetry eBPF Instrumentation, Apache-2.0; trained by its authors for go-gibberish, MIT).
"""

from __future__ import annotations

import itertools
import json
import math
import random
import re
from pathlib import Path
from typing import Any

__all__ = ["PEERS"]

Tree = dict[str, Any]


class RawPath:
    """The path itself, as upstream's generic middleware does."""

    def name(self, method: str, path: str, _: int) -> str:
        return f"{method} {path}"


class MethodOnly:
    """The method alone, what semantic conventions ask for without a route."""

    def name(self, method: str, _: str, __: int) -> str:
        return method


class ObiHeuristic:
    """OBI: a segment with digits or gibberish becomes ``*``; ten segments; one odd byte is forgiven at the second place."""

    _VALID = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_. ")
    _SEGMENTS = 10
    _MEMO = 8192

    def __init__(self) -> None:
        model = json.loads(Path(__file__).with_name("obi_bigrams.json").read_text(encoding="utf-8"))
        self._likelihood = model["Occurrences"]
        self._threshold = model["Threshold"]
        self._position = {chr(int(code)): index for code, index in model["Positions"].items()}
        self._words: dict[str, bool] = {}

    def name(self, method: str, path: str, _: int) -> str:
        return f"{method} {self.clustered(path)}"

    def clustered(self, path: str) -> str:
        parts = re.split(r"[?&#]", path, maxsplit=1)[0].split("/")
        return "/".join(part and self._segment(part) for part in parts[: self._SEGMENTS])

    def _segment(self, segment: str) -> str:
        forgiven = False
        for index, byte in enumerate(segment.encode("utf-8", "replace")):
            if chr(byte) in self._VALID:
                continue
            if forgiven or index != 1:
                return "*"
            forgiven = True
        return segment if self._is_word(segment) else "*"

    def _is_word(self, segment: str) -> bool:
        if segment in self._words:
            return True
        *first, last = re.split(r"[-_.]", segment)
        if any(not piece or self._is_gibberish(piece) for piece in first) or (last and self._is_gibberish(last)):
            return False
        if len(self._words) >= self._MEMO:
            self._words.pop(next(iter(self._words)))
        self._words[segment] = True
        return True

    def _is_gibberish(self, piece: str) -> bool:
        places = [self._position[letter] for letter in piece.lower() if letter in self._position]
        pairs = list(itertools.pairwise(places))
        total = sum(self._likelihood[first][second] for first, second in pairs)
        return math.exp(total / (len(pairs) or 1)) <= self._threshold


class _Place:
    __slots__ = ("children", "collapsed")

    def __init__(self) -> None:
        self.children: dict[str, _Place] = {}
        self.collapsed = False


class ObiLowCardinality(ObiHeuristic):
    """OBI's tree behind its heuristic: a place with more than ten children becomes ``*``."""

    def __init__(self, most: int = 10) -> None:
        super().__init__()
        self._root = _Place()
        self._most = most

    def name(self, method: str, path: str, _: int) -> str:
        clustered = self.clustered(path)
        if clustered.strip("/") == "":
            return f"{method} {clustered}"
        place, parts = self._root, []
        for part in clustered.strip("/").split("/"):
            kept, place = self._step(place, part) if part else ("", place)
            parts.append(kept)
        return f"{method} /" + "/".join(parts)

    def _step(self, place: _Place, part: str) -> tuple[str, _Place]:
        if place.collapsed:
            return "*", place.children.setdefault("*", _Place())
        if part in place.children:
            return part, place.children[part]
        if len(place.children) >= self._most:
            self._collapse(place)
            return "*", place.children["*"]
        place.children[part] = _Place()
        return part, place.children[part]

    def _collapse(self, place: _Place) -> None:
        if place.collapsed:
            return
        place.collapsed = True
        any_child = place.children.pop("*", None) or _Place()
        for child in place.children.values():
            self._merge(any_child, child)
        place.children = {"*": any_child}
        if len(any_child.children) > self._most:
            self._collapse(any_child)

    def _merge(self, target: _Place, source: _Place) -> None:
        for part, child in source.children.items():
            if part in target.children:
                self._merge(target.children[part], child)
            else:
                target.children[part] = child


class Datadog:
    """Datadog's simplified endpoints: eight segments, five patterns; a 404 is the method alone."""

    _PATTERNS = (
        (re.compile(r"[1-9][0-9]+"), "{param:int}"),
        (re.compile(r"(?=.*[0-9].*)[0-9._-]{3,}"), "{param:int_id}"),
        (re.compile(r"(?=.*[0-9].*)[A-Fa-f0-9]{6,}"), "{param:hex}"),
        (re.compile(r"(?=.*[0-9].*)[A-Fa-f0-9._-]{6,}"), "{param:hex_id}"),
        (re.compile(r".{20,}|.*[%&'()*+,:=@].*"), "{param:str}"),
    )

    def name(self, method: str, path: str, status: int) -> str:
        if status == 404:
            return method
        parts = [part for part in path.split("?", maxsplit=1)[0].split("/") if part][:8]
        return f"{method} /" + "/".join(map(self._part, parts))

    def _part(self, part: str) -> str:
        return next((label for pattern, label in self._PATTERNS if pattern.fullmatch(part)), part)


class SentryRelay:
    """Sentry Relay: patterns, then rules that its tree clusterer finds in up to 2,000 sampled names every 10,000 requests."""

    _PATTERN = re.compile(
        r"""(?P<uuid>[^/\\]*\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b[^/\\]*)|
        (?P<sha1>[^/\\]*\b[0-9a-fA-F]{40}\b[^/\\]*)|(?P<md5>[^/\\]*\b[0-9a-fA-F]{32}\b[^/\\]*)|
        (?P<date>[^/\\]*(?:(?:\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d\.\d+([+-][0-2]\d:[0-5]\d|Z))|
          (?:\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d([+-][0-2]\d:[0-5]\d|Z))|
          (?:\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d([+-][0-2]\d:[0-5]\d|Z)))[^/\\]*)|
        (?P<hex>[^/\\]*\b0[xX][0-9a-fA-F]+\b[^/\\]*)|(?:^|[/\\])(?P<int>(:?[^%/\\]|%[0-9a-fA-F]{2})*\d{2,}[^/\\]*)""",
        re.VERBOSE,
    )

    def __init__(self, every: int = 10_000, threshold: int = 100, most: int = 2000) -> None:
        self._every, self._threshold, self._most = every, threshold, most
        self._requests = 0
        self._names: dict[str, None] = {}
        self._rules: list[tuple[str, ...]] = []
        self._random = random.Random(0)

    def name(self, method: str, path: str, status: int) -> str:
        cleaned = self._PATTERN.sub(_starred, path)
        if status != 404:
            self._sample(cleaned)
        self._requests += 1
        if self._requests % self._every == 0:
            self._learn()
        return f"{method} " + "/".join(self._ruled(cleaned.split("/")))

    def _sample(self, cleaned: str) -> None:
        if cleaned not in self._names and len(self._names) >= self._most:
            lucky = self._random.random() < 0.01
            self._names.pop(self._random.choice(list(self._names)) if lucky else next(iter(self._names)))
        self._names[cleaned] = None

    def _ruled(self, parts: list[str]) -> list[str]:
        for rule in self._rules:
            pairs = list(zip(rule, parts, strict=False))
            if len(parts) >= len(rule) and all(mask in ("*", part) for mask, part in pairs):
                return ["*" if mask == "*" and part else part for mask, part in pairs] + parts[len(rule) :]
        return parts

    def _learn(self) -> None:
        root: Tree = {}
        for name in self._names:
            place = root
            for part in name.split("/"):
                place = place.setdefault(part, {})
        found: list[tuple[str, ...]] = []
        self._walk(root, (), found)
        rules = {rule for rule in found if any(part not in ("*", "") for part in rule)} | set(self._rules)
        self._rules = sorted(rules, key=lambda rule: (-len(rule), rule.count("*"), rule))
        self._names = {}

    def _walk(self, place: Tree, prefix: tuple[str, ...], found: list[tuple[str, ...]]) -> None:
        if len(place) >= self._threshold:
            together: Tree = {}
            for child in place.values():
                _merge(together, child)
            found.append((*prefix, "*"))
            self._walk(together, (*prefix, "*"), found)
            return
        for part, child in place.items():
            self._walk(child, (*prefix, part), found)


def _starred(match: re.Match[str]) -> str:
    start, end = match.span(match.lastgroup or 0)
    text, offset = match.group(), match.start()
    return text[: start - offset] + "*" + text[end - offset :]


def _merge(target: Tree, source: Tree) -> None:
    for part, child in source.items():
        _merge(target.setdefault(part, {}), child)


PEERS: dict[str, type[Any]] = {
    "raw path": RawPath,
    "method only": MethodOnly,
    "OBI heuristic": ObiHeuristic,
    "OBI low-cardinality (10)": ObiLowCardinality,
    "Datadog": Datadog,
    "Sentry Relay": SentryRelay,
}
"""Constructors by name."""
