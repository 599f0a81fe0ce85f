"""The client of a server, by the version of HTTP that it speaks."""

from __future__ import annotations

from real_servers.wire import Http1


def client_of(version):
    """The class; HTTP/2's needs ``h2``, as the servers of HTTP/2 do."""
    if version == "2":
        from real_servers.wire_h2 import Http2  # noqa: PLC0415

        return Http2
    return Http1
