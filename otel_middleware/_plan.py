"""What one instrumented application was built with: everything that a request needs, decided once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_middleware import _attributes as names
from otel_middleware._beginning import begin
from otel_middleware._connection import settle_connection
from otel_middleware._consultation import ask, settle_parent
from otel_middleware._deferred import settle_deferred, waiting
from otel_middleware._exchange import Exchange
from otel_middleware._guard import guarded
from otel_middleware._measurement import Measurement
from otel_middleware._proposals import Agents, Kinds
from otel_middleware._redactions import count_redactions
from otel_middleware._said_template import said_template
from otel_middleware._version import __version__
from otel_middleware.request import path_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.metrics import MeterProvider

    from otel_middleware._connection import Connection, Endpoint
    from otel_middleware._neighbours import Neighbours
    from otel_middleware._options import Options
    from otel_middleware._queue_time import QueueTime
    from otel_middleware._seams import MeterSeam, TracerSeam
    from otel_middleware.request import Request
    from otel_middleware.routing.resolution import Routes

__all__ = ["Plan"]

_LONGEST_METHOD = 64
"""Characters of an unknown method that are reported."""


class Plan:
    """The decisions of one stack.

    Args:
        options: The checked options of ``instrument``.
        tracers: The seam that upstream got as its tracer provider.
        meters: The seam that upstream got as its meter provider, after upstream has created its instruments.
        upstream: Called with a shadow of the request: upstream's middleware around a stub.
        neighbours: Who else instruments the application.
    """

    def __init__(
        self,
        options: Options,
        tracers: TracerSeam,
        meters: MeterSeam,
        upstream: Callable[[Any], None],
        neighbours: Neighbours,
    ) -> None:
        self.options = options
        self.routes: Routes = options.routes
        self.sanitizer = options.sanitizer
        self.agents, self.kinds = Agents(options.sanitizer), Kinds()
        count_redactions(meters.provider, options.sanitizer)
        self.trust = options.trust
        self.meters = meters
        self.upstream = upstream
        self.neighbours = neighbours
        self.tracer = tracers.provider.get_tracer("otel_middleware", __version__)
        self.queue = _queue_time(meters.provider) if options.trust.proxies else None
        self.methods = self.routes.methods
        self.method_in_name = self.methods.in_name
        self.measurement = Measurement(
            meters.completed(),
            meters.provider,
            options.metric_attributes,
            inferred=self.routes.infers_on_metrics,
            every_method=self.methods.all,
        )

    def exchange(self, request: Request, kind: str, root_path: str, route_path: str) -> Exchange:
        """A new exchange: its path made safe, its method made canonical, its route looked for.

        Args:
            request: The request as policies see it.
            kind: ``http`` or ``websocket``.
            root_path: As the server gave it, decoded.
            route_path: The decoded path below it.
        """
        if waiting:
            settle_deferred()
        if not self.neighbours.seen:
            self.neighbours.look_again()
        path = request.path
        if not path.startswith("/"):
            path = path_of(path)
        path = _encodable(path) if self.sanitizer is None else self.sanitizer.path(path)
        exchange = Exchange(self, request, kind, root_path, route_path, path)
        method = request.method
        if method not in self.methods.agreed or kind == "websocket":
            self._put_method(exchange, method)
        return exchange

    def safe_query(self, query: str) -> str:
        """*query* as it may be shown."""
        if not query:
            return query
        return _encodable(query) if self.sanitizer is None else self.sanitizer.query(query)

    def said_template(self, template: Any) -> str | None:
        """A template that the application says of one request, as it may be shown."""
        return guarded(
            "Sanitizer.path", said_template, template, None if self.sanitizer is None else self.sanitizer.path
        )

    def safe_text(self, text: str) -> str:
        """*text* as it may be shown."""
        return _encodable(text) if self.sanitizer is None else self.sanitizer.text(text)

    def connected(self, exchange: Exchange, scheme: str, peer: Endpoint, bound: Callable[[], Endpoint]) -> Connection:
        """Decide whom to believe, and under which parent the span stands."""
        trust, belief = self.trust, None
        if self.queue is None or not trust.proxied(peer.address):
            connection = settle_connection(exchange, None, scheme, peer, bound)
        else:
            connection = settle_connection(exchange, trust.forwarded(exchange.request.header), scheme, peer, bound)
            self.queue.note(exchange)
        if not trust.trivial:
            belief = trust.believes(exchange.request)
            exchange.tenant_believed = belief.tenant
        settle_parent(exchange, belief)
        return connection

    def begin(
        self,
        exchange: Exchange,
        connection: Connection,
        query: str,
        version: str | None,
        shadow: Callable[[str | None], Any],
    ) -> None:
        """Start the server span as upstream proposes it; none when the application is to be served without telemetry.

        Args:
            exchange: The request.
            connection: After trust.
            query: Safe to be shown.
            version: Of the protocol, as upstream is shown it.
            shadow: Makes what upstream is shown, given the user agent to show.
        """
        if query and self.measurement.new:
            exchange.facts[names.URL_QUERY] = query
        agent = exchange.request.header("user-agent")
        shown = self.agents.to_show(agent, exchange)
        kind = (exchange.kind, exchange.request.method, connection.scheme, version)
        proposal = None if shown or exchange.name else self.kinds.proposal(kind, exchange)
        if proposal is not None:
            begin(exchange, proposal)
            return
        proposal = ask(self.upstream, shadow(shown))
        if proposal is None:
            return
        begin(exchange, proposal)
        if shown and shown == agent:
            self.agents.learn(agent, proposal)
        if not self.measurement.old and not exchange.named_by_user:
            self.kinds.learn(kind, exchange, proposal)

    def _shown_method(self, method: str) -> str:
        return "".join(filter(str.isprintable, self.safe_text(method)))[:_LONGEST_METHOD] or "\ufffd"

    def _put_method(self, exchange: Exchange, method: str) -> None:
        canonical = self.methods.canonical(method)
        if self.measurement.new:
            exchange.facts[names.HTTP_REQUEST_METHOD] = canonical
            exchange.facts[names.HTTP_REQUEST_METHOD_ORIGINAL] = (
                None if canonical == method else self._shown_method(method)
            )
        if self.measurement.old:
            exchange.facts[names.OLD_HTTP_METHOD] = canonical


def _queue_time(provider: MeterProvider) -> QueueTime:
    from otel_middleware._queue_time import QueueTime  # noqa: PLC0415 - only behind a proxy is anything measured

    return QueueTime(provider)


def _encodable(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
