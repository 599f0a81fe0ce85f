"""Paths whose segments are secrets: declared as templates or regexes, or known by the segment before."""

from __future__ import annotations

import re

__all__ = ["SECRET_LINK", "SECRET_PAIR", "SHORTEST_LINK", "declared_path", "may_have_link"]

_PLACEHOLDER = re.compile(r"\{[^{}/:]*(?::([^{}/]*))?\}|<(?:([^<>/:]*):)?[^<>/]*>|(?<=/):[A-Za-z_]\w*|(?<=/)(\*)\w*")

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


def declared_path(path: str) -> re.Pattern[str]:
    """A regex for a template, whose placeholders are groups, that matches it and all that is below it, in any case.

    Raises:
        ValueError: When it does not start with ``/``, has no placeholder, or a brace that belongs to none.
    """
    pattern, at = "", 0
    for placeholder in _PLACEHOLDER.finditer(path):
        pattern += re.escape(path[at : placeholder.start()])
        pattern += "(.+)" if placeholder[3] or "path" in placeholder.groups() else "([^/]+)"
        at = placeholder.end()
    if not path.startswith("/") or at == 0 or re.search(r"[{}<>]", _PLACEHOLDER.sub("", path)):
        raise ValueError("not a template that starts with / and has a placeholder such as {token}")
    return re.compile(r"\A" + pattern + re.escape(path[at:].rstrip("/")) + r"(?=/|\Z)", re.IGNORECASE | re.DOTALL)
