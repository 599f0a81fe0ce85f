"""The application that a command line names: ``module:app``."""

from __future__ import annotations

import importlib
import sys
import traceback
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from otel_middleware.cli._giving_up import give_up
from otel_middleware.cli._text import shown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

__all__ = ["load"]

_EXAMPLE = "write module:app, as in shop.main:app (module:create_app() calls a factory)"


def load(target: str) -> Any:
    """Return the application that *target* names, or what its factory returns; one line and exit status 2 when it cannot.

    Args:
        target: ``module:attribute``, dotted both, looked for in the working directory first; ``()`` behind it calls it.
    """
    name, colon, path = target.partition(":")
    called = path.endswith("()")
    path = path.removesuffix("()")
    if not colon or not all(part.isidentifier() for part in (*name.split("."), *path.split("."))):
        give_up(f"{shown(target)} names no application: {_EXAMPLE}")
    app: Any = _module(name)
    for part in path.split("."):
        if not hasattr(app, part):
            give_up(f"{name} has no {path}{_instead(app, part)}: {_EXAMPLE}")
        app = getattr(app, part)
    if called:
        app = _made(app, target)
    if not callable(app):
        give_up(f"{target} is {shown(type(app).__name__)}, which is no ASGI or WSGI application: {_EXAMPLE}")
    return app


def _module(name: str) -> ModuleType:
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            give_up(f"there is no module {error.name} in {Path.cwd()} or installed: {_EXAMPLE}")
        give_up(f"{name} cannot be imported: {_reason(error)}; install what it needs beside otel-middleware")
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a module may do anything while it is imported
        give_up(f"{name} cannot be imported: {_reason(error)}")


def _made(factory: Any, target: str) -> Any:
    try:
        return factory()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the same for a factory
        give_up(f"{target} failed: {_reason(error)}")


def _instead(module: Any, wanted: str) -> str:
    """Return a hint at what was meant: a near miss, else what looks like an application."""
    near: Sequence[str] = get_close_matches(wanted, vars(module), n=1) if hasattr(module, "__dict__") else ()
    usual = [name for name in ("app", "application", "asgi", "wsgi", "create_app") if hasattr(module, name)]
    found = [*near, *usual][:1]
    return f"; did you mean {found[0]}" if found else ""


def _reason(error: BaseException) -> str:
    """Return what was raised and where, on one line."""
    said = f"{type(error).__name__}: {shown(error)}" if str(error) else type(error).__name__
    if isinstance(error, SyntaxError):
        return f"{said.partition(' (')[0]} ({error.filename}, line {error.lineno})"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "importlib" not in frame.filename]
    last = frames[-1] if frames else None
    ours = last is None or last.filename == __file__
    return said if ours or last is None else f"{said} ({last.filename}, line {last.lineno})"
