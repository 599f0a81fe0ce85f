"""FastAPI: includes and mounts, of one another and of Starlette's."""

from __future__ import annotations

import warnings

import pytest
from asgi_contract import Row, contract, each, installed, observed, seen

fastapi, middleware, applications, routing, responses = installed(
    "fastapi", "starlette.middleware", "starlette.applications", "starlette.routing", "starlette.responses"
)


async def foreign(scope, receive, send):
    """An application of no framework."""
    await responses.PlainTextResponse("x")(scope, receive, send)


async def starlette_order(request):
    return responses.PlainTextResponse("x")


def ordering(router):
    """*router* with the routes of the contract."""

    @router.get("/orders/{number}")
    def order(number: int):
        return number

    @router.head("/orders/{number}")
    def head_order(number: int):
        return None

    @router.get("/boom/{number}")
    def boom(number: str):
        raise ValueError

    @router.get("/gone/{number}")
    def gone(number: str):
        raise fastapi.HTTPException(404)

    @router.websocket("/socket/{number}")
    async def socket(websocket: fastapi.WebSocket, number: str):
        await websocket.accept()
        await websocket.close()

    return router


def made():
    """Every kind of include and of mount."""
    app = ordering(fastapi.FastAPI())
    own = ordering(fastapi.APIRouter(prefix="/own"))
    app.include_router(own)
    app.include_router(own, prefix="/added/{tenant}")
    outer = fastapi.APIRouter(prefix="/outer")
    outer.include_router(own, prefix="/between")
    app.include_router(outer, prefix="/added")
    app.include_router(ordering(fastapi.APIRouter()), prefix="/nested/{tenant}")
    below = ordering(fastapi.FastAPI())
    below.include_router(own, prefix="/added")
    below.mount(
        "/starlette/{area}", applications.Starlette(routes=[routing.Route("/orders/{number}", starlette_order)])
    )
    app.mount("/mounted/{tenant}", below)
    app.mount("/foreign/{x}", foreign)
    return app


ROWS = [
    *contract(
        order="/orders/{number}",
        boom="/boom/{number}",
        nested="/nested/{tenant}/orders/{number}",
        websocket="/socket/{number}",
        not_allowed=(405, "/orders/{number}"),
    ),
    Row("a value that does not validate", "GET /orders/x", 422, "/orders/{number}"),
    Row("a 404 of the handler", "GET /gone/5", 404, "/gone/{number}"),
    Row("a page of FastAPI's own", "GET /docs", 200, "/docs"),
    Row("a router's own prefix", "GET /own/orders/5", 200, "/own/orders/{number}"),
    Row("the prefix of an include", "GET /added/acme/own/orders/5", 200, "/added/{tenant}/own/orders/{number}"),
    Row(
        "includes in includes", "GET /added/outer/between/own/orders/5", 200, "/added/outer/between/own/orders/{number}"
    ),
    Row("405 in an include", "DELETE /added/acme/own/orders/5", 405, "/added/{tenant}/own/orders/{number}"),
    Row("an exception in an include", "GET /added/acme/own/boom/5", 500, "/added/{tenant}/own/boom/{number}"),
    Row("a websocket in an include", "WS /added/acme/own/socket/5", 101, "/added/{tenant}/own/socket/{number}"),
    Row("a mount", "GET /mounted/acme/orders/5", 200, "/mounted/{tenant}/orders/{number}"),
    Row(
        "an include below a mount",
        "GET /mounted/acme/added/own/orders/5",
        200,
        "/mounted/{tenant}/added/own/orders/{number}",
    ),
    Row("a websocket below a mount", "WS /mounted/acme/socket/5", 101, "/mounted/{tenant}/socket/{number}"),
    Row("a page below a mount", "GET /mounted/acme/docs", 200, "/mounted/{tenant}/docs"),
    Row("an exception below a mount", "GET /mounted/acme/boom/5", 500, "/mounted/{tenant}/boom/{number}"),
    Row("nothing below a mount", "GET /mounted/acme/nothing", 404, None),
    Row(
        "Starlette below",
        "GET /mounted/acme/starlette/a/orders/5",
        200,
        "/mounted/{tenant}/starlette/{area}/orders/{number}",
    ),
    Row("what nobody can ask", "GET /foreign/acme/5/6", 200, "/foreign/{x}/{path}"),
    Row("a redirect for a slash", "GET /orders/5/", 307, None),
]


@each(ROWS)
def test_the_matched_routes_name_the_request(row):
    """What the routers wrote, includes' and mounts' prefixes included, is the template."""
    assert row.expected == seen(made(), row)


@each(ROWS)
def test_a_fastapi_below_starlette_is_the_same(row):
    """The mount's template stands before all of it."""
    if row.root_path or row.status == 307:
        pytest.skip("this row has nothing to say below a mount")
    method, _, path = row.request.partition(" ")
    template = None if row.template is None else f"/top/{{region}}{row.template}"
    below = row._replace(request=f"{method} /top/eu{path}", template=template)
    top = applications.Starlette(routes=[routing.Mount("/top/{region}", made())])
    assert below.expected == seen(top, below)


@each(ROWS)
def test_the_router_is_asked_where_a_middleware_hides_the_scope(row):
    """A middleware that hands on a copy leaves no trace of routing: the router says what it would match."""

    class Copying:
        def __init__(self, app):
            self.app = app

        async def __call__(self, scope, receive, send):
            await self.app(dict(scope), receive, send)

    app = made()
    app.add_middleware(Copying)
    assert row.expected == seen(app, row)


@each(ROWS)
def test_a_place_in_the_middleware_list_is_as_good(row):
    """``app.add_middleware(instrument)`` wraps what stands inside it, a router at its end."""

    def built(instrumented):
        app = made()
        app.add_middleware(instrumented)
        return app

    assert row.expected == observed(built, row)


def test_an_applications_own_root_path_is_no_part():
    """``FastAPI(root_path=...)`` tells what a proxy took off; nothing was taken off here."""
    app = made()
    app.root_path = "/api"
    row = Row("root path", "GET /nested/acme/orders/5", 200, "/nested/{tenant}/orders/{number}")
    assert row.expected == seen(app, row)


def test_a_frontend_has_its_prefix_and_a_placeholder(tmp_path):
    """``app.frontend()`` serves files, and no route is told."""
    if not hasattr(fastapi.FastAPI, "frontend"):
        pytest.skip("this FastAPI has no frontends")
    (tmp_path / "app.js").write_text("x")
    below = fastapi.FastAPI()
    below.frontend("/files", directory=str(tmp_path))
    app = fastapi.FastAPI()
    app.mount("/mounted/{tenant}", below)
    row = Row("frontend", "GET /mounted/acme/files/app.js", 200, "/mounted/{tenant}/files/{path}", root_path="/srv")
    assert row.expected == seen(app, row)


def test_a_mount_in_an_included_router_has_both_prefixes():
    """Newer FastAPI serves mounts of included routers; older ones leave them out."""
    router = fastapi.APIRouter()
    router.mount("/mounted/{x}", applications.Starlette(routes=[routing.Route("/orders/{number}", starlette_order)]))
    app = fastapi.FastAPI()
    app.include_router(router, prefix="/added/{tenant}")
    row = Row(
        "mount in include", "GET /added/acme/mounted/1/orders/5", 200, "/added/{tenant}/mounted/{x}/orders/{number}"
    )
    found = seen(app, row)
    if found.status == 404:
        pytest.skip("this FastAPI does not include mounts")
    assert row.expected == found


def test_a_wsgi_application_below_is_asked_with_an_environ():
    """The bridge between them keeps its environ: one is made for the question."""
    (flask,) = installed("flask")
    below = flask.Flask(__name__)
    below.get("/orders/<int:number>")(lambda number: "x")
    (bridge,) = installed("starlette.middleware.wsgi")
    app = made()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Starlette's bridge is deprecated
        app.mount("/wsgi/{tenant}", bridge.WSGIMiddleware(below))
    row = Row("a route", "GET /wsgi/acme/orders/5", 200, "/wsgi/{tenant}/orders/<int:number>")
    assert row.expected == seen(app, row)
    row = Row("no route", "GET /wsgi/acme/nothing", 404, None, root_path="/srv")
    assert row.expected == seen(app, row)
