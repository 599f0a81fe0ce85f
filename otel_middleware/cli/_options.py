"""The options of ``instrument`` that a command line gives."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from otel_middleware import ConfigurationError, RouteTable, TenantFromHeader, Tenants
from otel_middleware.cli._giving_up import give_up

if TYPE_CHECKING:
    from otel_middleware import Sanitizer

__all__ = ["options_of", "table_of"]

_DOCUMENTS = (".json", ".yaml", ".yml")


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
    """Read declared templates: an OpenAPI document by its suffix, a reviewed file otherwise."""
    read = RouteTable.from_openapi if Path(file).suffix.lower() in _DOCUMENTS else RouteTable.from_file
    try:
        return read(file)
    except ConfigurationError as error:
        more = f" (and {len(error.problems) - 1} more)" if len(error.problems) > 1 else ""
        give_up(f"{file} cannot be used: {error.problems[0]}{more}")
