"""Where a WSGI framework stands: what was taken off the path before it was called, and what it takes off itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_middleware._bounded import BoundedValues
from otel_middleware._native_text import decoded, encoded
from otel_middleware.frameworks._framework import Asked, Onward

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PREFIXES", "fixed", "handed_to", "mounted_at", "path_below"]

PREFIXES = BoundedValues(16)
"""Prefixes that middleware of unknown kind took off: fixed ones are few, and a tenant in the path is none."""


def fixed(prefix: str) -> str:
    """A prefix that nobody can tell the template of: itself, past the bound of ``PREFIXES`` empty."""
    return prefix if prefix and PREFIXES.of(prefix) == prefix else ""


def mounted_at(environ: Mapping[str, Any], asked: Asked) -> str:
    """The prefix that was moved from the path to ``SCRIPT_NAME`` inside our layer, ``/legacy`` say; empty for none.

    Only what really stood at the front of the path counts: a proxy fix writes the client's ``X-Forwarded-Prefix`` to
    ``SCRIPT_NAME`` too, but takes nothing off. What the server itself gave (``asked.root_path``) is no part of it, nor
    is what a dispatcher that we know took off: then *asked* is what is left. Past the bound of ``PREFIXES``: empty.
    """
    script = decoded(environ.get("SCRIPT_NAME", ""))
    if script == asked.root_path or not script.startswith(asked.root_path):
        return ""
    prefix = script[len(asked.root_path) :].rstrip("/")
    rest = path_below(environ)
    whole = asked.path == prefix + rest or (rest == "/" and asked.path == prefix)
    return fixed(prefix) if whole else ""


def path_below(environ: Mapping[str, Any]) -> str:
    """The decoded path that the framework itself is asked for."""
    return decoded(environ.get("PATH_INFO", ""))


def handed_to(app: Any, environ: Mapping[str, Any], asked: Asked, prefix: str, otherwise: str | None = None) -> Onward:
    """The request as *app* was asked, which a framework has mounted at the fixed *prefix* of ``asked.path``."""
    rest = asked.path[len(prefix) :]
    root_path = asked.root_path + prefix
    carrier = {**environ, "SCRIPT_NAME": encoded(root_path), "PATH_INFO": encoded(rest)}
    return Onward(app, carrier, asked._replace(path=rest, root_path=root_path), prefix, otherwise)
