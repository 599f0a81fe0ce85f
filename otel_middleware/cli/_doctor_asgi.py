"""Asking an ASGI application without a server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from otel_middleware.cli._doctor_probes import Answer
from otel_middleware.cli._giving_up import give_up

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from otel_middleware.cli._doctor_probes import Probe

__all__ = ["visit_asgi"]

_PATIENCE = 10.0  # seconds for one request, and for the application to start


def visit_asgi(app: Any, prepare: Callable[[Any], Any], probes: Sequence[Probe]) -> list[Answer]:
    """Start *app*, send *probes* to what *prepare* makes of it, stop it; the answers are in the order of the probes."""
    return asyncio.run(_visit(app, prepare, probes))


async def _visit(app: Any, prepare: Callable[[Any], Any], probes: Sequence[Probe]) -> list[Answer]:
    life = _Lifespan(app)
    await life.start()
    served = prepare(app)
    answers = [await _answer(served, probe) for probe in probes]
    await life.stop()
    return answers


class _Lifespan:
    """The lifespan of an application that has one; others refuse, which is fine (ASGI specification, "Lifespan")."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._asked: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._task: asyncio.Task[Any] | None = None

    async def start(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
        self._task = asyncio.ensure_future(self._live(scope))
        await self._step("lifespan.startup")

    async def _live(self, scope: dict[str, Any]) -> None:
        # Inside of the task: an application may refuse while it is called, a class in its constructor.
        await self._app(scope, self._asked.get, self._told.put)

    async def stop(self) -> None:
        await self._step("lifespan.shutdown")
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _step(self, kind: str) -> None:
        if self._task is None or self._task.done():
            return
        await self._asked.put({"type": kind})
        told = asyncio.ensure_future(self._told.get())
        await asyncio.wait({told, self._task}, timeout=_PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        if told.done() and told.result()["type"] == "lifespan.startup.failed":
            give_up(f"the application did not start: {told.result().get('message') or 'its lifespan failed'}")
        told.cancel()


async def _answer(app: Any, probe: Probe) -> Answer:
    talk = _Talk(probe)
    try:
        await asyncio.wait_for(app(_scope(probe), talk.receive, talk.send), _PATIENCE)
    except asyncio.TimeoutError:
        talk.answer.raised = f"no end within {_PATIENCE:.0f} seconds"
    except Exception as error:  # noqa: BLE001 - an application may raise anything
        if not talk.left:
            talk.answer.raised = f"{type(error).__name__}: {error}"
    return talk.answer


class _Talk:
    """Both ends of one connection, as a server would have them."""

    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        self._begun = False
        self.answer = Answer()
        self.left = False

    async def receive(self) -> dict[str, Any]:
        kind = self._probe.kind
        if self._begun:
            if kind == "http" and not self._probe.leaves:
                await asyncio.Event().wait()  # the client stays
            return {"type": f"{kind}.disconnect", "code": 1001}
        self._begun = True
        return {"type": "websocket.connect"} if kind == "websocket" else {"type": "http.request", "body": b""}

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            self.answer.status = message["status"]
        elif message["type"] == "websocket.accept":
            self.answer.status = 101
        elif message["type"] == "websocket.close" and self.answer.status is None:
            self.answer.status = 403
        elif message["type"] == "http.response.body":
            if self._probe.leaves:
                self.left = True
                raise OSError("the client has left")
            self.answer.parts += bool(message.get("body"))


def _scope(probe: Probe) -> dict[str, Any]:
    websocket = probe.kind == "websocket"
    return {
        "type": probe.kind,
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "ws" if websocket else "http",
        "path": probe.path.decode("utf-8", "replace"),
        "raw_path": probe.path,
        "query_string": probe.query,
        "root_path": "",
        "headers": probe.all_headers,
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
        "state": {},
        "extensions": {},
        **({"subprotocols": []} if websocket else {"method": probe.method}),
    }
