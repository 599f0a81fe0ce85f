"""Raw Werkzeug tells nothing: the map in ``url_map`` is asked."""

from __future__ import annotations

import pytest
from wsgi_contract import Row, contract, each, seen

exceptions = pytest.importorskip("werkzeug.exceptions")
routing = pytest.importorskip("werkzeug.routing")
wrappers = pytest.importorskip("werkzeug.wrappers")
SharedDataMiddleware = pytest.importorskip("werkzeug.middleware.shared_data").SharedDataMiddleware
Rule = routing.Rule


class Shop:
    """An application as Werkzeug's tutorial writes them."""

    url_map = routing.Map(
        [
            Rule("/orders/<int:number>", endpoint="order", methods=["GET"]),
            Rule("/boom/<int:number>", endpoint="boom"),
            Rule("/gone/<int:number>", endpoint="gone"),
            routing.Submount("/nested", [Rule("/orders/<int:number>", endpoint="order")]),
        ]
    )

    def __call__(self, environ, start_response):
        request = wrappers.Request(environ)
        try:
            endpoint, values = self.url_map.bind_to_environ(environ).match()
            response = getattr(self, endpoint)(request, **values)
        except exceptions.HTTPException as error:
            response = error
        return response(environ, start_response)

    def order(self, request, number):
        return wrappers.Response(f"{number}")

    def boom(self, request, number):
        raise ValueError(number)

    def gone(self, request, number):
        raise exceptions.NotFound


ROWS = [
    *contract(order="/orders/<int:number>", boom="/boom/<int:number>", nested="/nested/orders/<int:number>"),
    Row("a 404 that the handler answers has a route", "GET /gone/5", 404, "/gone/<int:number>"),
]
RAISED = [row._replace(status=ValueError) if row.status == 500 else row for row in ROWS]


@each(RAISED)
def test_the_map_is_asked(row):
    """The rule that the map matches is the template, also when the handler raises."""
    assert row.expected == seen(Shop(), row)


@each(RAISED)
def test_the_map_is_found_behind_middleware(row):
    """Middleware with ``.app`` hides nothing."""
    assert row.expected == seen(SharedDataMiddleware(Shop(), {}), row)


def test_a_router_that_raises_costs_the_request_nothing():
    """A converter of the application's that fails is the application's affair: we log it and have no template."""

    class Failing(routing.BaseConverter):
        def to_python(self, value):
            raise RuntimeError(value)

    app = Shop()
    app.url_map = routing.Map([Rule("/<failing:number>")], converters={"failing": Failing})
    row = Row("raises", "GET /5", RuntimeError, None)
    assert row.expected == seen(app, row)
