"""Do learned names tell routes apart? ``InferredRoutes`` and the peers on the same traffic.

python -m benchmarks.inference [--corpora shop,github] [--requests 100000] [--seed 1] [--ours] [--hard] [--ablations]

Prints a table in Markdown: the open corpora, made of public APIs and a shop, and our own, hand-written in other styles.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import inference_values
from benchmarks.inference_peers import PEERS
from benchmarks.inference_scores import Method, Scores, mean, score
from benchmarks.inference_traffic import Exchange, traffic
from benchmarks.inference_variants import ABLATIONS, Ours
from otel_middleware.routing.lexicon import lexicon

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["Ours", "main"]

CORPORA = Path(__file__).with_name("corpora")
SETS = {"open": "open 4", "validation": "our own 18"}
COLUMNS = [
    "F1",
    "precision",
    "recall",
    "exact",
    "names / true",
    "names on noise",
    "worst corpus F1",
    "renamed",
    "hot us",
    "new us",
]
HEAD = f"| set | method | {' | '.join(COLUMNS)} |\n|---|---|{'--:|' * len(COLUMNS)}"


OURS: dict[str, type[Method]] = {"**InferredRoutes**": Ours}
METHODS: dict[str, type[Method]] = {**PEERS, **OURS}
VOCABULARIES = ("WORDS", "FIRST_NAMES", "LAST_NAMES", "TECHNICAL")
SHORTEST = 4  # letters of a word that is a value


def corpora(names: Sequence[str] = ()) -> Iterator[dict[str, Any]]:
    """The corpora of these names or sets; all when there are none."""
    for file in sorted(CORPORA.glob("*.json")):
        corpus = json.loads(file.read_text(encoding="utf-8"))
        if not names or corpus["name"] in names or corpus["split"] in names:
            yield corpus


def scores_of(
    names: Sequence[str], count: int, seed: int, methods: dict[str, type[Method]]
) -> dict[tuple[str, str], list[Scores]]:
    """The scores of every one of *methods* on every corpus, by set and method."""
    found: dict[tuple[str, str], list[Scores]] = {}
    for corpus in corpora(names):
        exchanges = list(traffic(corpus, count, seed))
        unseen = unseen_in(exchanges, traffic(corpus, count // 4, seed + 1))
        for name, make in methods.items():
            found.setdefault((corpus["split"], name), []).append(score(corpus, make(), exchanges, unseen))
    return found


def unseen_in(exchanges: Sequence[Exchange], others: Iterable[Exchange]) -> list[Exchange]:
    """Those of *others* that were served and whose paths are not in *exchanges*, each path once."""
    seen = {exchange.path for exchange in exchanges}
    fresh = {other.path: other for other in others if other.status == 200 and other.path not in seen}
    return list(fresh.values())


def row(label: str, name: str, scores: Sequence[Scores]) -> str:
    """One line of the table."""
    total = mean(scores)
    shares = f"{total.f1:.3f} | {total.precision:.3f} | {total.recall:.3f} | {total.exact:.3f}"
    worst = min(each.f1 for each in scores)
    return (
        f"| {label} | {name} | {shares} | {total.names:.1f} | {total.noise:,.0f} | {worst:.3f} | {total.renamed:.1%} "
        f"| {total.hot:.1f} | {total.new:.1f} |"
    )


def speak_like_routes() -> None:
    """Let all values that are made of words be made of words that routes are made of."""
    words = sorted(word for word in lexicon()._words if len(word) >= SHORTEST)  # noqa: SLF001 - what it knows, as a list
    for vocabulary in VOCABULARIES:
        setattr(inference_values, vocabulary, words)


def print_ablations(names: Sequence[str], count: int, seed: int) -> None:
    """One line for each set and ablation; the hard vocabulary comes last, because it stays."""
    for name, (method, condition) in ABLATIONS.items():
        with condition():
            _print_rows(scores_of(names, count, seed, {name: method}))
    speak_like_routes()
    _print_rows(scores_of(names, count, seed, {"hard vocabulary": Ours}))


def _print_rows(scores: dict[tuple[str, str], list[Scores]]) -> None:
    for (split, name), each in sorted(scores.items()):
        print(row(SETS.get(split, split), name, each), flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", default="", help="names of corpora, or open, or validation; comma-separated")
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ours", action="store_true", help="without the peers")
    parser.add_argument("--ablations", action="store_true", help="InferredRoutes without its parts, instead")
    parser.add_argument("--hard", action="store_true", help="slugs and names are made of the lexicon's own words")
    options = parser.parse_args(arguments)
    if options.hard:
        speak_like_routes()
    names = [each for each in options.corpora.split(",") if each]
    print(HEAD)
    if options.ablations:
        print_ablations(names, options.requests, options.seed)
        return
    for (split, name), scores in sorted(
        scores_of(names, options.requests, options.seed, OURS if options.ours else METHODS).items(),
        key=lambda item: (item[0][0], list(METHODS).index(item[0][1])),
    ):
        print(row(SETS.get(split, split), name, scores))


if __name__ == "__main__":
    main()
