"""Attributes that a test asks for by keyword, and how those that are there differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Wanted"]

_SHORT = {
    "error": ("error.type",),
    "method": ("http.request.method", "http.method"),
    "outcome": ("otel_middleware.outcome",),
    "route": ("http.route", "url.template"),
    "status": ("http.response.status_code", "http.status_code"),
    "tenant": ("tenant.id",),
}
"""What a short keyword stands for, in new and in old semantic conventions."""


class Wanted:
    """Attributes by keyword; reads like ``with route='/x', status=200``.

    Args:
        wanted: What is asked for; ``None`` asks for an attribute's absence, ``name`` for a span's name.
    """

    def __init__(self, wanted: Mapping[str, Any]) -> None:
        self._wanted = wanted

    def differences(self, attributes: Mapping[str, Any] | None, name: str | None = None) -> list[str]:
        """What is not as it was asked for, one sentence each; empty when all is.

        Args:
            attributes: Those of a span or of a data point.
            name: The span's name.
        """
        have = attributes or {}
        return [
            told
            for keyword, value in self._wanted.items()
            for told in (_difference(keyword, value, have) if keyword != "name" else _renamed(value, name))
        ]

    def beside(self, attributes: Mapping[str, Any] | None) -> str:
        """*attributes* on one line, and what is not as it was asked for."""
        listed = ", ".join(f"{key}={value!r}" for key, value in sorted((attributes or {}).items()))
        return f"{listed or 'no attributes'}{''.join(f'  <- {told}' for told in self.differences(attributes))}"

    def __str__(self) -> str:
        return f"with {', '.join(f'{key}={value!r}' for key, value in self._wanted.items()) or 'any attributes'}"


def _renamed(value: Any, name: str | None) -> list[str]:
    return [] if name == value else [f"its name is {name!r}, not {value!r}"]


def _difference(keyword: str, value: Any, attributes: Mapping[str, Any]) -> list[str]:
    key = _found(keyword, attributes)
    if key is None:
        return [] if value is None else [f"it has no {keyword}, not {value!r}"]
    if value is not None and _plain(attributes[key]) == _plain(value):
        return []
    return [f"{key} is {attributes[key]!r}, not {'absent' if value is None else repr(value)}"]


def _found(keyword: str, attributes: Mapping[str, Any]) -> str | None:
    """The attribute that *keyword* names, if it is there."""
    short = (key for key in _SHORT.get(keyword, ()) if key in attributes)
    spelled = (key for key in attributes if key.replace(".", "_").replace("-", "_") == keyword)
    return next(short, None) or next(spelled, None)


def _plain(value: Any) -> Any:
    """A captured header is a tuple on the span and a list in a test."""
    return list(value) if isinstance(value, (list, tuple)) else value
