"""Who talks to whom: server, client and peer addresses, by what the trust policy believes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from otel_middleware import _attributes as names
from otel_middleware.trust import host_and_port

if TYPE_CHECKING:
    from otel_middleware._exchange import Exchange
    from otel_middleware.request import Request
    from otel_middleware.trust import TrustPolicy

__all__ = ["Connection", "Endpoint", "settle_connection"]

_DEFAULT_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}


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


def settle_connection(
    exchange: Exchange, trust: TrustPolicy, scheme: str, peer: Endpoint, bound: Endpoint
) -> Connection:
    """Decide scheme, server and client, and note on the exchange what upstream gets wrong.

    Args:
        exchange: The exchange; its request carries the headers.
        trust: Which peers are proxies.
        scheme: As the server gave it.
        peer: The socket's peer.
        bound: Where the server is bound: stands in for a missing Host.

    Source: semantic conventions, "Setting ``server.address`` and ``server.port`` attributes".
    """
    request = exchange.request
    client, host = peer, request.host
    address, port = host_and_port(host) if host else (None, None)
    if trust.proxies and trust.proxied(peer.address):
        scheme, client, address, port = _forwarded(request, trust, scheme, peer, (address, port))
    if address is None:
        address, port = bound
    elif port is None:
        port = _DEFAULT_PORTS.get(scheme)
    server = Endpoint(address, port)
    facts, plan = exchange.facts, exchange.plan.measurement
    if plan.new:
        facts[names.SERVER_ADDRESS], facts[names.SERVER_PORT] = server
    if peer.address:
        facts[names.NETWORK_PEER_ADDRESS] = peer.address
        if peer.port:
            facts[names.NETWORK_PEER_PORT] = peer.port
    return Connection(scheme, server, client, peer)


def _forwarded(
    request: Request, trust: TrustPolicy, scheme: str, peer: Endpoint, server: tuple[str | None, int | None]
) -> tuple[str, Endpoint, str | None, int | None]:
    told = trust.forwarded(request.header)
    if told is None:
        return (scheme, peer, *server)
    client = Endpoint(told.client, told.client_port) if told.client else peer
    address, port = (told.host, told.port) if told.host else (server[0], told.port or server[1])
    return told.scheme or scheme, client, address, port
