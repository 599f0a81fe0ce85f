"""Quart tells nothing: its URL map is asked."""

from __future__ import annotations

import pytest
from asgi_contract import Row, contract, each, installed, seen

(quart,) = installed("quart")

ORDER = "/orders/<int:number>"


def made(**options):
    app = quart.Quart(__name__, **options)
    nested = quart.Blueprint("nested", __name__, url_prefix="/nested/<tenant>")

    @app.get(ORDER)
    @nested.get(ORDER)
    async def order(number, tenant=None):
        return "x"

    @app.get("/boom/<number>")
    async def boom(number):
        raise ValueError

    @app.websocket("/socket/<number>")
    async def socket(number):
        await quart.websocket.accept()
        await quart.websocket.close(1000)

    app.register_blueprint(nested)
    return app


ROWS = [
    *contract(
        order=ORDER,
        boom="/boom/<number>",
        nested=f"/nested/<tenant>{ORDER}",
        websocket="/socket/<number>",
        not_allowed=(405, ORDER),
    ),
    Row("OPTIONS is answered by Quart", "OPTIONS /orders/5", 200, ORDER),
    Row("no websocket there", "WS /orders/5", 403, None),
]


@each(ROWS)
def test_the_url_map_names_the_request(row):
    """The rule that matches is the template, whatever the method."""
    assert row.expected == seen(made(), row)


def test_the_bound_method_is_the_application():
    """``app.asgi_app`` is what Quart's own middleware wrap."""
    row = Row("bound", "GET /orders/5", 200, ORDER)
    assert row.expected == seen(made().asgi_app, row)


@pytest.mark.parametrize(("host", "template"), [("api.example.org", "/hosted/<x>"), ("example.org", None)])
def test_a_subdomain_chooses_the_rule(host, template):
    """With subdomain matching the Host decides."""
    app = made(subdomain_matching=True)
    app.config["SERVER_NAME"] = "example.org"

    @app.get("/hosted/<x>", subdomain="api")
    async def hosted(x):
        return "x"

    row = Row("subdomain", "GET /hosted/5", 200 if template else 404, template, host=host)
    assert row.expected == seen(app, row)
