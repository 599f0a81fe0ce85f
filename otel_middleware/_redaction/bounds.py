"""What a value may look like before it is read and after: how long it is, and which characters may not stand in it."""

from __future__ import annotations

import re

__all__ = [
    "MAX_INPUT",
    "MAX_LENGTH",
    "SURROGATES",
    "cut_input",
    "encoded_controls",
    "joined_lines",
    "one_line",
    "prose_of",
]

MAX_LENGTH = 16_384
"""Longest text that is given back, in characters. RFC 9110, section 4.1, asks for URLs of 8,000 octets at least."""

MAX_INPUT = 131_072
"""Characters of a value that are looked at; the rest is dropped, back to the last separator, before anything is masked."""

SURROGATES = re.compile("[\ud800-\udfff]")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROLS_IN_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")
_LINE_ENDS = re.compile(r"[\r\n]+")


def cut_input(text: str, separators: str) -> str:
    """Drop what is too much, back to a separator: half a secret might not be known for one."""
    if len(text) <= MAX_INPUT:
        return text
    text = text[:MAX_INPUT]
    return text[: max(map(text.rfind, separators)) + 1]


def encoded_controls(text: str) -> str:
    """*text* with its control characters percent-encoded, for queries, paths and URLs."""
    if text.isascii() and text.isprintable():
        return text
    text = SURROGATES.sub("\ufffd", text)
    return _CONTROLS.sub(lambda control: "".join(f"%{byte:02X}" for byte in control[0].encode()), text)


def one_line(text: str) -> str:
    """*text* with spaces for its control characters, line ends among them."""
    return SURROGATES.sub("\ufffd", _CONTROLS.sub(" ", text))


def prose_of(text: str) -> str:
    """*text* with spaces for its control characters, but for tabs and line ends."""
    if text.isascii() and text.isprintable():
        return text
    return SURROGATES.sub("\ufffd", _CONTROLS_IN_TEXT.sub(" ", text))


def joined_lines(text: str) -> str:
    """*text* with a space for its line ends."""
    return _LINE_ENDS.sub(" ", text)
