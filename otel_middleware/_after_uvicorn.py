"""How uvicorn ends: by the signal that it was sent, raised again when its requests are over, so that ``atexit`` does not run."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["flushed_after_uvicorn"]


def flushed_after_uvicorn(flush: Callable[[], object]) -> None:
    """Have *flush* called when the uvicorn that handles SIGTERM in this process has shut down; nothing where none does."""
    server: Any = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    if type(server).__module__ != "uvicorn.server":
        return
    shutdown = server.shutdown

    async def flushing(*args: Any, **options: Any) -> None:
        await shutdown(*args, **options)
        with contextlib.suppress(Exception):  # exporters have said what it is
            await asyncio.to_thread(flush)

    server.shutdown = flushing
