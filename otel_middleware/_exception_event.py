"""An exception as a span tells it: its event and the span's status, sanitised."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

from opentelemetry.trace import Status, StatusCode

from otel_middleware._guard import guarded
from otel_middleware._text import message_of, qualified_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.trace import Span

    from otel_middleware.sanitization import Sanitizer

__all__ = ["exception_event", "status_code_of", "status_of"]


def exception_event(error: BaseException, sanitizer: Sanitizer | None) -> dict[str, str]:
    """The attributes of an ``exception`` event.

    Not ``record_exception``: the SDK calls ``str(error)`` there even when its text is given, and an ``__str__`` that
    raises would replace the application's own exception.
    """
    if sanitizer is None:
        message, trace = message_of(error), _raw_trace(error)
    else:
        message = _told("Sanitizer.message", sanitizer.message, error)
        trace = _told("Sanitizer.exception", sanitizer.exception, error)
    return {"exception.type": qualified_name(error), "exception.message": message, "exception.stacktrace": trace}


def status_of(error: BaseException | None, sanitizer: Sanitizer | None) -> Status:
    """ERROR; with ``Type: message`` where *error* is given."""
    if error is None:
        return Status(StatusCode.ERROR)
    message = message_of(error) if sanitizer is None else _told("Sanitizer.message", sanitizer.message, error)
    name = qualified_name(error).rpartition(".")[2]
    return Status(StatusCode.ERROR, f"{name}: {message}" if message else name)


def status_code_of(span: Span) -> StatusCode:
    """The code of *span*'s status; UNSET where it does not tell."""
    status = getattr(span, "status", None)
    return StatusCode.UNSET if status is None else status.status_code


def _told(what: str, sink: Callable[[BaseException], str], error: BaseException) -> str:
    """What a subclass of the user's says, or nothing when it raises."""
    return guarded(what, sink, error) or ""


def _raw_trace(error: BaseException) -> str:
    try:
        return "".join(traceback.format_exception(type(error), error, error.__traceback__))
    except Exception:  # noqa: BLE001 - a broken __str__ somewhere in the chain
        return qualified_name(error)
