"""The objects that CherryPy's dispatcher walked: attribute names as they are, anything else as a placeholder."""

from __future__ import annotations

import inspect
from functools import lru_cache
from typing import Any

__all__ = ["fits", "parameters", "walked"]

_UNNAMED = "{segment}"
_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def walked(request: Any, dispatcher: Any, segments: list[str]) -> tuple[list[str], Any]:
    """The segments that led to the handler, as names and placeholders, and the handler's function.

    Only what is an attribute of the object reached so far is kept, in the spelling of the attribute: what ``popargs``
    or another dispatch method took is a value.
    """
    node, names, left = request.app.root, [], list(segments)
    while left:
        name = left[0].translate(dispatcher.translate)
        if _has(node, name):
            node = getattr(node, name)
            names.append(name)
            del left[0]
            continue
        popped, node = _popargs(node, dispatcher)
        if not popped:
            return [*names, *_guessed(left, dispatcher, _told(request))], _told(request)
        names += [f"{{{name}}}" for name in popped[: len(left)]]
        del left[: len(popped)]
    return names, _told(request) or _leaf(node, request.method)


def parameters(function: Any, count: int) -> tuple[str, ...]:
    """Placeholders for *count* segments given to *function*: its parameters' names, one for all of ``*args``."""
    if count == 0:
        return ()
    bound = inspect.ismethod(function)
    positional, rest = _declared(function.__func__ if bound else function)
    positional = positional[1:] if bound else positional
    return positional[:count] + (rest if count > len(positional) else ())


@lru_cache(maxsize=512)
def _declared(function: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Placeholders for the positional parameters, and for ``*args``. A signature costs more than all the rest here."""
    declared = inspect.signature(function).parameters.values() if callable(function) else ()
    positional = tuple(f"{{{each.name}}}" for each in declared if each.kind in _POSITIONAL)
    return positional, tuple(f"{{{each.name}}}" for each in declared if each.kind is inspect.Parameter.VAR_POSITIONAL)


def fits(function: Any, request: Any) -> bool:
    """Whether *function* takes the segments and parameters that it was given."""
    try:
        inspect.signature(function, follow_wrapped=False).bind(*request.args, **{**request.params, **request.kwargs})
    except TypeError:
        return False
    return True


def _has(node: Any, name: str) -> bool:
    """Statically: ``__getattr__`` would take any segment for a name."""
    missing = object()
    return inspect.getattr_static(node, name, missing) is not missing


def _popargs(node: Any, dispatcher: Any) -> tuple[tuple[str, ...], Any]:
    """The names that ``cherrypy.popargs`` gives to the next segments of *node*, and the object that follows."""
    dispatch: Any = getattr(node, dispatcher.dispatch_method_name, None)
    code = getattr(dispatch, "__code__", None)
    if code is None or not {"args", "handler"} <= set(code.co_freevars):
        return (), None
    cells = dict(zip(code.co_freevars, dispatch.__closure__, strict=True))
    return cells["args"].cell_contents, cells["handler"].cell_contents or node


def _guessed(left: list[str], dispatcher: Any, function: Any) -> list[str]:
    """Segments that the application's own dispatch method took as it liked; the last may be the handler's name."""
    last = left[-1].translate(dispatcher.translate)
    return [_UNNAMED] * (len(left) - 1) + [last if last == getattr(function, "__name__", None) else _UNNAMED]


def _told(request: Any) -> Any:
    """The function behind the request's handler, and behind what the encoding and JSON tools put before it."""
    handler = request.handler
    for candidate in (handler, getattr(handler, "oldhandler", None), getattr(request, "_json_inner_handler", None)):
        function = getattr(candidate, "callable", None)
        if function is not None:
            return function
    return None


def _leaf(node: Any, method: str) -> Any:
    """The function that answers for *node*, where a tool, a cache say, has put the handler away."""
    default = getattr(node, "default", None)
    if getattr(default, "exposed", False):
        return default
    return node if inspect.isroutine(node) else getattr(node, method, getattr(node, "GET", node))
