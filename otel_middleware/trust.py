"""Whom to believe: one gate for trace context, baggage, tenants and what proxies say."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import KW_ONLY, dataclass, field
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any, NamedTuple

from otel_middleware._callable import is_sync, refused
from otel_middleware._once import Once
from otel_middleware.errors import ConfigurationError

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network

    from otel_middleware._forwarded import Forwarded, Header
    from otel_middleware.request import Request

__all__ = ["Belief", "TrustPolicy"]

_UNIX = "unix"
_PEERS_REMEMBERED = 1024
_MAPPED_BITS = 96  # RFC 4291 section 2.5.5.2: ::ffff:0:0/96 holds the IPv4-mapped addresses


class Belief(NamedTuple):
    """What is believed of one caller.

    Args:
        trace_context: Its span is the parent, its sampling flag counts. Otherwise the server span is a root with a link
            to it.
        baggage: Its baggage is passed on. Otherwise it is dropped.
        tenant: The tenant that it claims is read (``Tenants.of(request, believed)``).
    """

    trace_context: bool
    baggage: bool
    tenant: bool


_NOTHING = Belief(trace_context=False, baggage=False, tenant=False)


@dataclass(frozen=True, slots=True)
class TrustPolicy:
    """Whose trace context, baggage, tenant header and forwarded headers are believed.

    By default the first three of everyone, as upstream does, and forwarded headers of nobody.

    Args:
        proxies: Networks (``"10.0.0.0/8"``, ``"fd00::/8"``) and addresses of your proxies, and ``"unix"`` for a Unix
            socket. Only what such a peer forwards is believed, so it must itself set or drop ``X-Forwarded-*`` and
            ``Forwarded``. IPv4-mapped peers count as IPv4. Where ``"unix"`` is listed, so is a peer whose address the
            server does not tell.
        hops: How many proxies stand one behind the other, 1 or more: the client is the *hops*-th address from the
            right. In a shorter chain there is no client.
        trace_context: ``False`` for a public endpoint: no caller's trace context, baggage or tenant header is believed.
        baggage: ``False`` drops every caller's baggage.
        caller: Called with the ``Request``; a false answer means that nothing of this caller is believed. One that
            raises is logged once and means the same: a broken gate stays shut.

    Raises:
        ConfigurationError: For settings that cannot be honoured; all problems at once.
    """

    _: KW_ONLY
    proxies: Iterable[str | IPv4Network | IPv6Network] = ()
    hops: int = 1
    trace_context: bool = True
    baggage: bool = True
    caller: Callable[[Request], bool] | None = None
    trivial: bool = field(init=False, repr=False, compare=False)
    """Whether everyone is believed and no proxy listed, so that there is nothing to ask for."""
    _asked: Callable[[str], bool] = field(init=False, repr=False, compare=False)
    _belief: Belief = field(init=False, repr=False, compare=False)
    _read: Callable[[Header, int], Forwarded | None] = field(init=False, repr=False, compare=False)
    _once: Once = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        problems: list[str] = []
        listed = _listed(self.proxies, problems)
        problems += _problems(self)
        if problems:
            raise ConfigurationError(*problems)
        everything = Belief(trace_context=True, baggage=self.baggage, tenant=True)
        settled = {
            "proxies": listed,
            "trivial": not listed and self.trace_context and self.baggage and self.caller is None,
            "_asked": _asking(listed),
            "_read": _reading() if listed else _unread,
            "_belief": everything if self.trace_context else _NOTHING,
            "_once": Once(),
        }
        for name, value in settled.items():
            object.__setattr__(self, name, value)

    def proxied(self, peer: str | None) -> bool:
        """Tell whether the peer of a connection is a listed proxy; never raises.

        Args:
            peer: Its address, the path of a Unix socket, or ``None`` or nothing where the server tells none. The last
                1,024 peers are remembered.
        """
        return (peer is None or isinstance(peer, str)) and self._asked(peer or "")

    def believes(self, request: Request) -> Belief:
        """Tell what is believed of the caller of *request*; never raises."""
        if self.caller is None:
            return self._belief
        try:
            return self._belief if self.caller(request) else _NOTHING
        except Exception as error:  # noqa: BLE001 (a user's callable may raise anything)
            self._once.say(f"caller ({self.caller!r})", error, "nothing of this caller is believed")
            return _NOTHING

    def forwarded(self, header: Header) -> Forwarded | None:
        """Read what the proxies forward, ``None`` when they say nothing; never raises.

        To be asked only when ``proxied(peer)``, else a stranger is believed.

        Args:
            header: Given the lower-case name of a request header, its value or ``None``.
        """
        return self._read(header, self.hops)


def _reading() -> Callable[[Header, int], Forwarded | None]:
    from otel_middleware._forwarded import forwarded_by  # noqa: PLC0415 - only behind a proxy is anything read

    return forwarded_by


def _unread(_header: Header, _hops: int) -> None:
    """Nothing is read where no proxy is listed."""


def _asking(listed: tuple[str, ...]) -> Callable[[str], bool]:
    """Return the question whether a peer is listed, with a bounded memory for its answers."""
    unix = _UNIX in listed
    networks = tuple(ip_network(proxy) for proxy in listed if proxy != _UNIX)

    @lru_cache(maxsize=_PEERS_REMEMBERED)
    def asked(peer: str) -> bool:
        if not peer or "/" in peer or peer.startswith("@"):
            return unix
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        address = getattr(address, "ipv4_mapped", None) or address
        return any(address in network for network in networks)

    return asked


def _listed(proxies: Any, problems: list[str]) -> tuple[str, ...]:
    """Return *proxies* in their usual spelling, and note what is wrong with them."""
    if isinstance(proxies, (str, bytes)) or not isinstance(proxies, Iterable):
        problems.append(f"proxies is not a list of networks: {proxies!r}")
        return ()
    listed = []
    for proxy in proxies:
        network, problem = _network(proxy)
        listed.append(network)
        problems += [problem] if problem else []
    return tuple(listed)


def _network(proxy: Any) -> tuple[str, str | None]:
    if proxy == _UNIX:
        return _UNIX, None
    try:
        network = ip_network(str(proxy))
    except ValueError as error:
        return "", f"proxies has neither a network nor 'unix': {proxy!r}: {error}"
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is None or network.prefixlen < _MAPPED_BITS:
        return str(network), None
    return f"{mapped}/{network.prefixlen - _MAPPED_BITS}", None


def _problems(trust: TrustPolicy) -> list[str]:
    problems = []
    if type(trust.hops) is not int or trust.hops < 1:
        problems.append(f"hops is not a number, 1 or more: {trust.hops!r}")
    problems += [
        f"{name} is neither True nor False: {value!r}"
        for name, value in (("trace_context", trust.trace_context), ("baggage", trust.baggage))
        if not isinstance(value, bool)
    ]
    if trust.caller is not None and not is_sync(trust.caller, 1):
        problems.append(refused("caller", trust.caller, 1))
    return problems
