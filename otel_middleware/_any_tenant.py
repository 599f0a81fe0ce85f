"""How a tenant is shown that the application sets where no policy stands."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from otel_middleware.tenancy import Tenants

__all__ = ["any_tenant"]


@cache
def any_tenant() -> Tenants:
    """``Tenants`` by the defaults, around a policy that names nobody; built when the first such tenant is set."""
    from otel_middleware.tenancy import Tenants  # noqa: PLC0415 - most services either have a policy or no tenants

    return Tenants(lambda _request: None)
