"""Flask tells at ``start_response``; an exception that it propagates takes what it knew along."""

from __future__ import annotations

from wsgiref.util import shift_path_info

import pytest
from wsgi_contract import Row, contract, each, seen

from otel_middleware._bounded import BoundedValues
from otel_middleware.frameworks import _environ

flask = pytest.importorskip("flask")
routing = pytest.importorskip("werkzeug.routing")
DispatcherMiddleware = pytest.importorskip("werkzeug.middleware.dispatcher").DispatcherMiddleware
ProxyFix = pytest.importorskip("werkzeug.middleware.proxy_fix").ProxyFix

ORDER = "/orders/<int:number>"


@pytest.fixture
def app():
    """An application with a blueprint in a blueprint, and a converter that counts its calls."""
    app = flask.Flask(__name__)
    calls = app.extensions["converted"] = []

    class Counting(routing.IntegerConverter):
        def to_python(self, value):
            calls.append(value)
            return super().to_python(value)

    app.url_map.converters["int"] = Counting
    outer = flask.Blueprint("outer", __name__, url_prefix="/nested")
    inner = flask.Blueprint("inner", __name__, url_prefix="/deep/<tenant>")

    @app.get("/orders/<int:number>")
    @outer.get("/orders/<int:number>")
    def order(number):
        return f"{number}"

    @inner.get("/orders/<int:number>")
    def deep(tenant, number):
        return flask.abort(404)

    @app.get("/boom/<int:number>")
    def boom(number):
        raise ValueError(number)

    @app.get("/slashed/")
    def slashed():
        return "x"

    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    return app


ROWS = [
    *contract(order=ORDER, boom="/boom/<int:number>", nested="/nested/orders/<int:number>"),
    Row(
        "a 404 that the handler answers has a route",
        "GET /nested/deep/acme/orders/5",
        404,
        "/nested/deep/<tenant>/orders/<int:number>",
    ),
    Row("a redirect to the slash is no route", "GET /slashed", 308, None),
    Row("Flask answers OPTIONS itself", "OPTIONS /orders/5", 200, ORDER),
]


@each(ROWS)
def test_the_matched_rule_names_the_request(app, row):
    """What Flask matched, blueprints' prefixes included, is the template."""
    assert row.expected == seen(app, row)


def test_a_propagated_exception_keeps_the_route(app):
    """The router is asked again when Flask raises instead of answering."""
    app.config["PROPAGATE_EXCEPTIONS"] = True
    row = Row("raised", "GET /boom/5", ValueError, "/boom/<int:number>")
    assert row.expected == seen(app, row)


def test_a_told_route_is_not_matched_again(app):
    """A user's converter runs as often as without us."""
    row = Row("told", "GET /orders/5", 200, ORDER)
    assert row.expected == seen(app, row)
    row = Row("told that there is none", "DELETE /orders/5", 405, None)
    assert row.expected == seen(app, row)
    assert app.extensions["converted"] == ["5"]


def test_a_forwarded_prefix_is_no_template(app):
    """``X-Forwarded-Prefix`` moves ``SCRIPT_NAME`` but takes nothing off the path: a client cannot write names."""
    app.wsgi_app = ProxyFix(app.wsgi_app, x_prefix=1)
    headers = (("X-Forwarded-Prefix", "/orders/77"),)
    row = Row("forged", "GET /orders/5", 200, ORDER, headers=headers)
    assert row.expected == seen(app, row)


@pytest.mark.parametrize("script_name", ["", "/srv"])
def test_a_prefix_that_a_middleware_takes_off_is_put_in_front(app, script_name):
    """What moved from the path to ``SCRIPT_NAME`` inside our layer belongs to the template; what the server moved does not."""

    class Prefixed:
        def __init__(self, app):
            self.app = app

        def __call__(self, environ, start_response):
            environ["SCRIPT_NAME"] += "/api"
            environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix("/api")
            return self.app(environ, start_response)

    row = Row("prefixed", "GET /api/orders/5", 200, f"/api{ORDER}", script_name=script_name)
    assert row.expected == seen(Prefixed(app), row)


def test_a_script_name_that_is_made_up_is_no_prefix(app):
    """A middleware that replaces ``SCRIPT_NAME``, for links say, takes nothing off the path."""

    class Replacing:
        def __init__(self, app):
            self.app = app

        def __call__(self, environ, start_response):
            environ["SCRIPT_NAME"] = "/elsewhere"
            return self.app(environ, start_response)

    row = Row("replaced", "GET /orders/5", 200, ORDER, script_name="/srv")
    assert row.expected == seen(Replacing(app), row)


def test_prefixes_that_a_middleware_takes_from_the_path_are_bounded(app, monkeypatch):
    """One that takes off a tenant, whatever it is, does not make a template of each."""
    monkeypatch.setattr(_environ, "PREFIXES", BoundedValues(2))

    class Shifting:
        def __init__(self, app):
            self.app = app

        def __call__(self, environ, start_response):
            shift_path_info(environ)
            return self.app(environ, start_response)

    rows = [Row("shifted", f"GET /tenant-{number}/orders/5", 200, ORDER) for number in range(6)]
    assert {ORDER, f"/tenant-0{ORDER}", f"/tenant-1{ORDER}"} == {seen(Shifting(app), row).route for row in rows}


MOUNTED = [
    Row("its own", "GET /orders/5", 200, ORDER),
    Row("another Flask below a prefix", "GET /shop/items/5", 200, "/shop/items/<int:number>"),
    Row("another application below a prefix", "GET /raw/5", 200, "/raw/<int:number>"),
    Row("nothing below the prefix", "GET /shop/orders/5", 404, None),
]


@each(MOUNTED)
def test_a_dispatcher_inside_flask_is_followed(app, row):
    """Applications that are mounted in ``app.wsgi_app`` have their prefix before their own templates."""
    shop = flask.Flask("shop")
    shop.get("/items/<int:number>")(lambda number: "x")

    class Raw:
        url_map = routing.Map([routing.Rule("/<int:number>")])

        def __call__(self, environ, start_response):
            return flask.Response("x")(environ, start_response)

    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/shop": shop, "/raw": Raw()})
    assert row.expected == seen(app, row)
