"""Sanic's current request tells; its router is asked where that is not the one that was watched."""

from __future__ import annotations

import itertools

import pytest
from asgi_contract import Row, contract, each, installed, seen

(sanic,) = installed("sanic")

_NAMES = itertools.count()


def made():
    app = sanic.Sanic(f"app{next(_NAMES)}", configure_logging=False)
    app.config.TOUCHUP = False  # it rewrites Sanic's classes, once for each process
    nested = sanic.Blueprint("nested", url_prefix="/nested/<tenant>")

    @app.get("/orders/<number:int>")
    async def order(request, number):
        return sanic.text("x")

    @nested.get("/orders/<number:int>")
    async def nested_order(request, tenant, number):
        return sanic.text("x")

    @app.get("/boom/<number>")
    async def boom(request, number):
        raise ValueError

    @app.websocket("/socket/<number>")
    async def socket(request, websocket, number):
        await websocket.close()

    app.blueprint(nested)
    return app


ROWS = [
    *contract(
        order="/orders/<number:int>",
        boom="/boom/<number:str>",
        nested="/nested/<tenant:str>/orders/<number:int>",
        websocket="/socket/<number:str>",
        head=(405, None),
        strips_root=False,
    ),
    Row("another slash", "GET /orders/5/", 200, "/orders/<number:int>"),
    Row("no websocket there", "WS /nothing", 404, None),
]


@pytest.mark.filterwarnings("ignore")  # Sanic's own
@each(ROWS)
def test_the_current_request_names_itself(row):
    """What Sanic matched, with the kind that it gives to a parameter without one, is the template."""
    assert row.expected == seen(made(), row, lifespan=True)


COPIED = [
    Row("a route", "GET /orders/5", 200, "/orders/<number:int>"),
    Row("a websocket", "WS /socket/5", 101, "/socket/<number:str>"),
    Row("no router matched", "GET /nothing/5", 404, None),
    Row("the method", "DELETE /orders/5", 405, None),
]


@pytest.mark.filterwarnings("ignore")  # Sanic's own
@each(COPIED)
def test_the_router_is_asked_where_the_request_is_another(row):
    """A middleware that hands on a copy of the scope hides whose request is current."""

    class Copying:
        def __init__(self, app):
            self.app = app

        async def __call__(self, scope, receive, send):
            await self.app(dict(scope), receive, send)

    assert row.expected == seen(Copying(made()), row, lifespan=True)
