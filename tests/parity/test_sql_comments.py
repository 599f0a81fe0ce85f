"""Django with upstream's ``SqlCommenter`` and the sqlite3 instrumentor: SQL comments carry our trace."""

from __future__ import annotations

import re
import sqlite3

import pytest
from harness import Wsgi

from otel_middleware import wsgi

django = pytest.importorskip("django")
sqlcommenter = "opentelemetry.instrumentation.django.middleware.sqlcommenter_middleware"
pytest.importorskip(sqlcommenter)
contrib = pytest.importorskip("opentelemetry.instrumentation.sqlite3")

from django.conf import settings  # noqa: E402 - after the skips
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connections  # noqa: E402
from django.db.utils import ConnectionHandler  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.test.utils import override_settings  # noqa: E402
from django.urls import path  # noqa: E402

DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}


def order(request, order_id):
    """A view that asks its database."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT 7")
    return HttpResponse("ok")


@pytest.fixture
def shop():
    """A Django shop with a database, and the statements that reached SQLite."""
    urls = type("urls", (), {"urlpatterns": [path("orders/<order_id>", order)]})
    if not settings.configured:
        settings.configure(SECRET_KEY="x", ALLOWED_HOSTS=["*"], LOGGING_CONFIG=None, DATABASES=DATABASES)
        django.setup()
    connections.settings = ConnectionHandler(DATABASES).settings
    with override_settings(
        ROOT_URLCONF=urls, MIDDLEWARE=[f"{sqlcommenter}.SqlCommenter"], ALLOWED_HOSTS=["*"], DEBUG=True
    ):
        statements = []
        connections["default"].connect()
        connections["default"].connection.set_trace_callback(statements.append)
        yield get_wsgi_application(), statements
        connections["default"].close()


def trace_in(statement):
    """The ids of the ``traceparent`` of a comment; the equals sign of its key is quoted as SQLCommenter has it."""
    found = re.search(r"traceparent='00-([0-9a-f]{32})-([0-9a-f]{16})-0[0-9]'", statement)
    assert found, statement
    return int(found[1], 16), int(found[2], 16)


def test_django_comments_carry_the_server_span(shop, telemetry):
    """Inside a request the comment names our SERVER span, and the route that Django has chosen."""
    app, statements = shop
    Wsgi().get(wsgi.instrument(app, **telemetry.providers), "/orders/7")

    context = telemetry.request(route="/orders/<order_id>").context
    (statement,) = [statement for statement in statements if "SELECT 7" in statement]
    assert trace_in(statement) == (context.trace_id, context.span_id)
    assert "route='orders/" in statement


def test_database_spans_are_children(telemetry):
    """The sqlite3 instrumentor's span (it writes no comments) is a child of ours."""

    def app(environ, start_response):
        connection = contrib.SQLite3Instrumentor().instrument_connection(
            sqlite3.connect(":memory:"), tracer_provider=telemetry.tracer_provider
        )
        cursor = connection.cursor()
        cursor.execute("SELECT 7")
        cursor.close()
        connection.close()
        start_response("200 OK", [])
        return [b"ok"]

    Wsgi().get(wsgi.instrument(app, **telemetry.providers), "/orders/7")

    server = telemetry.request(status=200)
    (child,) = [span for span in telemetry.spans if span is not server]
    assert child.parent.span_id == server.context.span_id
    assert child.attributes["db.system"] == "sqlite"
