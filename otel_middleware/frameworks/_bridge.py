"""The carrier that an application behind a bridge between the protocols is asked with: the bridge keeps its own to itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_middleware._native_text import encoded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from otel_middleware.frameworks._framework import Asked

__all__ = ["across"]


def across(carrier: Mapping[str, Any], asked: Asked) -> dict[str, Any]:
    """The environ for a scope, the scope for an environ: as much of it as a router reads."""
    return _environ_of(carrier, asked) if "type" in carrier else _scope_of(carrier, asked)


def _environ_of(scope: Mapping[str, Any], asked: Asked) -> dict[str, Any]:
    """https://asgi.readthedocs.io/en/latest/specs/www.html#wsgi-compatibility."""
    name, port = scope.get("server") or ("localhost", 80)
    return {
        "REQUEST_METHOD": asked.method,
        "SCRIPT_NAME": encoded(asked.root_path),
        "PATH_INFO": encoded(asked.path),
        "QUERY_STRING": scope.get("query_string", b"").decode("latin-1"),
        "SERVER_NAME": name,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": f"HTTP/{scope.get('http_version', '1.1')}",
        "HTTP_HOST": asked.host or name,
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "werkzeug.request": None,  # as Flask leaves it when it is done
    }


def _scope_of(environ: Mapping[str, Any], asked: Asked) -> dict[str, Any]:
    path = asked.root_path + asked.path
    return {
        "type": asked.kind,
        "method": asked.method,
        "scheme": environ.get("wsgi.url_scheme", "http"),
        "path": path,
        "raw_path": path.encode("utf-8", "surrogateescape"),
        "root_path": asked.root_path,
        "query_string": environ.get("QUERY_STRING", "").encode("latin-1"),
        "headers": [(b"host", asked.host.encode("latin-1", "replace"))],
    }
