"""Ports for servers that take a number and no socket."""

from __future__ import annotations

import random
import socket

LOWEST, HIGHEST = 10_000, 30_000
"""Below the ports that systems hand out: no client and no socket bound to port 0 comes in between."""


def free_port():
    """A port of loopback on which nobody listens; drawn, so that tests that run beside each other seldom meet."""
    draw = random.SystemRandom()
    while True:
        port = draw.randrange(LOWEST, HIGHEST)
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
