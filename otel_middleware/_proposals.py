"""What upstream proposes for a request, and what it proposed before for requests of the same kind.

In stable conventions upstream makes the same span attributes and metric attributes of every request of one method, scheme and
protocol version; only the path and the user agent differ. It is asked once for each kind and each agent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_middleware import _attributes as names
from otel_middleware._upstream import DURATION_NEW, REQUEST_SIZES, RESPONSE_SIZES
from otel_middleware._wire import SCHEMES, VERSIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opentelemetry.metrics import Histogram
    from opentelemetry.trace import Tracer

    from otel_middleware._active_requests import ActiveRequests
    from otel_middleware._exchange import Exchange
    from otel_middleware.sanitization import Sanitizer

__all__ = ["Agents", "Kind", "Kinds", "Proposal"]

Kind = tuple[str, str, str, "str | None"]
"""``http`` or ``websocket``, method, scheme, protocol version."""

_MOST_AGENTS = 1_000
"""Agents that are remembered; the first come, since anyone can send any number of others."""

_LONGEST = 512
"""Characters of an agent that is remembered."""

_MOST_KINDS = 256
"""Kinds that are remembered; with ``OTEL_PYTHON_INSTRUMENTATION_HTTP_CAPTURE_ALL_METHODS`` anyone can make up methods."""

_SHOWN = 1_024
"""Characters of an agent that are reported."""

_OF_AGENTS = frozenset({names.OLD_HTTP_USER_AGENT, names.USER_AGENT_ORIGINAL, names.USER_AGENT_SYNTHETIC_TYPE})
_OF_KINDS = frozenset({names.HTTP_REQUEST_METHOD, names.URL_SCHEME, names.NETWORK_PROTOCOL_VERSION})
_SETTLED = frozenset({DURATION_NEW, REQUEST_SIZES[DURATION_NEW], RESPONSE_SIZES[DURATION_NEW]})
"""Histograms whose amounts are not upstream's."""


class Proposal:
    """A server span and its metrics as upstream would make them; filled while upstream is asked.

    Attributes:
        tracer: Upstream's; ``None`` when it starts no span.
        attributes: Of the span.
        records: Name, histogram, amount and attributes of each metric record.
        active: The counter of active requests, and its attributes.
        settled: Whether the attributes of metrics are those of the span, held to their bounds.
    """

    __slots__ = ("active", "attributes", "records", "settled", "tracer")

    def __init__(self) -> None:
        self.tracer: Tracer | None = None
        self.attributes: Mapping[str, Any] = {}
        self.records: list[tuple[str, Histogram, float, Mapping[str, Any]]] = []
        self.active: tuple[ActiveRequests, Mapping[str, Any]] | None = None
        self.settled = False


class Kinds:
    """Proposals by kind of request, for one stack: without path and agent, which are noted as facts. Usual ones are few."""

    def __init__(self) -> None:
        self._known: dict[Kind, Proposal] = {}

    def proposal(self, kind: Kind, exchange: Exchange) -> Proposal | None:
        """What upstream proposed for this *kind*; ``None`` when it is to be asked."""
        known = self._known.get(kind)
        if known is not None:
            exchange.facts[names.URL_PATH] = exchange.safe_path
        return known

    def learn(self, kind: Kind, exchange: Exchange, proposal: Proposal) -> None:
        """Remember *proposal*, from which the span of *exchange* was started, unless something in it is of this request alone."""
        attributes, records, active = proposal.attributes, proposal.records, proposal.active
        if (
            len(self._known) >= _MOST_KINDS
            or not _is_usual(kind)
            or attributes.get(names.HTTP_REQUEST_METHOD) != kind[1]
        ):
            return
        if attributes.get(names.URL_PATH) != exchange.safe_path or not _SETTLED.issuperset(
            record[0] for record in records
        ):
            return
        measured = [record[3] for record in records] + ([active[1]] if active is not None else [])
        if not all(map(_OF_KINDS.issuperset, measured)):
            return
        bounded, remembered = exchange.plan.measurement.bounded, Proposal()
        remembered.tracer, remembered.settled = proposal.tracer, True
        remembered.records = [(*record[:3], bounded(record[3], exchange)) for record in records]
        remembered.active = None if active is None else (active[0], bounded(active[1], exchange))
        remembered.attributes = {
            name: value for name, value in attributes.items() if name not in _OF_AGENTS and name != names.URL_PATH
        }
        self._known[kind] = remembered


def _is_usual(kind: Kind) -> bool:
    """Whether there are few like *kind*: a client can make up methods, and with some servers schemes and versions."""
    return kind[0] == "http" and kind[2] in SCHEMES and (kind[3] is None or kind[3] in VERSIONS)


class Agents:
    """The user agents of one stack, sanitised. Clean ones are shown to upstream once: what it proposed is a fact from then on.

    Args:
        sanitizer: What is a secret; ``None`` shows agents as they are.
    """

    def __init__(self, sanitizer: Sanitizer | None) -> None:
        self._sanitizer = sanitizer
        self._room = _MOST_AGENTS if sanitizer is None or sanitizer.is_repeatable else 0
        self._known: dict[str, Mapping[str, Any]] = {}

    def to_show(self, agent: str | None, exchange: Exchange) -> str | None:
        """The agent that upstream is to be shown; ``None`` when there is none, or what it says of it is noted already."""
        if not agent:
            return None
        known = self._known.get(agent)
        if known is not None:
            exchange.facts.update(known)
            return None
        return (agent if self._sanitizer is None else self._sanitizer.header("user-agent", agent))[:_SHOWN]

    def learn(self, agent: str, proposal: Proposal) -> None:
        """Remember what upstream proposed for an *agent* that it was shown as it came."""
        if len(agent) <= _LONGEST and len(self._known) < self._room:
            self._known[agent] = {name: value for name, value in proposal.attributes.items() if name in _OF_AGENTS}
