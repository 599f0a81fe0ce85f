"""The inner layers, in the one order that works: the same for both protocols."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_middleware.status import ErrorStatuses

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_middleware._options import Options

__all__ = ["layered"]


def layered(
    app: Any,
    options: Options,
    route: Callable[..., Any],
    status: Callable[..., Any],
    tenant: Callable[..., Any],
) -> Any:
    """*app* inside the layers that *options* ask for, made by the classes of one protocol."""
    inside = route(app, options.routes)
    if not (isinstance(options.errors, ErrorStatuses) and options.errors.says_nothing):
        inside = status(inside, options.errors)
    return inside if options.tenants is None else tenant(inside, options.tenants)
