"""Falcon on ASGI tells nothing: its router is asked."""

from __future__ import annotations

from asgi_contract import Row, contract, each, installed, seen

(falcon,) = installed("falcon.asgi")


class Order:
    async def on_get(self, request, response, number, tenant=None):
        response.text = "x"

    async def on_websocket(self, request, websocket, number):
        await websocket.accept()
        await websocket.close()


class Boom:
    async def on_get(self, request, response, number):
        raise ValueError


def made():
    app = falcon.App()
    app.add_route("/orders/{number:int}", Order())
    app.add_route("/nested/{tenant}/orders/{number:int}", Order())
    app.add_route("/socket/{number}", Order())
    app.add_route("/boom/{number}", Boom())
    app.add_sink(_sink, "/sink")
    return app


async def _sink(request, response, **kwargs):
    response.text = "x"


ROWS = [
    *contract(
        order="/orders/{number:int}",
        boom="/boom/{number}",
        nested="/nested/{tenant}/orders/{number:int}",
        websocket="/socket/{number}",
        not_allowed=(405, "/orders/{number:int}"),
        head=(405, ...),
        strips_root=False,
    ),
    Row("OPTIONS is answered by Falcon", "OPTIONS /orders/5", 200, "/orders/{number:int}"),
    Row("a sink has no template", "GET /sink/5", 200, None),
    Row("no websocket there", "WS /nothing", 403, None),
]


@each(ROWS)
def test_the_router_names_the_request(row):
    """The template as it was declared."""
    assert row.expected == seen(made(), row)


def test_below_a_mount_the_prefix_is_not_repeated():
    """Falcon matches the whole path, so its templates have a mount's prefix already."""
    applications, routing = installed("starlette.applications", "starlette.routing")
    below = falcon.App()
    below.add_route("/mounted/{tenant}/orders/{number:int}", Order())
    app = applications.Starlette(routes=[routing.Mount("/mounted/{tenant}", below)])
    row = Row("below", "GET /mounted/acme/orders/5", 200, "/mounted/{tenant}/orders/{number:int}")
    assert row.expected == seen(app, row)
