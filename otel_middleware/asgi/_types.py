"""ASGI's words. Source: ASGI specification 3.0."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, ParamSpec, TypeVar, final

__all__ = [
    "AnAwaitable",
    "AnyReceive",
    "AnySend",
    "App",
    "Message",
    "NoSuchOption",
    "P",
    "Receive",
    "Scope",
    "Send",
    "T",
    "U",
]

Scope = MutableMapping[str, Any]
"""The connection; a ``dict`` that server, middleware and application share."""

Message = MutableMapping[str, Any]
"""One event; its ``type`` says which."""

Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

# Frameworks have types of their own for scopes and messages, which fit no other. Where theirs and ours meet it is ``Any``.
AnyReceive = Callable[[], Awaitable[Any]]
AnySend = Callable[[Any], Awaitable[None]]
App = Callable[[Any, AnyReceive, AnySend], Awaitable[Any]]
"""What it returns is passed on: the specification wants ``None``, and servers complain of anything else."""

# What is wrapped is called as before.
P = ParamSpec("P")
AnAwaitable = TypeVar("AnAwaitable", bound=Awaitable[Any])
T = TypeVar("T")
U = TypeVar("U")


@final
class NoSuchOption:
    """Nothing is one: any keyword argument of this type is a mistake, and a type checker says why by this name."""
