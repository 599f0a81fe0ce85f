"""Emmett tells nothing: its router is asked. Plain ASGI servers cannot reach its websockets."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest
from asgi_contract import Row, contract, each, installed, seen

(emmett,) = installed("emmett")

pytestmark = pytest.mark.filterwarnings("ignore")  # Emmett's own


def made(root, **options):
    name = "otel_middleware_test_emmett"
    sys.modules[name] = module = ModuleType(name)
    module.__file__ = str(root / "app.py")
    app = emmett.App(name, **options)

    @app.route("/orders/<int:number>")
    async def order(number):
        return "x"

    @app.route("/boom/<int:number>")
    async def boom(number):
        raise ValueError

    nested = app.module(name, "nested", url_prefix="nested/<str:tenant>")

    @nested.route("/orders/<int:number>", name="nested_order")
    async def nested_order(tenant, number):
        return "x"

    return app


ROWS = [
    *contract(
        order="/orders/<int:number>",
        boom="/boom/<int:number>",
        nested="/nested/<str:tenant>/orders/<int:number>",
        not_allowed=(404, None),
        strips_root=False,
    ),
    Row("another slash", "GET /orders/5/", 200, "/orders/<int:number>"),
]


@each(ROWS)
def test_the_router_names_the_request(row, tmp_path):
    """The path that the route was declared with is the template."""
    assert row.expected == seen(made(tmp_path), row)
