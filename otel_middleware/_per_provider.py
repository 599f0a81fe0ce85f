"""Things of which there is one for each meter provider, whoever asks: an observable instrument is registered once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar
from weakref import WeakKeyDictionary

from otel_middleware._fork import ForkLock
from otel_middleware._upstream import REAL_METER_PROVIDER

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

    def __init__(self, make: Callable[[MeterProvider], T]) -> None:
        self._make = make
        self._values: WeakKeyDictionary[MeterProvider, T] = WeakKeyDictionary()
        self._lock = ForkLock()

    def of(self, provider: MeterProvider) -> T:
        """The value of *provider*."""
        with self._lock:
            value = self._values.get(provider)
            if value is None:
                standing_in = (k for k in self._values if getattr(k, REAL_METER_PROVIDER, None) is provider)
                known = next(standing_in, None)
                value = self._make(provider) if known is None else self._values[known]
                self._values[provider] = value
            return value
