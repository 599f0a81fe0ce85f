"""What proxies say about the request that they passed on.

Every function here reads text that a stranger may have written: none raises, and all are linear in its length. Whether
the proxies are to be believed is decided elsewhere, by ``TrustPolicy``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from otel_middleware._host import address_in, host_and_port, port_in

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Forwarded", "Header", "forwarded_by"]

Header: TypeAlias = "Callable[[str], str | None]"
"""Given the lower-case name of a request header, its value, several joined by ``, ``; or ``None``."""

_MAX_FORWARDED_LENGTH = 4096  # characters; a proxy adds about a hundred
_MAX_NODE_LENGTH = 64  # characters; an IPv6 address in brackets with its port has 53 at most
_SCHEMES = frozenset({"http", "https", "ws", "wss"})

# RFC 7239 section 6: an address, IPv6 in brackets, then an optional port, which may be obfuscated ("_name").
_NODE = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::([0-9]{1,5}|_[A-Za-z0-9._-]+))?")
# RFC 7239 section 4, one pair and what ends it. Beyond it: ":", "[" and "]" without quotes, which many proxies write.
_PAIR = re.compile(
    r"""[ \t]*(?:([A-Za-z0-9!#$%&'*+.^_`|~-]+)=(?:"((?:[^"\\]|\\.)*)"|([A-Za-z0-9!#$%&'*+.^_`|~:\[\]-]+))[ \t]*)?"""
    r"""([;,]|\Z)"""
)
_QUOTED_PAIR = re.compile(r"\\(.)")


class Forwarded(NamedTuple):
    """What the proxies say about the original request; ``None`` for what they do not, or not well-formed.

    Args:
        client: IP address of the client; IPv6 in its shortest form and without brackets, IPv4-mapped as IPv4.
        client_port: Its port.
        scheme: ``http``, ``https``, ``ws`` or ``wss``.
        host: Host that the client asked, in lower case, without port and brackets.
        port: Port that the client asked.
    """

    client: str | None = None
    client_port: int | None = None
    scheme: str | None = None
    host: str | None = None
    port: int | None = None


def forwarded_by(header: Header, hops: int) -> Forwarded | None:
    """Read ``X-Forwarded-*`` or ``Forwarded``; ``None`` when there is neither.

    ``X-Forwarded-For`` decides: with it the ``X-Forwarded-*`` headers count, without it ``Forwarded`` does. The other
    way round a client could forge ``Forwarded`` behind any of the many proxies that pass it on untouched.

    Args:
        header: The request's headers.
        hops: How many proxies add to the headers, 1 or more. The client is the *hops*-th from the right of the chain;
            in a shorter list of schemes, hosts or ports the leftmost counts.
    """
    chain = header("x-forwarded-for")
    if chain:
        return _customary(header, chain, hops)
    elements = _elements(header("forwarded") or "")
    return _standard(elements[-hops:], hops) if elements else _customary(header, "", hops)


def _customary(header: Header, chain: str, hops: int) -> Forwarded | None:
    scheme, host, port = header("x-forwarded-proto"), header("x-forwarded-host"), header("x-forwarded-port")
    if not (chain or scheme or host or port):
        return None
    nodes = chain.rsplit(",", hops)[-hops:]
    address, address_port = _client(nodes[0].strip()) if len(nodes) == hops else (None, None)
    name, name_port = host_and_port(_leftmost(host, hops))
    return Forwarded(
        address, address_port, _scheme(_leftmost(scheme, hops)), name, name_port or port_in(_leftmost(port, hops))
    )


def _leftmost(values: str | None, hops: int) -> str | None:
    """Return the *hops*-th value from the right, the leftmost of fewer."""
    return values.rsplit(",", hops)[-hops:][0].strip() if values else None


def _standard(elements: list[dict[str, str]], hops: int) -> Forwarded:
    chosen = elements[0].get("for") if len(elements) == hops else None
    address, port = _client(chosen) if chosen else (None, None)
    scheme = next((element["proto"] for element in elements if "proto" in element), None)
    host = next((element["host"] for element in elements if "host" in element), None)
    return Forwarded(address, port, _scheme(scheme), *host_and_port(host))


def _elements(value: str) -> list[dict[str, str]]:
    """Return the parameters of each proxy, the nearest last; nothing when any part is malformed or too long.

    Nothing, because an open quote sent by the client could swallow what the proxies have added behind it. A parameter
    that is repeated (which RFC 7239 section 4 forbids) counts as its first.
    """
    elements: list[dict[str, str]] = [{}]
    position = 0
    while 0 < len(value) <= _MAX_FORWARDED_LENGTH and (found := _PAIR.match(value, position)):
        name, quoted, plain, separator = found.groups()
        if name:
            elements[-1].setdefault(name.lower(), plain or _QUOTED_PAIR.sub(r"\1", quoted or ""))
        if not separator:
            return elements
        if separator == ",":
            elements.append({})
        position = found.end()
    return []


def _client(node: str) -> tuple[str | None, int | None]:
    return _address_and_port(node) if len(node) <= _MAX_NODE_LENGTH else (None, None)


@lru_cache(maxsize=1024)
def _address_and_port(node: str) -> tuple[str | None, int | None]:
    """Parse one node of a chain; an obfuscated or unknown one (RFC 7239 section 6) has no address."""
    found = _NODE.fullmatch(node)
    if found is None:
        # X-Forwarded-For has IPv6 addresses without brackets.
        return address_in(node, IPv6Address), None
    bracketed, dotted, port = found.groups()
    address = address_in(bracketed, IPv6Address) if bracketed else address_in(dotted, IPv4Address)
    return address, port_in(port) if address else None


def _scheme(value: str | None) -> str | None:
    scheme = value.lower() if value else None
    return scheme if scheme in _SCHEMES else None
