"""web.py: nothing is told; its URL mapping is asked. Templates are its regular expressions."""

from __future__ import annotations

import re
from contextlib import suppress
from types import FunctionType
from typing import TYPE_CHECKING, Any

from otel_middleware.frameworks._environ import mounted_at, path_below
from otel_middleware.frameworks._finding import is_a
from otel_middleware.frameworks._framework import Asked, Framework

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FRAMEWORK"]

_APPLICATION = "web.application"


def _recognises(app: Any) -> bool:
    return _application(app) is not None


def _application(app: Any) -> Any:
    """The application, which is no callable itself: the function that ``wsgifunc()`` makes closes over it."""
    for cell in app.__closure__ or () if isinstance(app, FunctionType) else ():
        with suppress(ValueError):  # an empty cell
            if is_a(cell.cell_contents, _APPLICATION):
                return cell.cell_contents
    return None


def _route_of(app: Any, environ: Mapping[str, Any], asked: Asked, body: Any) -> str | None:
    if body is not None:
        return None
    pattern = _pattern(_application(app), path_below(environ), asked.host)
    return None if pattern is None else mounted_at(environ, asked) + pattern


def _pattern(app: Any, path: str, host: str) -> str | None:
    """The first pattern that matches as web.py matches it, behind the prefixes of sub-applications, which are plain."""
    by_host = is_a(app, "web.subdomain_application")
    value = host.partition(":")[0] if by_host else path
    for pattern, target in app.mapping:
        if by_host:
            if re.match(rf"^{pattern}$", value):
                return _pattern(target, path, host)
        elif hasattr(target, "mapping") and hasattr(target, "fvars"):
            if path.startswith(pattern):
                inside = _pattern(target, path[len(pattern) :], host)
                return None if inside is None else f"{pattern}{inside}"
        elif re.match(rf"^{pattern}\Z", path):
            return str(pattern)
    return None


FRAMEWORK = Framework("web.py", _recognises, _route_of)
