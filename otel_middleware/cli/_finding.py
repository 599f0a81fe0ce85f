"""One finding of the doctor."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["CODES", "Finding"]

CODES = {
    "double": "somebody else instruments the application too",
    "order": "layers stand in an order that does not work",
    "no-provider": "no SDK is set up, so nothing leaves the process",
    "disabled": "the environment switches telemetry off",
    "exporter": "the collector cannot be reached",
    "fork": "telemetry is set up before the server forks",
    "noise": "spans that nobody wants to pay for",
    "secret": "a planted secret is exported",
    "names": "each path has a name or a series of its own",
    "missing": "a request left no span",
    "broken": "a plain request makes the application fail",
    "hostile": "hostile input makes the application fail",
    "warning": "this package warned about something",
}
"""The kinds of findings, as ``--ignore`` takes them."""


class Finding(NamedTuple):
    """What is wrong, and what helps.

    Attributes:
        code: One of ``CODES``.
        problem: In one sentence.
        remedy: What to do.
    """

    code: str
    problem: str
    remedy: str
