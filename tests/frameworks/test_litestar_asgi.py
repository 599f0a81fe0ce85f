"""Litestar tells in ``scope["path_template"]``; a mount's handler is another application."""

from typing import Any

import pytest
from asgi_contract import Row, contract, each, installed, seen

litestar, applications, routing, responses = installed(
    "litestar", "starlette.applications", "starlette.routing", "starlette.responses"
)

pytestmark = pytest.mark.filterwarnings("ignore")  # Litestar would have another spelling of parameters


@litestar.get(["/orders/{number:int}"])
async def order(number: int) -> int:
    return number


@litestar.get("/boom/{number:int}")
async def boom(number: int) -> None:
    raise ValueError


@litestar.websocket("/socket/{number:str}")
async def socket(socket: litestar.WebSocket, number: str) -> None:
    await socket.accept()
    await socket.close()


async def foreign(scope: Any, receive: Any, send: Any) -> None:
    """An application of no framework."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"x"})


async def starlette_order(request):
    return responses.PlainTextResponse("x")


def made():
    below = applications.Starlette(routes=[routing.Route("/orders/{number}/", starlette_order)])
    return litestar.Litestar(
        [
            order,
            boom,
            socket,
            litestar.get("/")(_root),
            litestar.Router("/nested/{tenant:str}", route_handlers=[order]),
            litestar.asgi("/mounted/below", is_mount=True, copy_scope=True)(below),
            litestar.asgi("/foreign", is_mount=True, copy_scope=True)(foreign),
        ]
    )


async def _root() -> str:
    return "x"


ROWS = [
    *contract(
        order="/orders/{number}",
        boom="/boom/{number}",
        nested="/nested/{tenant}/orders/{number}",
        websocket="/socket/{number}",
        head=(405, None),
    ),
    Row("the root", "GET /", 200, "/"),
    Row("another slash", "GET /orders/5/", 200, "/orders/{number}"),
    Row("a mount", "GET /mounted/below/orders/5", 200, "/mounted/below/orders/{number}/"),
    Row("nothing below a mount", "GET /mounted/below/nothing", 404, None),
    Row(
        "a mount, and a root path",
        "GET /mounted/below/orders/5",
        200,
        "/mounted/below/orders/{number}/",
        root_path="/srv",
    ),
    Row("what nobody can ask", "GET /foreign/5/6", 200, "/foreign/{path}"),
]


@each(ROWS)
def test_the_matched_path_names_the_request(row):
    """What Litestar wrote, without the kinds of its parameters, is the template."""
    assert row.expected == seen(made(), row)
