"""The goals: added cost of the whole stack as a share of what upstream, or the official instrumentor, adds alone."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["EXCLUDED", "GATED", "GOALS", "Goal", "Ratio", "ratio_of"]

TOLERANCE = 1.05
"""How far above a goal a gate lets a figure be."""


class Goal(NamedTuple):
    """One row: *ours* over *theirs*, two variants of *group*."""

    title: str
    group: str
    ours: str
    theirs: str
    instructions: float
    time: float
    stretch: float


GOALS = (
    Goal("ASGI bare app / upstream with send and receive spans off", "asgi", "ours", "lean", 0.75, 0.85, 0.62),
    Goal("ASGI bare app / upstream default", "asgi", "ours", "default", 0.58, 0.64, 0.48),
    Goal("WSGI bare app / upstream", "wsgi", "ours", "default", 0.88, 0.94, 0.75),
    Goal(
        "FastAPI, 200 routes, last hit / FastAPIInstrumentor without send and receive spans",
        "fastapi",
        "ours",
        "instrumentor",
        0.20,
        0.24,
        0.13,
    ),
    Goal("Flask, 200 routes, last hit / FlaskInstrumentor", "flask", "ours", "instrumentor", 0.60, 0.66, 0.50),
    Goal(
        "unsampled, ASGI / upstream unsampled (send and receive off)",
        "asgi settings",
        "ours, unsampled",
        "lean, unsampled",
        0.78,
        0.92,
        0.60,
    ),
    Goal("unsampled, WSGI / upstream unsampled", "wsgi settings", "ours, unsampled", "lean, unsampled", 1.0, 1.1, 0.8),
    Goal(
        "three captured headers, sanitised / upstream with the same",
        "asgi captured",
        "ours",
        "lean",
        0.70,
        0.75,
        0.55,
    ),
    Goal("100-chunk stream / upstream with send and receive spans off", "asgi stream", "ours", "lean", 0.7, 0.75, 0.4),
)
GATED = GOALS[:3]

EXCLUDED = (("asgi excluded", "ASGI"), ("wsgi excluded", "WSGI"))
EXCLUDED_BESIDE = ("asgi excluded", "lean")
"""Upstream's own exclusion; it has none on WSGI."""
EXCLUDED_GOAL, EXCLUDED_STRETCH, EXCLUDED_UPSTREAM = 1.5, 0.8, 4.0
"""Microseconds that an excluded request may cost on a machine where upstream's own takes 4.0."""


class Ratio(NamedTuple):
    """What was measured for one goal; ``None`` where it was not."""

    goal: Goal
    instructions: float | None
    time: float | None

    def within(self, tolerance=1.0):
        """Tell whether both figures are at most *tolerance* times their goals."""
        pairs = ((self.instructions, self.goal.instructions), (self.time, self.goal.time))
        return all(measured is None or measured <= goal * tolerance for measured, goal in pairs)


def ratio_of(goal, instructions, time):
    """Return the ratio of *goal* from figures by group and variant; either may lack the group."""
    return Ratio(goal, *(_ratio(goal, figures.get(goal.group)) for figures in (instructions, time)))


def _ratio(goal, figures):
    return None if figures is None else figures[goal.ours] / figures[goal.theirs]
