"""The inner layers: what their classes check and build the same way in both protocols, and the one order that works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_middleware._logged import listen
from otel_middleware._options import checked_errors
from otel_middleware._upstream import choose_semantic_conventions
from otel_middleware.errors import ConfigurationError
from otel_middleware.routing.resolution import Routes
from otel_middleware.status import ErrorStatuses

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_middleware._options import Options
    from otel_middleware.frameworks import Router
    from otel_middleware.tenancy import Tenants

__all__ = ["errors_of", "layered", "routes_of", "tenants_of"]


def layered(
    app: Any,
    options: Options,
    status: Callable[..., Any],
    tenant: Callable[..., Any],
) -> Any:
    """*app* inside the layers that *options* ask for, made by the classes of one protocol."""
    inside = app
    if not (isinstance(options.errors, ErrorStatuses) and options.errors.says_nothing):
        inside = status(inside, options.errors)
    return inside if options.tenants is None else tenant(inside, options.tenants)


def tenants_of(app: Any, tenant: Any) -> Tenants:
    """The tenants of a ``TenantMiddleware``.

    Raises:
        ConfigurationError: When *app* cannot be called, or *tenant* is neither a ``Tenants`` nor a plain callable.
    """
    from otel_middleware.tenancy import Tenants  # noqa: PLC0415 - imported where there are tenants

    tenants: Tenants = _checked(app, lambda: Tenants.wrapping(tenant))
    return tenants


def errors_of(app: Any, errors: Any) -> Any:
    """The policy of an ``ErrorStatusMiddleware``.

    Raises:
        ConfigurationError: When *app* cannot be called, or *errors* is neither an ``ErrorStatuses`` nor a callable.
    """
    checked = _checked(app, lambda: checked_errors(errors))
    if getattr(checked, "from_logs", False):
        listen()
    return checked


def routes_of(app: Any, routes: Any, router: Callable[[Any], Router]) -> Routes:
    """The sources of a ``RouteTemplateMiddleware``.

    Raises:
        ConfigurationError: When *app* cannot be called, or *routes* is no source of templates.
    """
    built: Routes = _checked(app, lambda: Routes(routes, router(app) if callable(app) else None))
    return built


def _checked(app: Any, build: Callable[[], Any]) -> Any:
    choose_semantic_conventions(by_hand=True)
    problems = [] if callable(app) else [f"app must be a callable application, not {app!r}"]
    try:
        built = build()
    except ConfigurationError as error:
        raise ConfigurationError(*problems, *error.problems) from None
    if problems:
        raise ConfigurationError(*problems)
    return built
