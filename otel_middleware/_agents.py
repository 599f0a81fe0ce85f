"""What upstream makes of a user agent, remembered: it is the same for every request of the same agent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_middleware import _attributes as names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from otel_middleware._exchange import Exchange
    from otel_middleware.sanitization import Sanitizer

__all__ = ["Agents"]

_MOST = 1_000
"""Agents that are remembered; the first come, since anyone can send any number of others."""

_NAMES = frozenset({names.OLD_HTTP_USER_AGENT, names.USER_AGENT_ORIGINAL, names.USER_AGENT_SYNTHETIC_TYPE})

_LONGEST = 512
"""Characters of an agent that is remembered."""

_SHOWN = 1_024
"""Characters of an agent that are reported."""


class Agents:
    """The user agents of one stack: sanitised, shown to upstream once, and what it proposed noted as facts from then on.

    Args:
        sanitizer: What is a secret; ``None`` shows agents as they are.
    """

    def __init__(self, sanitizer: Sanitizer | None) -> None:
        self._sanitizer = sanitizer
        self._known: dict[str, Mapping[str, Any]] = {}

    def to_show(self, exchange: Exchange) -> str | None:
        """The agent that upstream is to be shown; ``None`` when there is none, or what it says of it is noted already."""
        agent = exchange.request.header("user-agent")
        if not agent:
            return None
        known = self._known.get(agent)
        if known is not None:
            exchange.facts.update(known)
            return None
        return (agent if self._sanitizer is None else self._sanitizer.header("user-agent", agent))[:_SHOWN]

    def learn(self, exchange: Exchange) -> None:
        """Remember what upstream, which has just been asked, proposed for the agent that it was shown."""
        if not _NAMES.isdisjoint(exchange.facts):
            return
        agent = exchange.request.header("user-agent")
        if agent and len(agent) <= _LONGEST and len(self._known) < _MOST:
            self._known[agent] = {name: value for name, value in exchange.begun.items() if name in _NAMES}
