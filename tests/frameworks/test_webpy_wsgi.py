"""web.py tells nothing: the regular expressions of its mapping are matched as it does."""

from __future__ import annotations

import io

import pytest
from wsgi_contract import Row, contract, each, seen

web = pytest.importorskip("web")

ORDER = r"/orders/(\d+)"


class Order:
    def GET(self, number):  # noqa: N802 - web.py's way
        return number


class Boom:
    def GET(self, number):  # noqa: N802
        raise ValueError(number)


class Gone:
    def GET(self, number):  # noqa: N802
        raise web.notfound()


@pytest.fixture
def application(monkeypatch):
    """An application with a sub-application."""
    monkeypatch.setattr(web, "debug", io.StringIO())  # where web.py prints tracebacks
    monkeypatch.setitem(web.config, "debug", False)
    nested = web.application((ORDER, Order), autoreload=False)
    return web.application(
        (
            ORDER,
            Order,
            "/boom/(.*)",
            Boom,
            "/gone/a|/gone/(.*)",
            Gone,
            "/nested",
            nested,
            "/old/(.*)",
            r"redirect /orders/\1",
        ),
        autoreload=False,
    )


ROWS = [
    *contract(order=ORDER, boom="/boom/(.*)", nested=rf"/nested{ORDER}", not_allowed=(405, ORDER)),
    Row("a 404 that the handler answers has a route", "GET /gone/5", 404, "/gone/a|/gone/(.*)"),
    Row("a redirect that was mapped", "GET /old/5", 301, "/old/(.*)"),
]


@each(ROWS)
def test_the_mapping_is_asked(application, row):
    """The pattern, behind the sub-application's prefix, is the template; ``wsgifunc()`` closes over the application."""
    assert row.expected == seen(application.wsgifunc(), row)


def test_applications_by_host_are_followed(application):
    """The host chooses the application; its name is no part of the template."""
    by_host = web.subdomain_application((r"shop\.example\.com", application), autoreload=False)
    host = (("Host", "shop.example.com:8080"),)
    row = Row("known host", "GET /nested/orders/5", 200, rf"/nested{ORDER}", headers=host)
    assert row.expected == seen(by_host.wsgifunc(), row)
    row = Row("unknown host", "GET /orders/5", 404, None)
    assert row.expected == seen(by_host.wsgifunc(), row)
