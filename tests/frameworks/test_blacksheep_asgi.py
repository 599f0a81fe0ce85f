"""BlackSheep tells nothing: its router and its mounts are asked."""

from __future__ import annotations

import pytest
from asgi_contract import Row, contract, each, installed, seen

(blacksheep,) = installed("blacksheep")


async def foreign(scope, receive, send):
    """An application of no framework."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"x"})


def ordering():
    app = blacksheep.Application(router=blacksheep.Router())

    @app.router.get("/orders/{int:number}")
    async def order(number: int):
        return number

    return app


def made():
    app = ordering()

    @app.router.get("/boom/:number")
    async def boom(number: str):
        raise ValueError

    @app.router.ws("/socket/{number}")
    async def socket(websocket: blacksheep.WebSocket, number: str):
        await websocket.accept()
        await websocket.close()

    app.mount("/nested/{tenant}", ordering())
    app.mount("/foreign", foreign)
    return app


def routed_without_mounts():
    app = ordering()

    @app.router.get("/files/*")
    async def files(tail: str):
        return tail

    return app


ROWS = [
    *contract(
        order="/orders/{int:number}",
        boom="/boom/:number",
        nested="/nested/{tenant}/orders/{int:number}",
        websocket="/socket/{number}",
        not_allowed=(404, None),
        head=(404, None),
    )[:-2],
    Row("a websocket", "WS /socket/5", 101, "/socket/{number}"),
    Row(
        "the root path that the server gives is no part", "GET /orders/5", 200, "/orders/{int:number}", root_path="/srv"
    ),
    Row("no websocket there", "WS /nothing", 403, None),
    Row("what nobody can ask", "GET /foreign/5/6", 200, "/foreign/*"),
    Row("nothing left of the path", "GET /foreign/", 200, "/foreign/"),
]


@each(ROWS)
def test_the_router_names_the_request(row):
    """The pattern as it was declared is the template."""
    assert row.expected == seen(made(), row, lifespan=True)


@pytest.mark.parametrize("path", ["/files/a%20b/c", "/files/x"])
def test_an_encoded_path_is_matched_as_it_came(path):
    """BlackSheep routes the raw path."""
    row = Row("encoded", f"GET {path}", 200, "/files/*")
    assert row.expected == seen(routed_without_mounts(), row, lifespan=True)
