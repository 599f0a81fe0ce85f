"""Where a tenant can be read: a claim of a JSON Web Token."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Any

from otel_middleware._callable import is_sync, refused
from otel_middleware._once import Once
from otel_middleware._tenant_sources import header_problems
from otel_middleware.errors import ConfigurationError

if TYPE_CHECKING:
    from otel_middleware.request import Request

__all__ = ["TenantFromClaim"]

_MAX_HEADER_LENGTH = 16_384  # characters; servers limit all headers together to 8 to 64 KiB
# RFC 7519 section 3: header, claims, signature in base64url. AWS load balancers pad them, against RFC 7515 section 2.
_TOKEN = re.compile(r"[A-Za-z0-9_-]+=*\.([A-Za-z0-9_-]+)=*\.[A-Za-z0-9_-]*=*")


@dataclass(frozen=True, slots=True)
class TenantFromClaim:
    """Read the tenant from a claim of a JSON Web Token, **which is read and not verified**.

    The signature is not looked at, so anyone can forge the claim: from an untrusted caller (``TrustPolicy``) it is not
    read, unless *verify* is given. ``set_tenant`` after authentication is the stronger way.

    Args:
        claim: Name of the claim; ``org.id`` is the claim of that name or, failing that, ``id`` inside ``org``. Text and
            whole numbers count, anything else is no tenant.
        header: Header that holds the token, after ``Bearer`` or alone; in any case. More than 16,384 characters are not
            read.
        verify: Called with the token; returns its verified claims, or whether it is genuine. One that raises refuses
            the token and is logged once.

    Raises:
        ConfigurationError: For an empty *claim*, what is no header name, or a *verify* that cannot be called; all at
            once.
    """

    claim: str
    _: KW_ONLY
    header: str = "authorization"
    verify: Callable[[str], Mapping[str, Any] | bool] | None = None
    _once: Once = field(init=False, repr=False, compare=False)
    _read: Callable[[str], Any] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        problems = [] if isinstance(self.claim, str) and self.claim else [f"claim is not a name: {self.claim!r}"]
        problems += header_problems("header", self.header)
        if self.verify is not None and not is_sync(self.verify, 1):
            problems.append(refused("verify", self.verify, 1))
        if problems:
            raise ConfigurationError(*problems)
        object.__setattr__(self, "header", self.header.lower())
        object.__setattr__(self, "_once", Once())
        object.__setattr__(self, "_read", _reader())

    @property
    def claimed(self) -> bool:
        """Whether the tenant is only what the caller says: ``True`` unless *verify* is given."""
        return self.verify is None

    def __call__(self, request: Request) -> str | None:
        """Return the claim, or ``None`` without a token that has it; never raises."""
        value = request.header(self.header)
        if value is None or len(value) > _MAX_HEADER_LENGTH:
            return None
        token = value[7:].strip() if value[:7].lower() == "bearer " else value
        verified = True if self.verify is None else self._verified(self.verify, token)
        claims = self._read(token) if verified is True else verified
        return _text(_nested(claims, self.claim)) if isinstance(claims, Mapping) else None

    def _verified(self, verify: Callable[[str], Mapping[str, Any] | bool], token: str) -> Mapping[str, Any] | bool:
        try:
            return verify(token)
        except Exception as error:  # noqa: BLE001 (libraries raise their own for a bad token)
            self._once.say(f"verify of {self!r}", error, "the token is not believed")
            return False


def _reader() -> Callable[[str], Any]:
    """Return what reads a token: what it says, or ``None`` when it is none."""
    from base64 import b64decode  # noqa: PLC0415 - for services that read tokens
    from json import loads  # noqa: PLC0415 - the same

    def claims(token: str) -> Any:
        found = _TOKEN.fullmatch(token)
        if found is None:
            return None
        padding = "=" * (-len(found[1]) % 4)
        try:
            return loads(b64decode(found[1] + padding, altchars=b"-_"))
        except (ValueError, RecursionError):
            return None

    return claims


def _nested(claims: Mapping[str, Any], name: str) -> Any:
    # A name with dots may be a claim itself: "https://shop.example/org".
    if name in claims:
        return claims[name]
    value: Any = claims
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None
