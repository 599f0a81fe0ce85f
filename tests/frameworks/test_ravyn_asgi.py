"""Ravyn and Lilya tell at the top; below an Include the routes are asked."""

import pytest
from asgi_contract import Row, contract, each, installed, seen

(ravyn,) = installed("ravyn")

pytestmark = pytest.mark.filterwarnings("ignore")  # its dependencies warn of one another


@ravyn.get("/orders/{number:int}")
async def order(number: int) -> int:
    return number


@ravyn.get("/boom/{number}")
async def boom(number: str) -> None:
    raise ValueError


@ravyn.websocket("/socket/{number}")
async def socket(socket: ravyn.WebSocket, number: str) -> None:
    await socket.accept()
    await socket.close()


async def foreign(scope, receive, send):
    """An application of no framework."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"x"})


def made():
    return ravyn.Ravyn(
        routes=[
            ravyn.Gateway(handler=order),
            ravyn.Gateway(handler=boom),
            ravyn.WebSocketGateway(handler=socket),
            ravyn.Include("/nested/{tenant}", routes=[ravyn.Gateway(handler=order)]),
            ravyn.Include(
                "/child",
                app=ravyn.ChildRavyn(routes=[ravyn.Include("/deep/{area}", routes=[ravyn.Gateway(handler=order)])]),
            ),
            ravyn.Include("/foreign", app=foreign),
            ravyn.Host("{sub}.example.org", app=ravyn.ChildRavyn(routes=[ravyn.Gateway("/hosted", handler=order)])),
        ]
    )


ROWS = [
    *contract(
        order="/orders/{number:int}",
        boom="/boom/{number}",
        nested="/nested/{tenant}/orders/{number:int}",
        websocket="/socket/{number}",
        head=(405, ...),
    ),
    Row(
        "an Include in a mounted application",
        "GET /child/deep/a/orders/5",
        200,
        "/child/deep/{area}/orders/{number:int}",
    ),
    Row("nothing below two", "GET /child/deep/a/nothing", 404, None),
    Row("what nobody can ask", "GET /foreign/5/6", 200, "/foreign/{path:path}"),
    Row(
        "a host has no part in the path",
        "GET /hosted/orders/5",
        200,
        "/hosted/orders/{number:int}",
        host="a.example.org",
    ),
    Row("no websocket there", "WS /nothing", 403, None),
]


@each(ROWS)
def test_the_matched_path_names_the_request(row):
    """What Lilya wrote, and what an Include leads to, is the template."""
    assert row.expected == seen(made(), row)
