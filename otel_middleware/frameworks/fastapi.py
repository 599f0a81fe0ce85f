"""FastAPI: as Starlette, on which it is built; its includes are unfolded in ``_fastapi_includes``."""

from __future__ import annotations

from typing import Any

from otel_middleware.frameworks import starlette
from otel_middleware.frameworks._finding import is_a
from otel_middleware.frameworks._framework import Framework

__all__ = ["FRAMEWORK"]


def _recognises(app: Any) -> bool:
    """Whether *app* is a FastAPI application or one of its routers."""
    return is_a(app, "fastapi.FastAPI", "fastapi.APIRouter")


FRAMEWORK = Framework(
    "FastAPI", _recognises, starlette.route_of, starlette.taken, records=True, listed=starlette.listed
)
