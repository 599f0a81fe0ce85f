"""Who talks to whom: server, client and peer addresses, by what the trust policy believes."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from otel_middleware import _attributes as names
from otel_middleware._host import MAX_HOST, host_and_port

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_middleware._exchange import Exchange
    from otel_middleware._forwarded import Forwarded

__all__ = ["Connection", "Endpoint", "settle_connection"]

_DEFAULT_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}
_OF_WEBSOCKETS = {"http": "ws", "https": "wss"}


class Endpoint(NamedTuple):
    """One end of a connection: an address without a port inside, and the port."""

    address: str | None = None
    port: int | None = None


class Connection(NamedTuple):
    """What a request says of its connection, after trust."""

    scheme: str
    server: Endpoint
    client: Endpoint
    peer: Endpoint

    @property
    def host(self) -> str | None:
        """The server's address as it stands in a URL: IPv6 in brackets."""
        address = self.server.address
        return f"[{address}]" if address and ":" in address else address

    @property
    def authority(self) -> str | None:
        """Host and port as a client writes them: the port where it is not the scheme's own."""
        port = self.server.port
        return self.host if port is None or port == _DEFAULT_PORTS.get(self.scheme) else f"{self.host}:{port}"


def settle_connection(
    exchange: Exchange, told: Forwarded | None, scheme: str, peer: Endpoint, bound: Callable[[], Endpoint]
) -> Connection:
    """Decide scheme, server and client, tell them to policies, and note on the exchange what upstream gets wrong.

    Args:
        exchange: The exchange; its request carries the headers.
        told: What a trusted proxy says; ``None`` when the peer is none, or says nothing.
        scheme: As the server gave it.
        peer: The socket's peer.
        bound: Tells where the server is bound, which stands in for a missing Host.

    Source: semantic conventions, "Setting ``server.address`` and ``server.port`` attributes".
    """
    request, client = exchange.request, peer
    host = request.host
    asked = _asked(host if host is None or len(host) <= MAX_HOST else None, scheme)
    if told is not None:
        scheme, client, asked = _original(told, scheme, peer, Endpoint(*host_and_port(request.host)))
        asked = _with_port(asked, scheme)
    server = bound() if asked.address is None else asked
    connection = Connection(scheme, server, client, peer)
    request.believe(client.address, scheme)
    _correct(exchange, connection)
    return connection


@lru_cache(maxsize=1_024)  # one service has few names
def _asked(host: str | None, scheme: str) -> Endpoint:
    """The server that a client asked for in its Host header."""
    return _with_port(Endpoint(*host_and_port(host)), scheme)


def _with_port(asked: Endpoint, scheme: str) -> Endpoint:
    return asked if asked.port is not None else Endpoint(asked.address, _DEFAULT_PORTS.get(scheme))


def _original(told: Forwarded, scheme: str, peer: Endpoint, asked: Endpoint) -> tuple[str, Endpoint, Endpoint]:
    """Scheme, client and server of the original request, where the proxy tells them."""
    if told.scheme is not None:
        # An upgrade is an HTTP request to the proxy, which says http or https of a websocket.
        scheme = _OF_WEBSOCKETS.get(told.scheme, told.scheme) if scheme in ("ws", "wss") else told.scheme
    client = Endpoint(told.client, told.client_port) if told.client else peer
    if told.host:
        return scheme, client, Endpoint(told.host, told.port)
    return scheme, client, Endpoint(asked.address, told.port or asked.port)


def _correct(exchange: Exchange, connection: Connection) -> None:
    facts, plan = exchange.facts, exchange.plan.measurement
    _scheme, server, client, peer = connection
    address, port = peer
    if address:
        facts[names.NETWORK_PEER_ADDRESS] = address
        if port:
            facts[names.NETWORK_PEER_PORT] = port
    if plan.new:
        facts[names.SERVER_ADDRESS], facts[names.SERVER_PORT] = server
        # ``None`` takes away what upstream puts in its place: a name (WSGI's REMOTE_HOST), or the server's (0.50b0).
        address, port = client
        facts[names.CLIENT_ADDRESS] = address
        if address and port:
            facts[names.CLIENT_PORT] = port
    if plan.old:
        facts[names.OLD_HTTP_HOST] = connection.authority
        facts[names.OLD_NET_HOST_NAME], facts[names.OLD_NET_HOST_PORT] = server
        if client is not peer:
            facts[names.OLD_NET_PEER_IP], facts[names.OLD_NET_PEER_PORT] = peer
            facts[names.OLD_HTTP_CLIENT_IP] = client.address
