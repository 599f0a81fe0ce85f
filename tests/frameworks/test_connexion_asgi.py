"""Connexion tells an operation, no path: the router of its specifications is asked."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest
from asgi_contract import Row, contract, each, installed, seen

(connexion,) = installed("connexion")

pytestmark = pytest.mark.filterwarnings("ignore")  # its dependencies warn of one another


def order(number, tenant=None):
    return {"number": number}


def boom(number):
    raise ValueError


HANDLERS = ModuleType("otel_middleware_test_handlers")
HANDLERS.order, HANDLERS.boom = order, boom


def operation(name, *parameters):
    return {
        "get": {
            "operationId": f"{HANDLERS.__name__}.{name}",
            "parameters": [
                {"name": each, "in": "path", "required": True, "schema": {"type": kind}} for each, kind in parameters
            ],
            "responses": {"200": {"description": "x"}},
        }
    }


def specification(paths):
    return {"openapi": "3.0.0", "info": {"title": "x", "version": "1"}, "paths": paths}


@pytest.fixture(params=["AsyncApp", "FlaskApp"])
def app(request, monkeypatch):
    monkeypatch.setitem(sys.modules, HANDLERS.__name__, HANDLERS)
    app = getattr(connexion, request.param)(__name__)
    number = ("number", "integer")
    app.add_api(
        specification({"/orders/{number}": operation("order", number), "/boom/{number}": operation("boom", number)})
    )
    app.add_api(
        specification({"/orders/{number}": operation("order", number)}), base_path="/nested/acme", name="nested"
    )
    app.add_api(specification({"/more/{number}": operation("order", number)}), base_path="/nested/acme", name="more")
    app.add_url_rule("/plain", "plain", lambda *args: "x")
    return app


ROWS = [
    *contract(
        order="/orders/{number}",
        boom="/boom/{number}",
        nested="/nested/acme/orders/{number}",
        not_allowed=(405, "/orders/{number}"),
    ),
    Row("a second specification with the same base", "GET /nested/acme/more/5", 200, "/nested/acme/more/{number}"),
]


@each(ROWS)
def test_the_specification_names_the_request(app, row):
    """The path of the specification behind its base path is the template."""
    assert row.expected == seen(app, row, lifespan=True)
