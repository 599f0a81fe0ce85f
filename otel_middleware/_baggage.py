"""The tenant in the baggage of outgoing calls, always the one that is known when a call is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry import baggage
from opentelemetry.context import Context, attach, get_value, set_value

if TYPE_CHECKING:
    from collections.abc import ItemsView, Iterator, KeysView, ValuesView

__all__ = ["TenantBaggage"]

(_KEY,) = baggage.set_baggage("a", "b", Context())
"""Where the API keeps baggage in a context; its own name for it is private."""


class TenantBaggage(dict[str, object]):
    """Baggage that a request's contexts share, so that a tenant set later reaches those made earlier.

    The application may say whose request it is in a thread, a task or under a child span, whose context is dropped
    before the next outgoing call: a copy would then send the tenant that was claimed, not the authenticated one.

    A ``dict``, because the API takes nothing else for baggage; its answers come from a second one, which is replaced
    whole, so that a propagator in another thread never meets a dictionary that changes its size.

    Args:
        entries: The caller's baggage.
    """

    __slots__ = ("_entries", "_given")

    def __init__(self, entries: dict[str, object]) -> None:
        super().__init__()
        self._given = entries
        self._entries = entries

    @classmethod
    def around_current(cls) -> TenantBaggage:
        """One around the baggage of the current context."""
        return cls(dict(baggage.get_all()))

    def within(self, context: Context) -> Context:
        """*context* with this baggage."""
        return set_value(_KEY, self, context)

    def put(self, name: str, tenant: str | None) -> None:
        """Carry *tenant* as the entry *name*; ``None`` carries no such entry: what the caller has sent was not believed."""
        others = {key: value for key, value in self._given.items() if key != name}
        self._entries = others if tenant is None else {**others, name: tenant}

    def replace(self, name: str, tenant: str | None) -> None:
        """The same, while the application runs."""
        self.put(name, tenant)
        if get_value(_KEY) is not self:  # the application has baggage of its own, made from ours
            attach(baggage.remove_baggage(name) if tenant is None else baggage.set_baggage(name, tenant))

    def copy(self) -> dict[str, object]:
        """The entries as they are now."""
        return dict(self._entries)

    def get(self, key: str, default: Any = None) -> Any:
        """The entry *key*."""
        return self._entries.get(key, default)

    def keys(self) -> KeysView[str]:  # type: ignore[override]  # typed as the view of dict alone
        """Names of the entries."""
        return self._entries.keys()

    def values(self) -> ValuesView[object]:  # type: ignore[override]
        """Values of the entries."""
        return self._entries.values()

    def items(self) -> ItemsView[str, object]:  # type: ignore[override]
        """The entries."""
        return self._entries.items()

    def __getitem__(self, key: str) -> object:
        return self._entries[key]

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __eq__(self, other: object) -> bool:
        return self._entries == other

    def __ne__(self, other: object) -> bool:
        return self._entries != other

    __hash__ = None

    def __repr__(self) -> str:
        return repr(self._entries)
