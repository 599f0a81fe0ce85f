"""One ``instrument`` for both protocols: looks whether an application is ASGI or WSGI."""

from __future__ import annotations

from inspect import Parameter, iscoroutinefunction, signature
from typing import Any

from otel_middleware.errors import ConfigurationError

__all__ = ["instrument", "is_asgi"]

_ASGI_ARGUMENTS, _WSGI_ARGUMENTS = 3, 2


def instrument(app: Any, **options: Any) -> Any:
    """Instrument *app*, ASGI or WSGI: calls ``otel_middleware.asgi.instrument`` or ``otel_middleware.wsgi.instrument``.

    Args:
        app: The application.
        **options: As both take them.

    Raises:
        ConfigurationError: When it cannot tell the protocol, and for all that the two raise it for.
    """
    if not callable(app):
        raise ConfigurationError(f"app must be a callable ASGI or WSGI application, not {app!r}")
    # Both protocols are imported only here: an ASGI service need not pay for WSGI.
    if is_asgi(app):
        from otel_middleware import asgi  # noqa: PLC0415

        return asgi.instrument(app, **options)
    from otel_middleware import wsgi  # noqa: PLC0415

    return wsgi.instrument(app, **options)


def is_asgi(app: Any) -> bool:
    """Whether *app* is ASGI, and not WSGI.

    Raises:
        ConfigurationError: When it is neither for sure.
    """
    if iscoroutinefunction(app) or iscoroutinefunction(type(app).__call__):
        return True
    arguments = _arguments(app)
    if arguments not in (_ASGI_ARGUMENTS, _WSGI_ARGUMENTS):
        raise ConfigurationError(
            f"app is neither clearly ASGI (scope, receive, send) nor clearly WSGI (environ, start_response): {app!r}; "
            "use otel_middleware.asgi.instrument or otel_middleware.wsgi.instrument"
        )
    return arguments == _ASGI_ARGUMENTS


def _arguments(app: Any) -> int | None:
    """How many positional arguments *app* takes; ``None`` when it does not say."""
    try:
        parameters = signature(app).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(parameter.kind is Parameter.VAR_POSITIONAL for parameter in parameters):
        return None
    positional = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    return sum(parameter.kind in positional and parameter.default is Parameter.empty for parameter in parameters)
