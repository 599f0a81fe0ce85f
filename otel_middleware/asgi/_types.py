"""ASGI's words. Source: ASGI specification 3.0."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, final

__all__ = ["App", "Message", "NoSuchOption", "Receive", "Scope", "Send"]

Scope = MutableMapping[str, Any]
"""The connection; a ``dict`` that server, middleware and application share."""

Message = MutableMapping[str, Any]
"""One event; its ``type`` says which."""

Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[Any]]
"""What it returns is passed on: the specification wants ``None``, and servers complain of anything else."""


@final
class NoSuchOption:
    """Nothing is one: any keyword argument of this type is a mistake, and a type checker says why by this name."""
