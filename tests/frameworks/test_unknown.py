"""What routers leave in the carrier names the request of an application that nobody recognises."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from otel_middleware.frameworks import Asked, asgi_router, wsgi_router
from otel_middleware.request import Request

ASKED = Asked("http", Request(method="GET", host="testserver"), "/orders/5", "/srv")


async def asgi(scope, receive, send):
    """An application of no framework."""


def wsgi(environ, start_response):
    """The same."""


def route(template, **more):
    return SimpleNamespace(path_format=template, **more)


LEAF = route("/orders/{number}", endpoint=asgi)


@pytest.mark.parametrize(
    ("left", "template"),
    [
        pytest.param({}, None, id="nothing"),
        pytest.param({"path_template": "/orders/{number}"}, "/orders/{number}", id="Litestar's"),
        pytest.param({"route_path_template": "/orders/{number}"}, "/orders/{number}", id="Lilya's"),
        pytest.param({"route": LEAF}, "/orders/{number}", id="Starlette's"),
        pytest.param({"route": LEAF, "root_path": "/srv/acme"}, None, id="a mount took a part that nobody told"),
        pytest.param({"route": route("/nested/{path}", app=asgi)}, None, id="a mount is no leaf"),
        pytest.param(
            {"route": LEAF, "fastapi": {"effective_route_context": route("/api/orders/{number}", original_route=LEAF)}},
            "/api/orders/{number}",
            id="FastAPI's include",
        ),
        pytest.param({"path_template": 5}, None, id="something else of that name"),
    ],
)
def test_keys_of_the_scope(left, template):
    """Each framework's key is read; what is no full template is left."""
    assert asgi_router(asgi).template({"type": "http", "root_path": "/srv", **left}, ASKED) == template


@pytest.mark.parametrize(
    ("left", "template"),
    [
        pytest.param({}, None, id="nothing"),
        pytest.param({"werkzeug.request": None}, None, id="Flask's after the request"),
        pytest.param({"werkzeug.request": SimpleNamespace(url_rule=None)}, None, id="Flask's without a rule"),
        pytest.param(
            {"werkzeug.request": SimpleNamespace(url_rule=SimpleNamespace(rule="/x/<y>"))}, "/x/<y>", id="Flask's"
        ),
        pytest.param({"bottle.route": SimpleNamespace(rule="/x/<y>")}, "/x/<y>", id="Bottle's"),
    ],
)
def test_keys_of_the_environ(left, template):
    """The same for WSGI."""
    assert wsgi_router(wsgi).template({"REQUEST_METHOD": "GET", **left}, ASKED) == template


def test_the_scope_of_an_unknown_application_is_the_servers():
    """Only applications that need a recording scope get one."""
    scope = {"type": "http"}
    assert asgi_router(asgi).prepared(scope) is scope
