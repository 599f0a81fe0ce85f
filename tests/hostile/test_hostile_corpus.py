"""Every request of the corpus: answered as if nothing stood around the application, and reported by the conventions."""

from __future__ import annotations

from collections import Counter

import pytest
from bench import OPTIONS, problems_of
from corpus import ENTRIES, THEMES
from sides import seen


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("theme", THEMES)
def test_the_hostile_are_served_and_reported(theme, options):
    """Applications answer as their bare selves do; one valid span for each, metrics that agree, and no log line."""
    assert problems_of(THEMES[theme], options) == {}


def test_entries_are_distinct():
    """No two entries of a protocol are the same request, or have the same name; each has a reason."""
    names = Counter((entry.protocol, entry.name) for entry in ENTRIES)
    carriers = {}
    for entry in ENTRIES:
        carriers.setdefault((entry.protocol, seen(entry.carrier())), []).append(entry.name)

    assert [name for name, count in names.items() if count > 1] == []
    assert [alike for alike in carriers.values() if len(alike) > 1] == []
    assert all(entry.reason for entry in ENTRIES)
    assert {protocol: count >= 300 for protocol, count in Counter(entry.protocol for entry in ENTRIES).items()} == {
        "asgi": True,
        "wsgi": True,
    }
