"""What the environment asks for, as options of ``instrument``."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from otel_middleware.attach import environment_variables as variables
from otel_middleware.errors import ConfigurationError, in_short
from otel_middleware.exclusion import Exclusion
from otel_middleware.routing.table_files import table_from
from otel_middleware.tenancy import TenantFromHeader, Tenants
from otel_middleware.trust import TrustPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["disabled", "options_of", "unknown_in"]

_PREFIX = "OTEL_PYTHON_MIDDLEWARE_"
_ENTRY_POINT = "otel_middleware"


def disabled(environment: Mapping[str, str]) -> bool:
    """Whether the environment switches zero-code use off: by our variable, or by upstream's for any instrumentor."""
    if environment.get(variables.OTEL_PYTHON_MIDDLEWARE_DISABLED, "").strip().lower() == "true":
        return True
    listed = environment.get("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "").split(",")
    return not {_ENTRY_POINT, "*"}.isdisjoint(name.strip() for name in listed)


def options_of(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return keyword arguments of ``instrument``; an empty variable counts as unset.

    Raises:
        ConfigurationError: With every problem, each naming the variable and its value.
    """
    read = _Reading(environment)
    return {
        **read("routes", variables.OTEL_PYTHON_MIDDLEWARE_ROUTES, table_from),
        **read("tenant", variables.OTEL_PYTHON_MIDDLEWARE_TENANT_HEADER, _tenants),
        **read("excluded_urls", variables.OTEL_PYTHON_MIDDLEWARE_EXCLUDED_URLS, _excluded),
        **_trust(read),
        **read.done(),
    }


def unknown_in(environment: Mapping[str, str]) -> list[str]:
    """Return a sentence for each variable that looks like one of ours and is none."""
    ours = variables.__all__
    return [
        f"{name} is no variable of otel_middleware and changes nothing; "
        f"did you mean {next(iter(get_close_matches(name, ours, n=1, cutoff=0)))}?"
        for name in sorted(environment)
        if name.startswith(_PREFIX) and name not in ours
    ]


class _Reading:
    """Reads one variable after the other and collects what is wrong with them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._problems: list[str] = []

    def __call__(self, option: str, variable: str, make: Callable[[str], Any]) -> dict[str, Any]:
        """*option* as *make* makes it of the variable's value; nothing when it is unset or wrong."""
        value = self._environment.get(variable, "").strip()
        if not value:
            return {}
        try:
            return {option: make(value)}
        except ConfigurationError as error:
            self._problems.append(f"{variable}={value!r}: {in_short(error)}")
            return {}

    def done(self) -> dict[str, Any]:
        """Raise what is wrong; nothing otherwise."""
        if self._problems:
            raise ConfigurationError(*self._problems)
        return {}


def _tenants(header: str) -> Tenants:
    return Tenants(TenantFromHeader(header))


def _excluded(expressions: str) -> str:
    Exclusion.of(expressions)
    return expressions


def _trust(read: _Reading) -> dict[str, Any]:
    proxies = read("proxies", variables.OTEL_PYTHON_MIDDLEWARE_TRUSTED_PROXIES, _proxies)
    hops = read("hops", variables.OTEL_PYTHON_MIDDLEWARE_HOPS, _hops)
    return {"trust": TrustPolicy(**proxies, **hops)} if proxies or hops else {}


def _proxies(listed: str) -> tuple[str, ...]:
    proxies = tuple(filter(None, map(str.strip, listed.split(","))))
    TrustPolicy(proxies=proxies)
    return proxies


def _hops(value: str) -> int:
    if not value.isdecimal() or int(value) < 1:
        raise ConfigurationError("hops is not a number, 1 or more")
    return int(value)
