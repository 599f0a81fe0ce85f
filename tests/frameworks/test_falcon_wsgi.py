"""Falcon tells nothing: its router is asked."""

from __future__ import annotations

import pytest
from wsgi_contract import Row, contract, each, seen

falcon = pytest.importorskip("falcon")


class Order:
    def on_get(self, request, response, number):
        response.text = f"{number}"

    on_head = on_get


class Boom:
    def on_get(self, request, response, number):
        raise ValueError(number)


class Gone:
    def on_get(self, request, response, number):
        raise falcon.HTTPNotFound


def sink(request, response, **fields):
    response.text = "x"


@pytest.fixture(scope="module")
def app():
    """An application with routes and a sink."""
    app = falcon.App()
    app.add_route("/orders/{number:int}", Order())
    app.add_route("/boom/{number}", Boom())
    app.add_route("/gone/{number}", Gone())
    app.add_route("/nested/orders/{number}", Order())
    app.add_sink(sink, "/sink")
    return app


ORDER = "/orders/{number:int}"
ROWS = [
    *contract(order=ORDER, boom="/boom/{number}", nested="/nested/orders/{number}", not_allowed=(405, ORDER)),
    Row("a 404 that the responder answers has a route", "GET /gone/5", 404, "/gone/{number}"),
    Row("a sink has none", "GET /sink/5", 200, None),
    Row("Falcon answers OPTIONS itself", "OPTIONS /orders/5", 200, ORDER),
    Row("an empty segment is one", "GET /gone/", 404, "/gone/{number}"),
    Row("a path beyond latin-1", "GET /gone/\N{SNOWMAN}", 404, "/gone/{number}"),
    Row("a path that is no UTF-8", "GET /gone/\udcff", 404, "/gone/{number}"),
]


@each(ROWS)
def test_the_router_is_asked(app, row):
    """The template of the route that the router finds."""
    assert row.expected == seen(app, row)


def test_a_trailing_slash_is_stripped_as_falcon_strips_it():
    """The option that Falcon obeys before it routes is obeyed."""
    app = falcon.App()
    app.req_options.strip_url_path_trailing_slash = True
    app.add_route("/orders/{number:int}", Order())
    row = Row("stripped", "GET /orders/5/", 200, ORDER)
    assert row.expected == seen(app, row)
