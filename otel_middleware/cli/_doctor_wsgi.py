"""Asking a WSGI application without a server."""

from __future__ import annotations

import io
import sys
from threading import Thread
from typing import TYPE_CHECKING, Any

from otel_middleware.cli._doctor_probes import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from otel_middleware.cli._doctor_probes import Probe

__all__ = ["visit_wsgi"]

_PATIENCE = 10.0  # seconds for one request


def visit_wsgi(app: Any, prepare: Callable[[Any], Any], probes: Sequence[Probe]) -> list[Answer]:
    """Send *probes* to what *prepare* makes of *app*; the answers are in the order of the probes."""
    served = prepare(app)
    return [_answer(served, probe) for probe in probes]


def _answer(app: Any, probe: Probe) -> Answer:
    answer = Answer()
    worker = Thread(target=_ask, args=(app, probe, answer), daemon=True)
    worker.start()
    worker.join(_PATIENCE)
    if worker.is_alive():
        answer.raised = f"no end within {_PATIENCE:.0f} seconds"
    return answer


def _ask(app: Any, probe: Probe, answer: Answer) -> None:
    def start_response(status: str, _headers: Any, _exc_info: Any = None) -> Any:
        answer.status = int(status.partition(" ")[0])
        return lambda _data: None

    try:
        body = app(_environ(probe), start_response)
        try:
            for part in body:
                answer.parts += bool(part)
                if probe.leaves:
                    break
        finally:
            getattr(body, "close", list)()
    except Exception as error:  # noqa: BLE001 - an application may raise anything
        answer.raised = f"{type(error).__name__}: {error}"


def _environ(probe: Probe) -> dict[str, Any]:
    """Return the environ as PEP 3333 has it: bytes as Latin-1."""
    headers = {
        f"HTTP_{name.decode('latin-1').upper().replace('-', '_')}": value.decode("latin-1")
        for name, value in probe.all_headers
    }
    return {
        "REQUEST_METHOD": probe.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": probe.path.decode("latin-1"),
        "QUERY_STRING": probe.query.decode("latin-1"),
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **headers,
    }
