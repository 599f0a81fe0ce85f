"""CherryPy has objects, not templates: their names and the handler's parameters make one."""

from __future__ import annotations

import pytest
from wsgi_contract import Row, contract, each, seen

cherrypy = pytest.importorskip("cherrypy")


class Orders:
    """``/orders/{number}`` by parameters."""

    @cherrypy.expose
    def index(self, page="1"):
        return "x"

    @cherrypy.expose
    def default(self, number, *rest, **query):
        if number == "0":
            raise cherrypy.NotFound
        return number


@cherrypy.popargs("year", "month")
class Archive:
    """``/archive/{year}/{month}/posts``: segments that are no attributes."""

    @cherrypy.expose
    def index(self, year=None, month=None):
        return "x"

    @cherrypy.expose
    def posts(self, year=None, month=None):
        return "x"


class Room:
    """What ``popargs`` makes of a segment."""

    def __init__(self, room):
        self.room = room

    @cherrypy.expose
    def doors(self, door):
        return door


@cherrypy.popargs("room", handler=Room)
class Rooms:
    """``/rooms/{room}/doors/{door}``."""


class Artists:
    """A dispatch method of the application's own."""

    def _cp_dispatch(self, vpath):
        cherrypy.request.params["artist"] = vpath.pop(0)
        return self

    @cherrypy.expose
    def albums(self, artist):
        return artist


@cherrypy.expose
class Rest:
    """Methods by name."""

    def GET(self, number):  # noqa: N802 - CherryPy's way
        return number


class Dynamic:
    """Answers to any name: none of them is the application's."""

    def __getattr__(self, name):
        if name.startswith("user"):
            return cherrypy.expose(lambda: name)
        raise AttributeError(name)


class Root:
    """The tree of handlers."""

    def __init__(self):
        self.orders = Orders()
        self.archive = Archive()
        self.rooms = Rooms()
        self.artists = Artists()
        self.rest = Rest()
        self.dynamic = Dynamic()
        self.cached_orders = Orders()

    @cherrypy.expose
    def index(self):
        return "x"

    @cherrypy.expose
    def boom(self, number):
        raise ValueError(number)

    @cherrypy.expose
    def json(self, number):
        return [number]

    @cherrypy.expose
    def cached(self, number):
        return number


CONFIG = {
    "/": {"log.screen": False, "tools.trailing_slash.on": False, "tools.encode.on": True},
    "/rest": {"request.dispatch": cherrypy.dispatch.MethodDispatcher()},
    "/json": {"tools.json_out.on": True},
    "/cached": {"tools.caching.on": True},
    "/cached_orders": {"tools.caching.on": True},
}


@pytest.fixture(scope="module")
def tree():
    """A tree with two applications of CherryPy's and a foreign one; nothing is logged to the screen."""
    tree = cherrypy._cptree.Tree()
    screen, cherrypy.log.screen = cherrypy.log.screen, False
    tree.mount(Root(), "", CONFIG)
    tree.mount(Root(), "/nested", CONFIG)
    tree.mount(Root(), "/srv/nested", CONFIG)
    yield tree
    cherrypy.log.screen = screen


ORDER = "/orders/{number}"
CONTRACT = contract(order=ORDER, boom="/boom/{number}", nested="/nested/orders/{number}", not_allowed=(200, ORDER))
ROWS = [
    *(row for row in CONTRACT if not row.script_name),  # a tree wants to be told the root path, see below
    Row(
        "the root path that the server gives is no part",
        "GET /nested/orders/5",
        200,
        f"/nested{ORDER}",
        script_name="/srv",
    ),
    Row("the root", "GET /", 200, "/"),
    Row("the root of a mounted application", "GET /nested/", 200, "/nested/"),
    Row("an index", "GET /orders/", 200, "/orders"),
    Row("a parameter in the query is not in the path", "GET /orders?page=2", 200, "/orders"),
    Row("whatever *args takes is one placeholder", "GET /orders/5/a/b/c", 200, "/orders/{number}/{rest}"),
    Row("a 404 that the handler answers has a route", "GET /orders/0", 404, "/orders/{number}"),
    Row("segments that the handler does not take", "GET /boom/5/6", 404, None),
    Row("parameters that are missing", "GET /boom", 404, None),
    Row("popargs: one", "GET /archive/2009", 200, "/archive/{year}"),
    Row("popargs: all, then an attribute", "GET /archive/2009/12/posts", 200, "/archive/{year}/{month}/posts"),
    Row("popargs: a value in the query names nothing", "GET /archive/2009?x1=2009", 404, None),
    Row("popargs with a class", "GET /rooms/7/doors/3", 200, "/rooms/{room}/doors/{door}"),
    Row("a dispatch method of one's own", "GET /artists/bach/albums", 200, "/artists/{segment}/albums"),
    Row("an attribute that is made up", "GET /dynamic/user5", 200, "/dynamic/{segment}"),
    Row("methods by name", "GET /rest/5", 200, "/rest/{number}"),
    Row("no such method", "DELETE /rest/5", 405, None),
    Row("behind the JSON tool", "GET /json/5", 200, "/json/{number}"),
    Row("punctuation is spelled as in the attribute", "GET /orders/a.b", 200, "/orders/{number}"),
]


@each(ROWS)
def test_objects_and_parameters_name_the_request(tree, row):
    """Attributes are kept, values are placeholders, and the name of the application in the tree stands before."""
    assert row.expected == seen(tree, row)


@pytest.mark.parametrize("name", ["cached", "cached_orders"])
def test_a_cache_hit_has_the_same_name(tree, name):
    """A tool that answers puts the handler away; the name stays."""
    for _ in range(2):
        row = Row("cached", f"GET /{name}/5", 200, f"/{name}/{{number}}")
        assert row.expected == seen(tree, row)


@pytest.mark.parametrize("script_name", ["/srv", "/srv/shop"])
def test_an_application_is_served_without_its_tree(script_name):
    """What the server gave as root path is not part of the template, whether CherryPy was told of it or not."""
    app = cherrypy.Application(Root(), script_name, CONFIG)
    row = Row("alone", "GET /orders/5", 200, "/orders/{number}", script_name=script_name)
    assert row.expected == seen(app, row)


def test_a_grafted_application_tells_its_own_templates(tree):
    """Flask under CherryPy's tree keeps its templates, behind the graft's name."""
    flask = pytest.importorskip("flask")
    shop = flask.Flask("shop")
    shop.get("/items/<number>")(lambda number: number)
    tree.graft(shop, "/shop")
    row = Row("grafted", "GET /shop/items/5", 200, "/shop/items/<number>")
    assert row.expected == seen(tree, row)
    row = Row("grafted, no route", "GET /shop/nothing", 404, None)
    assert row.expected == seen(tree, row)


def test_routes_has_templates():
    """The dispatcher that uses Routes has a mapper to be asked."""
    pytest.importorskip("routes")
    dispatcher = cherrypy.dispatch.RoutesDispatcher()
    dispatcher.connect("order", "/orders/{number}", Root(), action="boom")
    dispatcher.connect("json", "/{number}/json", Root(), action="json")
    app = cherrypy.Application(None, "/shop", {"/": {"request.dispatch": dispatcher, "log.screen": False}})
    rows = [
        Row("a route", "GET /5/json", 200, "/{number}/json", script_name="/shop"),
        Row("the handler raises", "GET /orders/5", 500, "/orders/{number}", script_name="/shop"),
        Row("no router matched", "GET /nothing", 404, None, script_name="/shop"),
    ]
    assert [row.expected for row in rows] == [seen(app, row) for row in rows]


def test_a_dispatcher_that_nobody_knows_has_no_template():
    """A function may do with the path as it likes."""
    config = {"/": {"request.dispatch": cherrypy.dispatch.VirtualHost(), "log.screen": False}}
    row = Row("by host", "GET /cached/5", 200, None)
    assert row.expected == seen(cherrypy.Application(Root(), "", config), row)
