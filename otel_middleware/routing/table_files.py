"""Declared route templates in a file, whichever kind of file it is."""

from __future__ import annotations

from pathlib import Path

from otel_middleware.routing.table import RouteTable

__all__ = ["table_from"]

_DOCUMENTS = (".json", ".yaml", ".yml")


def table_from(file: str) -> RouteTable:
    """Read declared templates: an OpenAPI document by its suffix, a reviewed file otherwise.

    Raises:
        ConfigurationError: the file cannot be read, or what it holds makes no table.
    """
    read = RouteTable.from_openapi if Path(file).suffix.lower() in _DOCUMENTS else RouteTable.from_file
    return read(file)
