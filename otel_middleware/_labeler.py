"""Upstream's ``Labeler``: attributes that an application adds to the metrics of its request.

``opentelemetry.instrumentation._labeler`` exists in newer releases; upstream's own middleware does not read it yet. It is looked
at only where somebody has imported it: an application that labels has.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from opentelemetry.context import get_value, set_value

from otel_middleware._upstream import LABELER, LABELER_CONTEXT_KEY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opentelemetry.context import Context

__all__ = ["labels_are_used", "labels_in", "with_labeler"]


def labels_are_used() -> bool:
    """Whether anybody has imported the labeler."""
    return LABELER in sys.modules


def with_labeler(context: Context) -> Context:
    """*context* with a labeler of its own, which threads and tasks that carry the context share."""
    module = sys.modules.get(LABELER)
    key = None if module is None else _key_of(module)
    return context if key is None else set_value(key, module.Labeler(), context)  # type: ignore[union-attr]  # it has a key


def labels_in(*contexts: Context | None) -> Mapping[str, Any]:
    """What was added to the labelers of *contexts*, the first of a name; never raises."""
    key = _key_of(sys.modules.get(LABELER))
    if key is None:
        return {}
    found: dict[str, Any] = {}
    for context in contexts:
        labeler = None if context is None else get_value(key, context)
        found = {**getattr(labeler, "get_attributes", dict)(), **found}
    return found


def _key_of(module: Any) -> str | None:
    key = None if module is None else getattr(getattr(module, "_internal", None), LABELER_CONTEXT_KEY, None)
    return key if isinstance(key, str) else None
