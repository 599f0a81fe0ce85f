"""Starlette overwrites at each mount what it told: the recording scope keeps it; nothing is matched twice."""

from __future__ import annotations

import functools
from importlib.metadata import version

import pytest
from asgi_contract import Row, contract, each, installed, observed, seen

applications, routing, responses, convertors, middleware, base = installed(
    "starlette.applications",
    "starlette.routing",
    "starlette.responses",
    "starlette.convertors",
    "starlette.middleware",
    "starlette.middleware.base",
)

Starlette, Host, Mount, Route, WebSocketRoute = (
    applications.Starlette,
    routing.Host,
    routing.Mount,
    routing.Route,
    routing.WebSocketRoute,
)


STARLETTE = tuple(map(int, version("starlette").split(".")[:2]))


class Counted(convertors.StringConvertor):
    """A user's convertor that counts."""

    calls = 0

    def convert(self, value):
        Counted.calls += 1
        return super().convert(value)


convertors.register_url_convertor("counted", Counted())


async def order(request):
    return responses.PlainTextResponse("x")


async def boom(request):
    raise ValueError


async def socket(websocket):
    await websocket.accept()
    await websocket.close()


async def raising_socket(websocket):
    raise ValueError


async def foreign(scope, receive, send):
    """An application of no framework."""
    await responses.PlainTextResponse("x")(scope, receive, send)


class Around:
    """A middleware: hands on what *change* makes of the scope."""

    def __init__(self, app, change=lambda scope: scope):
        self.app = app
        self.change = change

    async def __call__(self, scope, receive, send):
        await self.app(self.change(scope), receive, send)


def closing_over(app):
    async def middleware_function(scope, receive, send):
        await app(scope, receive, send)

    return middleware_function


def orders():
    return [Route("/orders/{number:int}", order), Route("/boom/{number}", boom), Route("/same", order)]


def routes():
    twice = Starlette(routes=[Route("/orders/{number}", order)])
    return [
        *orders(),
        WebSocketRoute("/socket/{number}", socket),
        WebSocketRoute("/raising/{number}", raising_socket),
        Mount("/nested/{tenant}", routes=orders()),
        Mount("/app/{tenant:str}", Starlette(routes=[Mount("/deep/{area}", routes=orders()), *orders()])),
        Mount("/one/{x}", twice),
        Mount("/two/{y}", twice),
        Mount("/wrapped", Around(Starlette(routes=orders()))),
        Mount("/foreign/{x}", foreign),
        Mount("/counted", routes=[Route("/{value:counted}", order)]),
        Host("{sub}.example.org", Starlette(routes=[Mount("", routes=[Route("/hosted/{x}", order)])])),
    ]


ROWS = [
    *contract(
        order="/orders/{number}",
        boom="/boom/{number}",
        nested="/nested/{tenant}/orders/{number}",
        websocket="/socket/{number}",
        not_allowed=(405, "/orders/{number}"),
    ),
    Row("one handler of several routes", "GET /same", 200, "/same"),
    Row("mounts in mounts", "GET /app/acme/deep/7/orders/5", 200, "/app/{tenant}/deep/{area}/orders/{number}"),
    Row("405 below a mount", "DELETE /app/acme/orders/5", 405, "/app/{tenant}/orders/{number}"),
    Row("an exception below a mount", "GET /app/acme/boom/5", 500, "/app/{tenant}/boom/{number}"),
    Row("nothing below two mounts", "GET /app/acme/deep/7/nothing", 404, None),
    Row("an application mounted twice", "GET /two/acme/orders/5", 200, "/two/{y}/orders/{number}"),
    Row("middleware around a mounted application", "GET /wrapped/orders/5", 200, "/wrapped/orders/{number}"),
    Row("what nobody can ask", "GET /foreign/acme/5/6", 200, "/foreign/{x}/{path}"),
    Row("nothing left of the path", "GET /foreign/acme/", 200, "/foreign/{x}/"),
    Row(
        "neither a host nor an empty mount has a part in it", "GET /hosted/5", 200, "/hosted/{x}", host="a.example.org"
    ),
    Row("a redirect for a slash", "GET /orders/5/", 307, None),
    Row("a websocket that raises before it accepts", "WS /raising/5", ValueError, "/raising/{number}"),
    Row("no websocket there", "WS /nothing", 403, None),
]


@each(ROWS)
def test_the_matched_routes_name_the_request(row):
    """What the routers wrote, mounts' templates included, is the template."""
    assert row.expected == seen(Starlette(routes=routes()), row)


@each(ROWS)
def test_the_router_is_asked_where_a_middleware_hides_the_scope(row):
    """A middleware that hands on a copy leaves no trace of routing: the router says what it would match."""
    copying = middleware.Middleware(Around, change=dict)
    assert row.expected == seen(Starlette(routes=routes(), middleware=[copying]), row)


@each(ROWS)
def test_a_place_in_the_middleware_list_is_as_good(row):
    """``Middleware(instrument)`` wraps what stands inside it, a router at its end."""
    assert row.expected == observed(
        lambda instrumented: Starlette(routes=routes(), middleware=[middleware.Middleware(instrumented)]), row
    )


@pytest.mark.filterwarnings("ignore")  # older ones do not close their streams
@each(ROWS)
def test_starlettes_own_middleware_hides_nothing(row):
    """``BaseHTTPMiddleware`` runs what stands inside it in a task of its own, on the same scope."""

    async def passing(request, call_next):
        return await call_next(request)

    own = middleware.Middleware(base.BaseHTTPMiddleware, dispatch=passing)
    assert row.expected == seen(Starlette(routes=routes(), middleware=[own]), row)


def test_an_instrumented_application_below_a_mount_changes_nothing():
    """The outer stack names the request, the inner one stands aside."""
    row = Row("twice", "GET /outer/acme/nested/b/orders/5", 200, "/outer/{x}/nested/{tenant}/orders/{number}")
    assert row.expected == observed(
        lambda instrumented: instrumented(
            Starlette(routes=[Mount("/outer/{x}", instrumented(Starlette(routes=routes())))])
        ),
        row,
    )


def test_an_application_instrumented_below_a_mount_knows_what_is_below():
    """What was taken off outside came as the root path."""
    row = Row("inside", "GET /outer/acme/nested/b/orders/5", 200, "/nested/{tenant}/orders/{number}")
    assert row.expected == observed(
        lambda instrumented: Starlette(routes=[Mount("/outer/{x}", instrumented(Starlette(routes=routes())))]), row
    )


def test_a_told_route_is_not_matched_again():
    """A user's convertor runs as often as without us."""
    Counted.calls = 0
    row = Row("told", "GET /counted/5", 200, "/counted/{value}")
    assert row.expected == seen(Starlette(routes=routes()), row)
    assert Counted.calls == 1


@pytest.mark.parametrize(
    "hidden",
    [
        pytest.param(lambda app: Around(Around(app)), id="attributes"),
        pytest.param(functools.partial, id="partial"),
        pytest.param(lambda app: app.__call__, id="bound method"),
        pytest.param(closing_over, id="closure"),
    ],
)
def test_the_application_is_found_behind_wrappers(hidden):
    """What wraps it is looked through."""
    row = Row("hidden", "GET /nested/acme/orders/5", 200, "/nested/{tenant}/orders/{number}")
    assert row.expected == seen(hidden(Starlette(routes=routes())), row)


@pytest.mark.parametrize(
    ("host", "template", "before_1_7"),
    [
        ("a", "/nested/{tenant}/orders/{number}", "/nested/{tenant}/orders/{number}"),
        ("b", "/{what}/{x}/orders/{y}", None),
    ],
)
def test_a_function_over_several_applications_is_told_by_the_one_that_served(host, template, before_1_7):
    """What a router tells holds; older ones do not tell the route, and only the first application is searched for it."""
    first = Starlette(routes=routes())
    second = Starlette(routes=[Mount("/{what}/{x}", routes=[Route("/orders/{y}", order)])])

    async def dispatching(scope, receive, send):
        await (first if host == "a" else second)(scope, receive, send)

    expected = before_1_7 if STARLETTE < (1, 7) else template
    row = Row("several", "GET /nested/acme/orders/5", 200, expected, host=host)
    assert seen(dispatching, row) == row.expected
