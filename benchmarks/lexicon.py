"""Where the lexicon of inference comes from: ``python -m benchmarks.lexicon`` prints its two derived sections.

Words of the standard library stand for the language of programmers, static words of the open corpora for the language of
routes. The first section of ``otel_middleware/routing/lexicon.txt`` is written by hand. The lexicon does not depend on the
Python that runs the application: the file is shipped, and was made with Python 3.11.
"""

from __future__ import annotations

import re
import sysconfig
import textwrap
import tokenize
from collections import Counter
from pathlib import Path

from benchmarks.inference import corpora

LEXICON = Path(__file__).parents[1] / "otel_middleware" / "routing" / "lexicon.txt"
MIN_LETTERS = 3
MIN_MODULES = 3  # a word in fewer modules may be a name

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_LEFT_OUT = {"encodings", "ensurepip", "idlelib", "lib2to3", "site-packages", "test", "tests", "turtledemo"}


def words_of(text):
    """The words that *text* is made of, in lower case, short ones left out."""
    return {word.lower() for word in _WORD.findall(text) if len(word) >= MIN_LETTERS}


def standard_library():
    """Words of identifiers in several modules of the standard library."""
    root = Path(sysconfig.get_paths()["stdlib"])
    modules = Counter()
    for file in sorted(root.rglob("*.py")):
        if not _LEFT_OUT.intersection(file.relative_to(root).parts):
            modules.update(_identifier_words(file))
    return {word for word, count in modules.items() if count >= MIN_MODULES}


def _identifier_words(file):
    try:
        with tokenize.open(file) as source:
            names = {token.string for token in tokenize.generate_tokens(source.readline) if token.type == tokenize.NAME}
    except (SyntaxError, tokenize.TokenError):
        return set()
    return set().union(*map(words_of, names)) if names else set()


def static_words():
    """Words of the static segments of the open corpora."""
    segments = [
        segment
        for corpus in corpora(["open"])
        for template in corpus["templates"]
        for segment in template["template"].split("/")
    ]
    return set().union(*(words_of(segment) for segment in segments if "{" not in segment))


def by_hand():
    """The section of the lexicon that is written by hand: the first one."""
    text = LEXICON.read_text(encoding="utf-8").split("# Derived")[0]
    return {word for line in text.splitlines() if not line.startswith("#") for word in line.split()}


def main():
    """Print the derived sections."""
    known = by_hand()
    library = standard_library() - known
    for words in (library, static_words() - library - known):
        print(textwrap.fill(" ".join(sorted(words)), width=118), end="\n\n")


if __name__ == "__main__":
    main()
