"""A callable of the user's raised: said once, never passed on."""

from __future__ import annotations

import logging
from threading import Lock

__all__ = ["Once"]

_logger = logging.getLogger("otel_middleware")


class Once:
    """Says once, as a warning on the logger ``otel_middleware``, that a callable of the user's raised.

    Neither the exception's text nor ``exc_info`` is logged: the text may hold what the request sent, and an exception
    that is logged inside a request could be taken for the application's own.
    """

    __slots__ = ("_unsaid",)

    def __init__(self) -> None:
        self._unsaid = Lock()

    def say(self, what: str, error: Exception, consequence: str) -> None:
        """Log "*what* raised *error*: *consequence*" unless something was said before."""
        if self.first():
            _logger.warning("%s raised %s (%s): %s", what, type(error).__qualname__, _place(error), consequence)

    def first(self) -> bool:
        """Whether nothing was said before, and something is now."""
        # Taken and never given back: of all threads exactly one gets it.
        return self._unsaid.acquire(blocking=False)


def _place(error: Exception) -> str:
    step = error.__traceback__
    while step is not None and step.tb_next is not None:
        step = step.tb_next
    return f"{step.tb_frame.f_code.co_filename}:{step.tb_lineno}" if step else "no traceback"
