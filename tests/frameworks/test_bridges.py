"""A WSGI application behind an ASGI one, and the other way round, is asked with a carrier that is made for it."""

from __future__ import annotations

import pytest
from asgi_contract import Row, installed, seen
from wsgi_contract import Row as WsgiRow
from wsgi_contract import seen as wsgi_seen

pytestmark = pytest.mark.filterwarnings("ignore")  # the frameworks' own

applications, routing, responses = installed("starlette.applications", "starlette.routing", "starlette.responses")


def flask():
    (module,) = installed("flask")
    app = module.Flask(__name__)
    app.get("/orders/<int:number>")(lambda number: "x")
    return app


def falcon():
    (module,) = installed("falcon")

    class Order:
        def on_get(self, request, response, number):
            response.text = "x"

    app = module.App()
    app.add_route("/orders/{number:int}", Order())
    return app


def bottle():
    (module,) = installed("bottle")
    app = module.Bottle()
    app.get("/orders/<number:int>")(lambda number: "x")
    return app


def pyramid():
    configurator = installed("pyramid.config")[0].Configurator()
    configurator.add_route("order", "orders/{number}")
    configurator.add_view(lambda request: request.response, route_name="order")
    return configurator.make_wsgi_app()


def dispatched():
    (module,) = installed("werkzeug.middleware.dispatcher")
    return module.DispatcherMiddleware(falcon(), {"/orders": falcon(), "/legacy": flask()})


@pytest.mark.parametrize(
    "bridge",
    [("a2wsgi", "WSGIMiddleware"), ("asgiref.wsgi", "WsgiToAsgi"), ("starlette.middleware.wsgi", "WSGIMiddleware")],
)
@pytest.mark.parametrize(
    ("made", "path", "template"),
    [
        (flask, "/orders/5", "/orders/<int:number>"),
        (falcon, "/orders/5", "/orders/{number:int}"),
        (bottle, "/orders/5", "/orders/<number:int>"),
        (pyramid, "/orders/5", "/orders/{number}"),
        (dispatched, "/legacy/orders/5", "/legacy/orders/<int:number>"),
    ],
)
def test_a_wsgi_application_behind_asgi(bridge, made, path, template):
    """Its router names the request, on top or below a mount; what it does not know has no template."""
    module, name = bridge
    bridged = getattr(installed(module)[0], name)(made())
    below = applications.Starlette(routes=[routing.Mount("/mounted/{tenant}", bridged)])
    for row in (
        Row("on top", f"GET {path}", 200, template, root_path="/srv"),
        Row("nothing there", "GET /nothing", 404, None),
    ):
        assert row.expected == seen(bridged, row)
    for row in (
        Row("below", f"GET /mounted/acme{path}", 200, f"/mounted/{{tenant}}{template}", root_path="/srv"),
        Row("nothing below", "GET /mounted/acme/nothing", 404, None),
    ):
        assert row.expected == seen(below, row)


def test_an_asgi_application_behind_wsgi():
    """The router is asked: the bridge's scope is not ours."""

    async def order(request):
        return responses.PlainTextResponse("x")

    app = applications.Starlette(
        routes=[routing.Mount("/nested/{tenant}", routes=[routing.Route("/orders/{number}", order)])]
    )
    bridged = installed("a2wsgi")[0].ASGIMiddleware(app)
    for row in (
        WsgiRow("on top", "GET /nested/acme/orders/5", 200, "/nested/{tenant}/orders/{number}", script_name="/srv"),
        WsgiRow("nothing there", "GET /nothing", 404, None),
    ):
        assert row.expected == wsgi_seen(bridged, row)
