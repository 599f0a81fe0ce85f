"""Whose request is it? A policy reads the tenant, ``Tenants`` decides what of it may be shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, TypeAlias

from otel_middleware._bounded import BoundedValues
from otel_middleware._callable import is_plain, refused
from otel_middleware._once import Once
from otel_middleware._tenant_claim import TenantFromClaim
from otel_middleware._tenant_sources import (
    FirstOf,
    TenantFromHeader,
    TenantFromHost,
    TenantFromPath,
    first_of,
)
from otel_middleware.errors import ConfigurationError
from otel_middleware.request import Request

__all__ = [
    "TenantFromClaim",
    "TenantFromHeader",
    "TenantFromHost",
    "TenantFromPath",
    "TenantPolicy",
    "Tenants",
    "first_of",
]

TenantPolicy: TypeAlias = Callable[[Request], "str | None"]
"""Given a request, its tenant, or ``None`` when it names none.

Its attribute ``claimed`` says whether it reads what the sender says about itself (a header, a token), which is not
believed of an untrusted caller. A callable without it counts as claimed.
"""

_HASH_DIGITS = 16  # 64 bits: two of a million tenants share one with a probability of 3e-8


@dataclass(frozen=True, slots=True)
class Tenants:
    """What is shown of the tenants that a policy reads.

    A tenant is shown whole or not at all: one that does not fit *pattern* or *allowed* is *unknown*, as is a missing
    one, because a cut or cleaned name could be another tenant's.

    Args:
        policy: Any callable ``Request -> str | None``.
        allowed: The only tenants there are; ``None`` allows all that fit *pattern*.
        pattern: Regular expression that a tenant must match from end to end.
        unknown: What is shown in place of a tenant that is missing or does not fit.
        hashed_with: Key; tenants are then shown as 16 hexadecimal digits of their HMAC-SHA-256, and the header that they
            are read from is redacted where it is captured. A path or host that names a tenant is reported all the same
            (``Sanitizer(paths=...)`` masks the path).
        on_metrics: Whether the tenant is an attribute of the server metrics.
        max_on_metrics: How many tenants keep their name on metrics, 0 or more, for the life of the process, by first
            use; those in *allowed* and *unknown* always do. All others become ``_other``.
        in_baggage: Whether outgoing calls carry the tenant.
        attribute: Name of the attribute, and of the baggage entry.

    Raises:
        ConfigurationError: For settings that cannot be honoured; all problems at once.
    """

    policy: TenantPolicy
    _: KW_ONLY
    allowed: Iterable[str] | None = None
    pattern: str = r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,63}"
    unknown: str = "unknown"
    hashed_with: str | bytes | None = field(default=None, repr=False)
    on_metrics: bool = False
    max_on_metrics: int = 100
    in_baggage: bool = False
    attribute: str = "tenant.id"
    _policies: tuple[TenantPolicy, ...] = field(init=False, repr=False, compare=False)
    _unclaimed: tuple[TenantPolicy, ...] = field(init=False, repr=False, compare=False)
    _fits: Callable[[str], Any] = field(init=False, repr=False, compare=False)
    _shown: Callable[[str], str] = field(init=False, repr=False, compare=False)
    _on_metrics: BoundedValues = field(init=False, repr=False, compare=False)
    _once: Once = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if isinstance(self.allowed, Iterable) and not isinstance(self.allowed, str):
            object.__setattr__(self, "allowed", frozenset(self.allowed))
        problems = _problems(self)
        if problems:
            raise ConfigurationError(*problems)
        policies = self.policy.policies if isinstance(self.policy, FirstOf) else (self.policy,)
        key = self.hashed_with.encode() if isinstance(self.hashed_with, str) else self.hashed_with
        shown = _as_it_is if key is None else _hashing(key)
        compiled = {
            "_policies": policies,
            "_unclaimed": tuple(policy for policy in policies if not getattr(policy, "claimed", True)),
            "_fits": re.compile(self.pattern).fullmatch,
            "_shown": shown,
            "_on_metrics": BoundedValues(self.max_on_metrics, always=[self.unknown, *map(shown, self.allowed or ())]),
            "_once": Once(),
        }
        for name, value in compiled.items():
            object.__setattr__(self, name, value)

    @property
    def hidden_headers(self) -> tuple[str, ...]:
        """Headers that hold a tenant which may not be readable."""
        if self.hashed_with is None:
            return ()
        read = (getattr(policy, "header", getattr(policy, "name", None)) for policy in self._policies)
        return tuple(name for name in read if isinstance(name, str))

    @classmethod
    def wrapping(cls, option: Any) -> Tenants:
        """Return the ``Tenants`` that an option stands for: itself, or one around a plain policy.

        Raises:
            ConfigurationError: When *option* is neither.
        """
        return option if isinstance(option, cls) else cls(option)

    def of(self, request: Request, believed: bool = True) -> str:  # noqa: FBT001, FBT002 (a keyword costs on every request)
        """Return the tenant of *request* as it may be shown; never raises.

        Args:
            request: The request.
            believed: Whether the caller's claims are; otherwise only policies that read no claim are asked.
        """
        for policy in self._policies if believed else self._unclaimed:
            try:
                tenant = policy(request)
            except Exception as error:  # noqa: BLE001, PERF203 (it may raise anything, and the next is asked all the same)
                self._once.say(f"the tenant policy {policy!r}", error, "no tenant is read from it")
            else:
                if tenant:
                    return self.validated(tenant)
        return self.unknown

    def validated(self, tenant: Any) -> str:
        """Return *tenant* as it may be shown: itself, its hash, or ``unknown``; never raises."""
        if not isinstance(tenant, str) or not self._fits(tenant):
            return self.unknown
        if self.allowed is not None and tenant not in self.allowed:
            return self.unknown
        return tenant if self.hashed_with is None else self._shown(tenant)

    def on_metrics_value(self, tenant: str) -> str:
        """Return what metrics show for *tenant*, which is an answer of ``of()`` or ``validated()``."""
        return self._on_metrics.of(tenant)


def _as_it_is(tenant: str) -> str:
    return tenant


def _hashing(key: bytes) -> Callable[[str], str]:
    from hmac import digest  # noqa: PLC0415 - takes OpenSSL with it, which few need

    # A lone surrogate, which a custom pattern may let through, has no UTF-8.
    return lambda tenant: digest(key, tenant.encode("utf-8", "surrogatepass"), "sha256").hex()[:_HASH_DIGITS]


def _problems(tenants: Tenants) -> list[str]:
    said = {
        refused("policy", tenants.policy, 1): not is_plain(tenants.policy, 1),
        f"unknown is not a name: {tenants.unknown!r}": not _is_name(tenants.unknown),
        "hashed_with is neither a key (str or bytes) that is not empty, nor None": tenants.hashed_with is not None
        and not (isinstance(tenants.hashed_with, (str, bytes)) and tenants.hashed_with),
        f"on_metrics is neither True nor False: {tenants.on_metrics!r}": not isinstance(tenants.on_metrics, bool),
        f"max_on_metrics is not a number, 0 or more: {tenants.max_on_metrics!r}": type(tenants.max_on_metrics)
        is not int
        or tenants.max_on_metrics < 0,
        f"in_baggage is neither True nor False: {tenants.in_baggage!r}": not isinstance(tenants.in_baggage, bool),
        f"attribute is not a name: {tenants.attribute!r}": not _is_name(tenants.attribute),
    }
    return [problem for problem, found in said.items() if found] + _pattern_problems(tenants.pattern, tenants.allowed)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value) and not any(character.isspace() for character in value)


def _pattern_problems(pattern: Any, allowed: Any) -> list[str]:
    try:
        fits = re.compile(pattern).fullmatch if isinstance(pattern, str) else None
    except (re.error, OverflowError, RecursionError) as error:
        return [f"pattern is a broken regular expression: {pattern!r}: {error}"]
    if fits is None:
        return [f"pattern is not a regular expression: {pattern!r}"]
    if allowed is None:
        return []
    if not isinstance(allowed, frozenset):
        return [f"allowed is not a list of tenants: {allowed!r}"]
    refused = [tenant for tenant in allowed if not (isinstance(tenant, str) and fits(tenant))]
    return [f"allowed has a tenant that does not fit pattern: {tenant!r}" for tenant in sorted(refused, key=repr)]
