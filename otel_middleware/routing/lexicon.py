"""How much does a word look like a piece of a route, rather than a value somebody chose?

The lexicon (``lexicon.txt``) holds the words that programmers put into routes: identifier tokens of the Python standard
library, static words of public APIs, and words of the web in several languages. It is read when it is first asked for.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path

__all__ = ["Lexicon", "lexicon"]

# A name is cut where people cut it: at separators, digits, and changes of case (HTTPServer -> HTTP, Server).
_NAME = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_SUFFIX = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,4}$|[._-]v\d{1,2}(?=$|\.)")
_UNNUMBERED = frozenset({"latest", "stable"})
_VERSION = re.compile(r"v\d{1,3}(?:\.\d{1,3}){0,2}(?:(?:alpha|beta|rc)\d*)?")
_NUMERONYM = re.compile(
    r"(?<![a-z0-9])[a-z]\d{1,2}[a-z](?![a-z0-9])|oauth2|auth0|base64|utf8|ipv[46]|mp[34]|sha\d+|md5|s3|ec2|2fa|h264"
)
_DIGITS = re.compile(r"\d+")
_LONG_NUMBER = re.compile(r"\d{3}")
_ODD_CAPITALS = re.compile(r"[a-z][A-Z]{2,}|[A-Z]{2,}[a-z]|[a-z][A-Z][a-z]?[A-Z]|[A-Z]$")

UNKNOWN = 0.35  # likeness of a single word that is not in the lexicon
ODD = 0.1  # the same, in capitals that no route has
MAX_MEMO = 2048  # tokens that are remembered
MAX_ACRONYM = 3
MAX_TOKENS = 9  # nobody writes a static route of ten words
MAX_NUMBER = 2  # a year or an id has more digits than a static word would
MIN_COMPOUND = 7  # shorter words split into pieces by chance
MAX_COMPOUND = 32
MIN_PIECE = 3
MAX_PIECES = 4
LONG_HYPHENATED = 3  # more words than this, hyphenated, read like a headline


class Lexicon:
    """A set of words, and the judgement that rests on it.

    Args:
        words: Lower-case words.
    """

    def __init__(self, words: frozenset[str]) -> None:
        self._words = words
        self._known: dict[str, bool] = {}

    def knows(self, token: str) -> bool:
        """Whether *token*, an inflection of it, or all pieces of a compound are in the lexicon. Any case."""
        found = self._known.get(token)
        if found is None:
            if len(self._known) >= MAX_MEMO:
                self._known.clear()
            found = self._known[token] = self._looked_up(token.lower())
        return found

    def _looked_up(self, token: str) -> bool:
        if token in self._words or self._inflected(token):
            return True
        return MIN_COMPOUND <= len(token) <= MAX_COMPOUND and self._splits(token, MAX_PIECES)

    def knows_all(self, text: str) -> bool:
        """Whether there are names in *text* and the lexicon knows all of them."""
        names = None
        for names in _NAME.finditer(text):
            if not self.knows(names[0]):
                return False
        return names is not None

    def likeness(self, word: str) -> float:
        """How route-like *word* is, from 0 (somebody's value) to 1 (certainly a piece of a route)."""
        if word.islower() and word.isascii():  # by far the most frequent: judged without expressions
            if word.isalpha():
                return 1.0 if self.knows(word) or len(word) == 1 or word in _UNNUMBERED else UNKNOWN
            names = word.replace("_", "-").split("-")
            if all(map(str.isalpha, names)):
                return self._judged(word, names, has_number=False)
        if (word[:1] == "v" and _VERSION.fullmatch(word)) or (len(word) == 1 and word.isascii() and word.isalpha()):
            return 1.0
        return 0.0 if not word.isascii() or " " in word else self._of_mixed(word)

    def _of_mixed(self, word: str) -> float:
        """The same for capitals, digits and other separators."""
        if len(word) <= MAX_ACRONYM and word.isupper():
            return 0.3 if self.knows(word) else ODD  # an acronym; a country or an airport
        stem = _SUFFIX.sub("", word) if "." in word or "v" in word else word
        numbers: list[str] = []
        if _DIGITS.search(stem):
            if _LONG_NUMBER.search(stem) and "sha" not in stem and "h264" not in stem:
                return 0.0
            stem = _NUMERONYM.sub("", stem)
            numbers = _DIGITS.findall(stem)
            if len(numbers) > 1 or (numbers and len(numbers[0]) > MAX_NUMBER):
                return 0.0
            if numbers and len(stem) > MAX_ACRONYM and stem.isupper():
                return ODD  # SAVE20
        return self._judged(stem, _NAME.findall(stem), has_number=bool(numbers))

    def _judged(self, stem: str, names: list[str], *, has_number: bool) -> float:
        if len(names) > MAX_TOKENS or (stem and not names):
            return 0.0
        if len(names) > 1:
            names = [name for name in names if len(name) > 1]
        known = sum(map(self.knows, names))
        if known == len(names):
            headline = len(names) > LONG_HYPHENATED and "-" in stem
            if has_number:
                return 0.7 if headline or not names else 0.85
            return 0.8 if headline else 1.0
        if has_number:
            return 0.0
        if len(names) == 1:
            return ODD if _ODD_CAPITALS.search(stem) else UNKNOWN
        return max(0.05, 0.25 - 0.05 * (len(names) - 1)) + 0.3 * known / len(names)

    def _inflected(self, token: str) -> bool:
        if token[-1] not in "sdg":
            return False
        words = self._words
        for ending in ("s", "es", "ed", "d", "ing"):
            if token.endswith(ending) and len(token) - len(ending) >= MIN_PIECE and token[: -len(ending)] in words:
                return True
        if token.endswith("ies"):
            return token[:-3] + "y" in words
        return token.endswith("ing") and token[:-3] + "e" in words

    def _splits(self, token: str, pieces: int) -> bool:
        words = self._words
        if token in words:
            return True
        if pieces > 1:
            for cut in range(len(token) - MIN_PIECE, MIN_PIECE - 1, -1):
                if token[:cut] in words and self._splits(token[cut:], pieces - 1):
                    return True
        return False


@functools.cache
def lexicon() -> Lexicon:
    """The lexicon that is shipped with the package, read once (a few milliseconds)."""
    lines = Path(__file__).with_name("lexicon.txt").read_text(encoding="utf-8").splitlines()
    return Lexicon(frozenset(word for line in lines if not line.startswith("#") for word in line.split()))
