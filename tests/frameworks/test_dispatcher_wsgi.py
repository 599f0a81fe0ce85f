"""Werkzeug's ``DispatcherMiddleware``: every mounted framework keeps its templates, behind the mount's fixed prefix."""

from __future__ import annotations

import pytest
from wsgi_contract import Row, each, seen

DispatcherMiddleware = pytest.importorskip("werkzeug.middleware.dispatcher").DispatcherMiddleware
ProxyFix = pytest.importorskip("werkzeug.middleware.proxy_fix").ProxyFix


def flask_app():
    flask = pytest.importorskip("flask")
    app = flask.Flask(__name__)
    app.get("/orders/<int:number>")(lambda number: "x")

    @app.get("/boom/<int:number>")
    def boom(number):
        raise ValueError(number)

    return app


def bottle_app():
    bottle = pytest.importorskip("bottle")
    app = bottle.Bottle()
    app.get("/orders/<number:int>")(lambda number: "x")
    return app


def falcon_app():
    falcon = pytest.importorskip("falcon")

    class Order:
        def on_get(self, request, response, number):
            response.text = "x"

    app = falcon.App()
    app.add_route("/orders/{number:int}", Order())
    return app


def pyramid_app():
    configurator = pytest.importorskip("pyramid.config").Configurator()
    configurator.add_route("order", "orders/{number}")
    configurator.add_view(lambda request: request.response, route_name="order")
    return configurator.make_wsgi_app()


def webpy_app():
    web = pytest.importorskip("web")

    class Order:
        def GET(self, number):  # noqa: N802 - web.py's way
            return "x"

    return web.application((r"/orders/(\d+)", Order), autoreload=False).wsgifunc()


def cherrypy_app():
    cherrypy = pytest.importorskip("cherrypy")

    class Root:
        @cherrypy.expose
        def orders(self, number):
            return "x"

    return cherrypy.Application(Root(), None, {"/": {"log.screen": False}})


def werkzeug_app():
    routing = pytest.importorskip("werkzeug.routing")
    wrappers = pytest.importorskip("werkzeug.wrappers")

    class Raw:
        url_map = routing.Map([routing.Rule("/orders/<int:number>", endpoint="order")])

        def __call__(self, environ, start_response):
            return self.url_map.bind_to_environ(environ).dispatch(self.answer, catch_http_exceptions=True)(
                environ, start_response
            )

        def answer(self, endpoint, values):
            return wrappers.Response("x")

    return Raw()


MIXED = {
    "werkzeug": (werkzeug_app, "/orders/<int:number>"),
    "flask": (flask_app, "/orders/<int:number>"),
    "bottle": (bottle_app, "/orders/<number:int>"),
    "falcon": (falcon_app, "/orders/{number:int}"),
    "pyramid": (pyramid_app, "/orders/{number}"),
    "webpy": (webpy_app, r"/orders/(\d+)"),
    "cherrypy": (cherrypy_app, "/orders/{number}"),
}


@pytest.mark.parametrize("name", MIXED)
@pytest.mark.parametrize("script_name", ["", "/srv"])
def test_a_mounted_framework_keeps_its_template(name, script_name):
    """The prefix stands before it; what the server gave as root path does not."""
    make, template = MIXED[name]
    app = DispatcherMiddleware(flask_app(), {"/legacy/v1": make(), "/legacy": flask_app()})
    row = Row("mounted", "GET /legacy/v1/orders/5", 200, f"/legacy/v1{template}", script_name=script_name)
    assert row.expected == seen(app, row)
    row = Row("no route below", "GET /legacy/v1/nothing", 404, None, script_name=script_name)
    assert row.expected == seen(app, row)


ROWS = [
    Row("the application for the rest", "GET /orders/5", 200, "/orders/<int:number>"),
    Row("a prefix is of whole segments", "GET /legacyx/orders/5", 404, None),
    Row("the method", "DELETE /legacy/orders/5", 405, None),
    Row("HEAD", "HEAD /legacy/orders/5", 200, "/legacy/orders/<int:number>"),
    Row("the handler raises", "GET /legacy/boom/5", 500, "/legacy/boom/<int:number>"),
    Row("a dispatcher in a dispatcher", "GET /deep/er/orders/5", 200, "/deep/er/orders/<int:number>"),
]


@each(ROWS)
def test_outcomes_are_those_of_the_mounted_application(row):
    """A 404 and a 405 have no template, an exception keeps it."""
    inner = DispatcherMiddleware(flask_app(), {"/er": flask_app()})
    assert row.expected == seen(DispatcherMiddleware(flask_app(), {"/legacy": flask_app(), "/deep": inner}), row)


def test_middleware_inside_a_mount_hides_nothing():
    """The mounted application is found behind its own middleware; a propagated exception is named too."""
    raising = flask_app()
    raising.testing = True
    app = DispatcherMiddleware(flask_app(), {"/legacy": ProxyFix(raising)})
    row = Row("raised", "GET /legacy/boom/5", ValueError, "/legacy/boom/<int:number>")
    assert row.expected == seen(app, row)
