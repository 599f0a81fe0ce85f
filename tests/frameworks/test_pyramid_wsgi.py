"""Pyramid tells nothing outside its request: its routes mapper is asked."""

from __future__ import annotations

import pytest
from wsgi_contract import Row, contract, each, seen

Configurator = pytest.importorskip("pyramid.config").Configurator
HTTPNotFound = pytest.importorskip("pyramid.httpexceptions").HTTPNotFound
URLDecodeError = pytest.importorskip("pyramid.exceptions").URLDecodeError
Response = pytest.importorskip("pyramid.response").Response


def ok(request):
    return Response("x")


def boom(request):
    raise ValueError(request.matchdict["number"])


def gone(request):
    raise HTTPNotFound


def nested(config):
    config.add_route("nested", "/orders/{number}")
    config.add_view(ok, route_name="nested")


@pytest.fixture(scope="module")
def app():
    """An application with routes, an included prefix, a predicate and a traversal view."""
    with Configurator() as config:
        config.add_route("order", "/orders/{number:\\d+}")
        config.add_route("boom", "/boom/{number}")
        config.add_route("gone", "gone/{number}")
        config.add_route("files", "/files/*path")
        config.add_view(ok, route_name="order", request_method="GET")
        config.add_view(boom, route_name="boom")
        config.add_view(gone, route_name="gone")
        config.add_view(ok, route_name="files")
        config.add_view(ok, name="traversed")
        config.add_route_predicate("parity", Parity)
        config.add_route("even", "/parity/{number}", parity=0)
        config.add_route("odd", "/parity/{odd}", parity=1)
        config.add_view(ok, route_name="even")
        config.add_view(ok, route_name="odd")
        config.include(nested, route_prefix="nested")
        return config.make_wsgi_app()


class Parity:
    """A route predicate."""

    def __init__(self, value, config):
        self.value = value

    def text(self):
        return f"parity = {self.value}"

    phash = text

    def __call__(self, info, request):
        return int(next(iter(info["match"].values()))) % 2 == self.value and request.registry is not None


ORDER = "/orders/{number:\\d+}"
ROWS = [
    *contract(order=ORDER, boom="/boom/{number}", nested="/nested/orders/{number}", not_allowed=(404, ORDER)),
    Row("a 404 that the view answers has a route, and a slash", "GET /gone/5", 404, "/gone/{number}"),
    Row("a star takes the rest", "GET /files/a/b/c", 200, "/files/*path"),
    Row("the predicate decides: even", "GET /parity/4", 200, "/parity/{number}"),
    Row("the predicate decides: odd", "GET /parity/5", 200, "/parity/{odd}"),
    Row("a path that is no UTF-8", "GET /gone/\udcff", URLDecodeError, None),
    Row("traversal has no route", "GET /traversed", 200, None),
]


@each([row._replace(status=ValueError) if row.status == 500 else row for row in ROWS])
def test_the_mapper_is_asked(app, row):
    """The pattern of the matched route, with a leading slash, is the template; exceptions propagate and keep it."""
    assert row.expected == seen(app, row)


def test_an_application_without_routes_has_no_template():
    """Nothing is asked where there is no mapper."""
    with Configurator() as config:
        config.add_view(ok, name="traversed")
        app = config.make_wsgi_app()
    row = Row("traversal", "GET /traversed", 200, None)
    assert row.expected == seen(app, row)
