"""Is a text a random identifier, that no person would write or read?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from otel_middleware.routing.lexicon import Lexicon

__all__ = ["is_identifier"]

LONG = 20  # random identifiers of one piece have at least about as many characters
DIGITS_IN_LONG = 5  # one character in so many of a long one with separators is a digit
MIN_ARTICLE, ARTICLE_DIGITS = 5, 3  # ABC-1234: capitals and a number of so many digits
MANY_RUNS, MIN_MANY_RUNS = 4, 5  # a1b2c: runs of letters and digits in so many characters
SOME_RUNS, MIN_SOME_RUNS = 3, 7  # x12abcd: the same, when the letters are no words
MIN_LEADING = 8  # 12ab34cd: the same, when it begins with a digit
MIN_HEX, HEX_DIGITS = 7, 2  # a shortened hash
MIN_CONSONANTS = 8  # characters of a text in which six consonants in a row are no abbreviation
CASE_RUN = 4  # the case of random letters changes more often than every so many characters
MIN_UNREADABLE = 16  # characters of a text that nobody can read
SHORT_NAME, REAL_NAME = 2, 4  # letters of a name that hardly is one, and of a known one that is no coincidence

_DIGIT = re.compile(r"\d")
_SEPARATOR = re.compile(r"[-_.~:]")
_RUN = re.compile(r"\d+|[A-Za-z]+")
_CAPITAL = re.compile(r"[A-Z]")
_MIXED_CASE = re.compile(r"[a-z].*[A-Z]|[A-Z].*[a-z]")
_HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")
_CONSONANTS = re.compile(r"[b-df-hj-np-tv-xz]{6}", re.IGNORECASE)
_CASE_CHANGE = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[a-z])")
_NAME = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_VOWEL = re.compile(r"[aeiouy]", re.IGNORECASE)
_TICKET = re.compile(r"(?:[A-Z]{2,10}[-_])+\d+")  # WEB-86
_PREFIXED = re.compile(r"(?:[a-z]{1,12}_){1,3}(?P<tail>[A-Za-z0-9]{8,})")  # cus_9s6XKzkNRiz8i3


def is_identifier(text: str, words: Lexicon) -> bool:
    """Whether *text* is random. Its words are looked up in *words* where the form alone does not tell."""
    if "_" in text and _is_prefixed(text, words):
        return True
    if len(text) >= MIN_UNREADABLE and _is_unreadable(text, words):
        return True
    digits = len(_DIGIT.findall(text))
    return _has_random_digits(text, digits, words) if digits else _has_random_letters(text)


def _is_prefixed(text: str, words: Lexicon) -> bool:
    match = _PREFIXED.fullmatch(text)
    if not match:
        return False
    tail = match["tail"]
    return bool(_DIGIT.search(tail)) or (bool(_MIXED_CASE.search(tail)) and not words.knows_all(tail))


def _has_random_digits(text: str, digits: int, words: Lexicon) -> bool:
    if len(text) >= LONG and (digits * DIGITS_IN_LONG >= len(text) or not _SEPARATOR.search(text)):
        return not words.knows_all(text)
    if digits >= ARTICLE_DIGITS and len(text) >= MIN_ARTICLE and _CAPITAL.search(text):
        return True
    if _TICKET.fullmatch(text):
        return True
    return any(_is_random_piece(piece, words) for piece in _SEPARATOR.split(text) if _DIGIT.search(piece))


def _is_random_piece(piece: str, words: Lexicon) -> bool:
    """Whether the part between two separators changes between letters and digits as no word does."""
    runs = len(_RUN.findall(piece))
    size = len(piece)
    if runs < SOME_RUNS:
        return size >= MIN_HEX and bool(_HEX.fullmatch(piece)) and len(_DIGIT.findall(piece)) >= HEX_DIGITS
    return (
        (runs >= MANY_RUNS and size >= MIN_MANY_RUNS)
        or (piece[0].isdigit() and size >= MIN_LEADING)
        or bool(_MIXED_CASE.search(piece))
        or (size >= MIN_SOME_RUNS and not words.knows_all(piece))
    )


def _is_unreadable(text: str, words: Lexicon) -> bool:
    """Whether *text* is one strange word in capitals, or half of its names cannot be said: ``JpYVRpevzyjs-WVcacjln``."""
    if text.isascii() and text.isalpha() and text.isupper():
        return not words.knows(text)
    if not _MIXED_CASE.search(text):
        return False
    names = _NAME.findall(text)
    if any(len(name) >= REAL_NAME and words.knows(name) for name in names):
        return False
    return 2 * sum(len(name) <= SHORT_NAME or not _VOWEL.search(name) for name in names) >= len(names)


def _has_random_letters(text: str) -> bool:
    if len(text) >= MIN_CONSONANTS and _CONSONANTS.search(text):
        return True
    return len(text) >= LONG and len(_CASE_CHANGE.findall(text)) * CASE_RUN > len(text)
