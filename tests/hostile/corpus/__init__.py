"""Requests that a careless server or an attacker can produce, as data: each has a name and a reason, each theme a module."""

from __future__ import annotations

from . import claims, environs, headers, hosts, lines, scopes, targets, tracing

THEMES = {
    theme.__name__.rpartition(".")[2]: [*theme.BOTH, *theme.ASGI, *theme.WSGI]
    for theme in (headers, hosts, targets, lines, tracing, claims, scopes, environs)
}
"""The entries of each module."""

ENTRIES = [entry for entries in THEMES.values() for entry in entries]
