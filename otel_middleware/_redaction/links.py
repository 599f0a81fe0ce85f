"""Segments of paths that are secrets by the segment before them, or by their key."""

from __future__ import annotations

import re

__all__ = ["SECRET_LINK", "SECRET_PAIR", "SHORTEST_LINK", "may_have_link"]

SECRET_LINK = re.compile(
    r"/(?:[A-Za-z0-9]{1,32}[._-]){0,4}"
    r"(?:reset|verify|verification|invite|invites|invitation|invitations|confirm|confirmation|magic|unsubscribe|activate|activation)"
    r"(?:[._-]?(?:e-?mail|mail|password|account|user|address|registration|link|login|token|code|key|done|complete|confirm)){0,4}/"
    r"(?:([^/;?#]{20,})|[^/]{1,19}/(?=[^/]*[0-9])([^/;?#]{20,}))",
    re.IGNORECASE,
)
"""The segment after reset, verify, invite, confirm, magic, unsubscribe or activate when it has 20 characters or more, or the one
behind a shorter one when it has digits too (``/reset/MQ/c1abc-…``, as Django writes it)."""

SHORTEST_LINK = len("/reset/") + 20

_LINK_WORDS = ("reset", "verif", "invit", "confirm", "magic", "unsubscribe", "activat")

SECRET_PAIR = re.compile(r"(?<![^/;&,?#])([^/;&,?#=]+)=([^/;&,?#]*)")
"""A matrix parameter (``;jsessionid=…``) or a segment with a key (``/sig=…``)."""


def may_have_link(path: str) -> bool:
    """Whether *path* has a word that ``SECRET_LINK`` needs."""
    lowered = path.lower()
    return any(word in lowered for word in _LINK_WORDS)
