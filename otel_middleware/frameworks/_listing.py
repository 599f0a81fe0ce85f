"""The routes that an application lists by itself, whichever framework's it is."""

from __future__ import annotations

from typing import Any

from otel_middleware.frameworks._finding import reached_from

__all__ = ["enumerated", "enumerated_below"]


def enumerated(app: Any) -> list[str] | None:
    """The templates of *app* as its framework spells them, each once; ``None`` when nobody there lists routes."""
    from otel_middleware.frameworks import _registry  # noqa: PLC0415 - what it imports lists mounted applications by this file

    for candidate in reached_from(app):
        for framework in (*_registry.ASGI, *_registry.WSGI):
            if framework.listed is not None and framework.recognises(candidate):
                return list(dict.fromkeys(filter(None, framework.listed(candidate))))
    return None


def enumerated_below(app: Any, prefix: str) -> list[str]:
    """The templates of a mounted application of any framework, behind the *prefix* of its mount."""
    return [prefix + template for template in enumerated(app) or ()]
