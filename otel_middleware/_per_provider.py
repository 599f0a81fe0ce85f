"""Things of which there is one for each meter provider, whoever asks: an observable instrument is registered once."""

from __future__ import annotations

import os
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar
from weakref import WeakKeyDictionary, WeakSet

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.metrics import MeterProvider

__all__ = ["PerProvider"]

T = TypeVar("T")


class PerProvider(Generic[T]):
    """One value a provider, for as long as the provider lives.

    A stack that was built before the global provider was set has the API's proxy of it, whose instruments are the real
    one's: both share one value.

    Args:
        make: Makes the value of a provider.
    """

    _all: ClassVar[WeakSet[Any]] = WeakSet()

    def __init__(self, make: Callable[[MeterProvider], T]) -> None:
        self._make = make
        self._values: WeakKeyDictionary[MeterProvider, T] = WeakKeyDictionary()
        self._lock = Lock()
        self._all.add(self)

    def of(self, provider: MeterProvider) -> T:
        """The value of *provider*."""
        with self._lock:
            value = self._values.get(provider)
            if value is None:
                standing_in = (k for k in self._values if getattr(k, "_real_meter_provider", None) is provider)
                known = next(standing_in, None)
                value = self._make(provider) if known is None else self._values[known]
                self._values[provider] = value
            return value

    def unlock(self) -> None:
        """Begin with a lock that nobody holds."""
        self._lock = Lock()

    @classmethod
    def forked(cls) -> None:
        """The locks may have been held by threads that are no more."""
        for shared in cls._all:
            shared.unlock()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=PerProvider.forked)
