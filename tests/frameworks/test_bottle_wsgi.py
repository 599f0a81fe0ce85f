"""Bottle tells in ``environ["bottle.route"]``, whose rule lacks the prefix of a mount as plain WSGI."""

from __future__ import annotations

import warnings

import pytest
from wsgi_contract import Row, contract, each, seen

bottle = pytest.importorskip("bottle")

ORDER = "/orders/<number:int>"


def nested():
    """An application to be mounted: a route, and no other."""
    app = bottle.Bottle()
    app.get(ORDER)(lambda number: f"{number}")
    return app


def foreign(environ, start_response):
    """A WSGI application of no framework."""
    start_response("200 OK", [("Content-Length", "0")])
    return [b""]


@pytest.fixture
def app():
    """An application with every kind of mount."""
    app = bottle.Bottle()
    app.get(ORDER)(lambda number: f"{number}")

    @app.get("/boom/<number:int>")
    def boom(number):
        raise ValueError(number)

    @app.get("/gone/<number>")
    def gone(number):
        bottle.abort(404)

    app.mount("/nested/", nested())
    app.mount("/foreign/", foreign)
    middle = bottle.Bottle()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Bottle advises a trailing slash
        middle.mount("/inner", nested())
        app.mount("/wsgi", middle)
    return app


ROWS = [
    *contract(order=ORDER, boom="/boom/<number:int>", nested="/nested/orders/<number:int>"),
    Row("a 404 that the handler answers has a route", "GET /gone/5", 404, "/gone/<number>"),
    Row("mounts without a trailing slash", "GET /wsgi/inner/orders/5", 200, "/wsgi/inner/orders/<number:int>"),
    Row("nothing below such a mount", "GET /wsgi/inner/nothing", 404, None),
    Row("what nobody can ask has the mount's rule", "GET /foreign/5", 200, "/foreign/<:re:.*>"),
]


@each(ROWS)
def test_the_matched_rule_names_the_request(app, row):
    """What Bottle matched, mounts' prefixes included, is the template."""
    assert row.expected == seen(app, row)


def test_a_propagated_exception_keeps_the_route(app):
    """With ``catchall`` off the exception goes through, and the environ still knows."""
    app.catchall = False
    row = Row("raised", "GET /boom/5", ValueError, "/boom/<number:int>")
    assert row.expected == seen(app, row)


def test_the_router_is_asked_where_bottle_had_another_environ(app):
    """A middleware that copies the environ hides what Bottle writes."""

    class Copying:
        def __init__(self, app):
            self.app = app

        def __call__(self, environ, start_response):
            return self.app(dict(environ), start_response)

    row = Row("copied", "GET /orders/5", 200, ORDER)

    assert row.expected == seen(Copying(app), row)
    row = Row("copied, no route", "GET /nothing", 404, None)
    assert row.expected == seen(Copying(app), row)


def test_a_told_route_is_not_matched_again(app):
    """A user's filter runs as often as without us."""
    calls = []

    def counted(config):
        return r"\d+", lambda value: calls.append(value) or int(value), str

    app.router.add_filter("counted", counted)
    app.get("/counted/<number:counted>")(lambda number: "x")
    row = Row("told", "GET /counted/5", 200, "/counted/<number:counted>")
    assert row.expected == seen(app, row)
    assert len(calls) == 1


def test_an_application_that_a_handler_calls_is_not_guessed(app):
    """Its route stands where the handler's was, and nobody knows what the handler took off."""
    inner = nested()

    @app.get("/called/<rest:path>")
    def called(rest):
        environ = bottle.request.environ
        environ["PATH_INFO"] = f"/{rest}"
        return b"".join(inner(environ, lambda status, headers, exc_info=None: None))

    row = Row("called", "GET /called/orders/5", 200, None)
    assert row.expected == seen(app, row)
