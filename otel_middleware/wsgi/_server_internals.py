"""What servers know of a client and tell no application: whether it was reading their ``wsgi.input`` that failed."""

from __future__ import annotations

from typing import Any

__all__ = ["came_from"]


def came_from(body: Any, error: BaseException | None) -> bool:
    """Whether *error* is an ``OSError`` that reading *body*, the server's ``wsgi.input``, has raised.

    Told by identity: a database's ``ConnectionError`` is the application's. A buffered reader leaves no frame of its own, but the
    socket below it does; uWSGI's reader, written in C, leaves none, but says so.
    """
    if body is None or not isinstance(error, OSError):
        return False
    readers = {id(body), id(getattr(body, "raw", body))}
    trace = error.__traceback__
    while trace is not None:
        if id(trace.tb_frame.f_locals.get("self")) in readers:
            return True
        trace = trace.tb_next
    return type(error) is OSError and str(error).endswith("on wsgi.input")
