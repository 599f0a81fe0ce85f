"""How a process ends: what is waiting goes out first, whether the process returns, is terminated, or serves under uvicorn."""

from __future__ import annotations

import atexit
import contextlib
import multiprocessing.util
import signal
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

from otel_middleware._after_uvicorn import flushed_after_uvicorn

if TYPE_CHECKING:
    from otel_middleware.sdk.bootstrap import Telemetry

__all__ = ["export_at_end"]

PATIENCE = 30.0
"""Seconds that a terminated process waits for its exporters; as long as their own shutdown does."""


def export_at_end(telemetry: Telemetry) -> None:
    """See to it that *telemetry* exports what is waiting when this process ends in order.

    Handlers of SIGTERM that others have set are left alone: servers that have one end by returning, so that ``atexit`` runs.
    uvicorn has one and ends by the signal all the same: there it is done when its requests are over.
    """
    atexit.register(telemetry.shutdown)
    multiprocessing.util.register_after_fork(telemetry, _flush_at_end)
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        with contextlib.suppress(ValueError):  # only the main thread of the main interpreter may
            signal.signal(signal.SIGTERM, partial(_terminate, telemetry))
    flushed_after_uvicorn(telemetry.flush)


def _flush_at_end(telemetry: Telemetry) -> None:
    """In a child of ``multiprocessing``, which ends without the functions of ``atexit``."""
    multiprocessing.util.Finalize(None, telemetry.flush, exitpriority=0)


def _terminate(telemetry: Telemetry, number: int, _frame: Any) -> None:
    """Export, then end by the signal as if nobody had handled it.

    In a thread of its own: the one that was interrupted may hold a lock which exporting needs. A second signal ends it at once.
    """
    ending = threading.Thread(target=telemetry.shutdown, daemon=True)
    ending.start()
    ending.join(PATIENCE)
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)
