"""Where a tenant can be read: a header, the host, the path, or the first of several places."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from otel_middleware._callable import is_plain, refused
from otel_middleware._host import host_and_port
from otel_middleware.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_middleware.request import Request

__all__ = [
    "FirstOf",
    "TenantFromHeader",
    "TenantFromHost",
    "TenantFromPath",
    "first_of",
    "header_problems",
]

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # RFC 9110 section 5.6.2
_DOMAIN = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")


@dataclass(frozen=True, slots=True)
class TenantFromHeader:
    """Read the tenant from a request header, which a gateway of yours should set.

    Anyone can send it, so it is a claim: from an untrusted caller (``TrustPolicy``) it is not read.

    Args:
        name: Name of the header, in any case.

    Raises:
        ConfigurationError: When *name* is no header name.
    """

    name: str = "x-tenant-id"
    claimed: ClassVar[bool] = True

    def __post_init__(self) -> None:
        problems = header_problems("name", self.name)
        if problems:
            raise ConfigurationError(*problems)
        object.__setattr__(self, "name", self.name.lower())

    def __call__(self, request: Request) -> str | None:
        """Return the header's value; several values are one with commas, which no tenant is by default."""
        return request.header(self.name)


@dataclass(frozen=True, slots=True)
class TenantFromHost:
    """Read the tenant from the subdomain: of ``acme.example.com:8443`` under ``example.com`` it is ``acme``.

    One label deep: ``a.b.example.com`` and ``example.com`` itself name none. The host says which tenant's site is asked
    for, not who asks, so it is no claim and is read whoever the caller is; where the application does not itself go by
    it, list the tenants in ``Tenants(allowed=...)``.

    Args:
        domain: The domain that the tenants' names stand before, in any case.

    Raises:
        ConfigurationError: When *domain* is no domain name (a port, scheme or wildcard does not belong to it).
    """

    domain: str
    claimed: ClassVar[bool] = False
    _suffix: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.domain, str) or not _DOMAIN.fullmatch(self.domain.lower()):
            raise ConfigurationError(f"domain is not a domain name: {self.domain!r}")
        object.__setattr__(self, "domain", self.domain.lower())
        object.__setattr__(self, "_suffix", f".{self.domain}")

    def __call__(self, request: Request) -> str | None:
        """Return the subdomain in lower case, or ``None`` when the host is another."""
        host = (host_and_port(request.host)[0] or "").removesuffix(".")
        label = host.removesuffix(self._suffix)
        return label if label and label != host and "." not in label else None


@dataclass(frozen=True, slots=True)
class TenantFromPath:
    """Read the tenant from the path: of ``/t/acme/orders`` with the template ``/t/{tenant}/...`` it is ``acme``.

    The path says which tenant's resource is asked for, not who asks, so it is no claim and is read whoever asks.

    Args:
        template: A path, mount prefix included, with ``{tenant}`` once, for one segment or a part of one. A last
            segment ``...`` stands for any rest, also none.

    Raises:
        ConfigurationError: When *template* has no leading slash, not exactly one ``{tenant}``, other braces, or ``...``
            inside.
    """

    template: str
    claimed: ClassVar[bool] = False
    _match: Callable[[str], re.Match[str] | None] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        fixed = self.template.removesuffix("/...") if isinstance(self.template, str) else ""
        before, placeholder, after = fixed.partition("{tenant}")
        if not (before.startswith("/") and placeholder) or set("{}") & set(before + after) or "..." in fixed.split("/"):
            raise ConfigurationError(f"template is not a path with {{tenant}} once: {self.template!r}")
        rest = "(?:/.*)?" if fixed != self.template else ""
        pattern = re.compile(f"{re.escape(before)}([^/]+){re.escape(after)}{rest}", re.DOTALL)
        object.__setattr__(self, "_match", pattern.fullmatch)

    def __call__(self, request: Request) -> str | None:
        """Return what stands in the tenant's place, or ``None`` when the path is another."""
        found = self._match(request.path)
        return found[1] if found else None


@dataclass(frozen=True, slots=True)
class FirstOf:
    """Ask several tenant policies; the first that names a tenant counts. Built by ``first_of``."""

    policies: tuple[Callable[[Request], str | None], ...]

    @property
    def claimed(self) -> bool:
        """Whether every policy in it reads a claim; ``Tenants`` asks the others of an untrusted caller."""
        return all(getattr(policy, "claimed", True) for policy in self.policies)

    def __call__(self, request: Request) -> str | None:
        """Return the first tenant named."""
        return next(filter(None, (policy(request) for policy in self.policies)), None)

    def __repr__(self) -> str:
        return f"first_of({', '.join(map(repr, self.policies))})"


def first_of(*policies: Callable[[Request], str | None]) -> FirstOf:
    """Combine tenant policies: the first that names a tenant counts, whether or not it is then found valid.

    Raises:
        ConfigurationError: Without a policy, and for one that is not a plain callable; all problems at once.
    """
    problems = [] if policies else ["first_of has no policy"]
    problems += [refused("each policy of first_of", policy, 1) for policy in policies if not is_plain(policy, 1)]
    if problems:
        raise ConfigurationError(*problems)
    nested = [policy.policies if isinstance(policy, FirstOf) else (policy,) for policy in policies]
    return FirstOf(tuple(policy for group in nested for policy in group))


def header_problems(argument: str, name: Any) -> list[str]:
    """Return what is wrong with a header name."""
    fits = isinstance(name, str) and _HEADER_NAME.fullmatch(name)
    return [] if fits else [f"{argument} is not the name of a header: {name!r}"]
