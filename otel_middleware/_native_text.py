"""Native strings as PEP 3333 has them in an environ: the bytes of a text, each as one character."""

from __future__ import annotations

from typing import Any

__all__ = ["decoded", "encoded"]


def decoded(value: Any) -> str:
    """A native string (bytes as latin-1) as the text that it stands for; never raises.

    One that is no UTF-8 stays as it is, and so does text that a framework, Bottle or Django say, has written back decoded.
    """
    if type(value) is not str:
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""
    if value.isascii():
        return value
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value


def encoded(text: str) -> str:
    """*text* as a native string."""
    return text.encode("utf-8", "surrogateescape").decode("latin-1")
