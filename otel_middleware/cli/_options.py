"""The options of ``instrument`` that a command line gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_middleware import ConfigurationError, TenantFromHeader, Tenants
from otel_middleware.cli._giving_up import give_up
from otel_middleware.errors import in_short
from otel_middleware.routing.table_files import table_from

if TYPE_CHECKING:
    from otel_middleware import RouteTable, Sanitizer

__all__ = ["options_of", "table_of"]


def options_of(routes: str | None, tenant_header: str | None, sanitizer: Sanitizer) -> dict[str, Any]:
    """Return keyword arguments; one line and exit status 2 for what cannot be honoured."""
    options: dict[str, Any] = {"sanitizer": sanitizer}
    if routes is not None:
        options["routes"] = table_of(routes)
    if tenant_header is not None:
        try:
            options["tenant"] = Tenants(TenantFromHeader(tenant_header), on_metrics=True)
        except ConfigurationError as error:
            give_up(f"--tenant-header {tenant_header}: {error}")
    return options


def table_of(file: str) -> RouteTable:
    """Read declared templates; one line and exit status 2 when they make no table."""
    try:
        return table_from(file)
    except ConfigurationError as error:
        give_up(f"{file} cannot be used: {in_short(error)}")
