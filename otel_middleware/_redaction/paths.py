"""Paths that are declared as templates whose placeholders are secrets."""

from __future__ import annotations

import re

__all__ = ["declared_path"]

_PLACEHOLDER = re.compile(r"\{[^{}/:]*(?::([^{}/]*))?\}|<(?:([^<>/:]*):)?[^<>/]*>|(?<=/):[A-Za-z_]\w*|(?<=/)(\*)\w*")


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
