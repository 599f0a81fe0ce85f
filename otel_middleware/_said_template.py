"""A template that the application says of one request: nobody has declared it, and it may be made of what the request sent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from otel_middleware._redaction.bounds import encoded_controls

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["said_template"]

_LONGEST = 1_024
_PLACEHOLDER = re.compile(r"\{[^{}/]*\}|<[^<>/]*>")


def said_template(template: Any, clean: Callable[[str], str] | None) -> str | None:
    """*template* as it may be shown: on one line, of at most 1,024 characters, without secrets; ``None`` for what is none.

    Args:
        template: What the application said.
        clean: ``Sanitizer.path``, which must not take a long name of a placeholder for a secret; ``None`` shows all.
    """
    if not isinstance(template, str) or not template:
        return None
    shown = encoded_controls(template[:_LONGEST])
    if clean is None:
        return shown
    bare = _PLACEHOLDER.sub("{}", shown)
    safe = clean(bare)
    return shown if safe == bare else safe
