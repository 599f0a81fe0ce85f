"""Hosts, addresses and ports that somebody wrote: parsed without ever raising, in linear time."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import Any

__all__ = ["MAX_HOST", "MAX_PORT", "address_in", "host_and_port", "port_in"]

MAX_PORT = 65_535
_PORT_DIGITS = 5
MAX_HOST = 1_024
"""Characters of a Host header that are parsed: userinfo, 255 of a name, a port."""

# RFC 3986 section 3.2.2: a bracketed IPv6 address or a registered name, then RFC 9110's optional port.
_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._~!$&'()*+,;=%-]{1,255}))(?::([0-9A-Za-z._-]*))?")


def port_in(value: Any) -> int | None:
    """Return the port that *value*, text or a number, is, 1 to 65535, or ``None``."""
    if isinstance(value, str):
        port = int(value) if len(value) <= _PORT_DIGITS and value.isascii() and value.isdigit() else 0
    elif isinstance(value, int) and not isinstance(value, bool):
        port = int(value)
    else:
        return None
    return port if 0 < port <= MAX_PORT else None


def host_and_port(host: str | None) -> tuple[str | None, int | None]:
    """Parse a Host header or the authority of a URL; never raises.

    Returns:
        The host in lower case, IPv6 without brackets, at most 255 characters, and the port, 1 to 65535. Userinfo is
        left out, a malformed port is ``None``. ``(None, None)`` for what is no host: a control character or space in
        it, an IPv6 address without brackets, nothing.
    """
    if not host or len(host) > MAX_HOST:
        return None, None
    return _parsed(host)


@lru_cache(maxsize=1_024)  # one service has few names
def _parsed(host: str) -> tuple[str | None, int | None]:
    found = _HOST.fullmatch(host if "@" not in host else host.rpartition("@")[2])
    if found is None:
        return None, None
    bracketed, name, port = found.groups()
    if name is None and address_in(bracketed, IPv6Address) is None:
        return None, None
    return (name or bracketed).lower(), port_in(port)


def address_in(text: str, kind: type[IPv4Address | IPv6Address]) -> str | None:
    """Return the IP address that *text* is, IPv6 in its shortest form, IPv4-mapped as IPv4; or ``None``."""
    try:
        # The zone of an IPv6 address ("%eth0") is free text, and means nothing to another machine.
        address = kind(text.partition("%")[0])
    except ValueError:
        return None
    return str(getattr(address, "ipv4_mapped", None) or address)
