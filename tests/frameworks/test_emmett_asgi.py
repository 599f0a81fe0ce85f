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


@pytest.mark.parametrize(
    ("host", "options", "request_line", "status", "template"),
    [
        ("api.example.org", {"hostname": "api.example.org"}, "GET /chosen/5", 200, "/chosen/<int:number>"),
        ("example.org", {"hostname": "api.example.org"}, "GET /chosen/5", 404, None),
        ("example.org", {"schemes": "http"}, "GET /chosen/5", 200, "/chosen/<int:number>"),
        ("example.org", {"schemes": "https"}, "GET /chosen/5", 404, None),
        ("a.org", {"hostname": "a.org", "schemes": "http"}, "GET /chosen/5", 200, "/chosen/<int:number>"),
        ("a.org", {"methods": "post"}, "POST /chosen/5", 200, "/chosen/<int:number>"),
    ],
)
def test_hosts_and_schemes_choose_the_route(host, options, request_line, status, template, tmp_path):
    """Emmett keeps a table for each way to choose: the one that it asks is asked."""
    app = made(tmp_path)

    @app.route("/chosen/<int:number>", name="chosen", **options)
    async def chosen(number):
        return "x"

    row = Row("chosen", request_line, status, template, host=host)
    assert row.expected == seen(app, row)


def test_a_language_in_the_path_is_no_part(tmp_path):
    """Emmett takes a language off before it matches."""
    app = made(tmp_path)
    app.languages = ["en", "it"]
    app.language_default = "en"
    app.language_force_on_url = True
    row = Row("language", "GET /it/orders/5", 200, "/orders/<int:number>")
    assert row.expected == seen(app, row)
