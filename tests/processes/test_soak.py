"""A short soak: mixed requests through real servers leave nothing behind; ``python -m benchmarks soak`` sends a million."""

from __future__ import annotations

import pytest

from benchmarks.soak import SERVERS, faults, soak

REQUESTS, STAGES = 2_000, 5
GROWTH = 0.1
"""Resident memory may grow by this after three of five short stages: caches and bounded tables are still filling."""


@pytest.mark.parametrize("server", SERVERS)
def test_a_short_soak_leaves_nothing_behind(server):
    """Every request is answered as it must be; memory is flat, and no request, task, thread, descriptor or log line is left."""
    pytest.importorskip(server)
    result = soak(server, REQUESTS, STAGES)

    assert faults(result, growth=GROWTH) == []
    assert sum(result["answered"].values()) == REQUESTS
    assert result["told"][-1]["spans"] > REQUESTS * 0.9  # the server itself refuses some of the hostile ones


HELD = {"exchanges": 0, "tasks": 1, "threads": 3, "descriptors": 17, "log lines": 0, "said": [], "resident MB": 50.0}


@pytest.mark.parametrize(
    ("change", "answered", "named"),
    [
        ({"exchanges": 1}, {}, "exchanges"),
        ({"tasks": 2}, {}, "tasks"),
        ({"threads": 4}, {}, "threads"),
        ({"descriptors": 18}, {}, "descriptors"),
        ({"log lines": 1, "said": ["oh"]}, {}, "oh"),
        ({"resident MB": 60.0}, {}, "resident MB"),
        ({}, {"raises: 200": 1}, "raises: 200"),
    ],
)
def test_what_stays_behind_is_named(change, answered, named):
    """The verdict can be bad: each kind of leak, and each wrong answer, is a line of it."""
    result = {"told": [HELD, HELD, HELD, HELD, HELD | change], "answered": {"answered": 9, **answered}}

    assert any(named in line for line in faults(result))
    assert faults({**result, "told": [HELD] * 5, "answered": {"answered": 9}}) == []
