"""The scope that notes where routers went.

Starlette and FastAPI write what they matched into the scope and overwrite it at the next mount. A recording scope is the
server's scope, writable as ever, that keeps the sequence. Every write reaches the server's scope too, so outer layers read
what they would have read without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import MutableMapping

__all__ = ["Hop", "RecordingScope"]


_NOTED = frozenset({"route", "router"})


class Hop(NamedTuple):
    """One router's decision."""

    route: Any
    """The route object, ``None`` when the router did not tell."""
    endpoint: Any
    """What the route leads to: a handler, or the application of a mount."""
    root_path: str
    """What outer routers had taken off the path, the server's own root path included."""


class RecordingScope(dict[str, Any]):
    """A scope that keeps the decisions of the routers that wrote to it.

    Args:
        scope: The scope as the server gave it; written to as well.
    """

    __slots__ = ("_outer", "_route", "hops", "routed")

    def __init__(self, scope: MutableMapping[str, Any]) -> None:
        super().__init__(scope)
        self._outer = scope
        self._route: Any = None
        self.hops: list[Hop] = []
        """Outermost router first."""
        self.routed = "router" in scope
        """Whether a router saw this very scope; one that saw a copy left nothing here."""

    def __setitem__(self, key: str, value: Any) -> None:
        # Written to a dozen times in every request: super() would cost as much again.
        dict.__setitem__(self, key, value)
        self._outer[key] = value
        if key in _NOTED:
            self._note(key, value)

    def _note(self, key: str, value: Any) -> None:
        if key == "route":
            self._route = value
        else:
            self.routed = True

    def update(self, changes: Any = (), /, **named: Any) -> None:
        """As a dictionary's; a router's decision is noted."""
        if named or type(changes) is not dict:
            changes = dict(changes, **named)
        if "endpoint" in changes:
            self.hops.append(Hop(changes.get("route", self._route), changes["endpoint"], self.get("root_path", "")))
            self._route = None
        dict.update(self, changes)
        self._outer.update(changes)

    def setdefault(self, key: str, default: Any = None) -> Any:
        """As a dictionary's."""
        if key not in self:
            self[key] = default
        return self[key]

    def pop(self, key: str, *default: Any) -> Any:
        """As a dictionary's."""
        self._outer.pop(key, None)
        return super().pop(key, *default)

    def __delitem__(self, key: str) -> None:
        super().__delitem__(key)
        self._outer.pop(key, None)

    def __ior__(self, other: Any) -> RecordingScope:  # type: ignore[override,misc]  # noqa: PYI034  Self is younger than Python 3.10
        self.update(other)
        return self

    def __copy__(self) -> dict[str, Any]:
        return dict(self)
