"""``otel_middleware.redactions``: how often which rule masked something in which place."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from opentelemetry.metrics import CallbackOptions, MeterProvider, Observation

from otel_middleware import _attributes as names
from otel_middleware._guard import guarded
from otel_middleware._per_provider import PerProvider
from otel_middleware._version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from otel_middleware.sanitization import Sanitizer

__all__ = ["count_redactions"]


class _Redactions:
    """An observable counter over the books that sanitizers keep: a redaction costs no metric call.

    Places and rules are those of the settings, so its attributes are bounded. What was masked before this provider's first stack
    with that sanitizer was built is not counted: a counter starts with its provider.

    Args:
        provider: Where the counter is created, in the scope ``otel_middleware``.
    """

    def __init__(self, provider: MeterProvider) -> None:
        self._watched: list[tuple[Sanitizer, Mapping[tuple[str, str], int]]] = []
        provider.get_meter("otel_middleware", __version__).create_observable_counter(
            "otel_middleware.redactions",
            [self._observe],
            unit="{redaction}",
            description="Values that were masked before they could be exported, by place and rule.",
        )

    def watch(self, sanitizer: Sanitizer) -> None:
        """Count what *sanitizer* masks from now on; once, however often it is said."""
        if not any(watched is sanitizer for watched, _ in self._watched):
            self._watched.append((sanitizer, _books(sanitizer)))

    def _observe(self, _options: CallbackOptions) -> Iterable[Observation]:
        counts: Counter[tuple[str, str]] = Counter()
        for sanitizer, before in tuple(self._watched):
            for cell, count in _books(sanitizer).items():
                counts[cell] += count - before.get(cell, 0)
        return [
            Observation(count, {names.REDACTION_PLACE: place, names.REDACTION_RULE: rule})
            for (place, rule), count in counts.items()
            if count
        ]


def _books(sanitizer: Sanitizer) -> Mapping[tuple[str, str], int]:
    return guarded("Sanitizer.redactions", sanitizer.redactions) or {}


_of_provider = PerProvider(_Redactions)


def count_redactions(provider: MeterProvider, sanitizer: Sanitizer | None) -> None:
    """Let *provider* observe what *sanitizer* masks; ``None`` masks nothing."""
    if sanitizer is not None:
        _of_provider.of(provider).watch(sanitizer)
