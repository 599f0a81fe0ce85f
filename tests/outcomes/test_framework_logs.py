"""Frameworks that answer their own 500 and log the exception: with ``from_logs`` it is on the server span."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import types
import warnings

import pytest
from asgi_zoo import Kind, Server, scope_of
from harness import Wsgi

from otel_middleware import ErrorStatuses, asgi, wsgi


class OutOfStock(Exception):
    """Raised in a handler."""


NAME = "test_framework_logs.OutOfStock"
REQUEST = {"type": "http.request", "body": b"", "more_body": False}


@pytest.fixture(autouse=True)
def _factory():
    """Each test begins and ends with the factory that was there."""
    before = logging.getLogRecordFactory()
    yield
    logging.setLogRecordFactory(before)


def installed(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip(name)


def told(telemetry):
    span = telemetry.request()
    events = [event.attributes["exception.type"] for event in span.events if event.name == "exception"]
    assert telemetry.metric("http.server.request.duration").attributes["error.type"] == span.attributes["error.type"]
    return span.attributes["http.response.status_code"], span.attributes["error.type"], events


def asked_by_wsgi(telemetry, app):
    answer = Wsgi().get(wsgi.instrument(app, **telemetry.providers, errors=ErrorStatuses(from_logs=True)), "/zoo")
    assert (answer.status, answer.error) == (500, None)
    return told(telemetry)


def asked_by_asgi(telemetry, app, *, lifespan=False):
    served = asgi.instrument(app, **telemetry.providers, errors=ErrorStatuses(from_logs=True))
    server = Server([REQUEST])

    async def wait():
        return server.inbound.pop(0) if server.inbound else await asyncio.Event().wait()

    async def main():
        async with started(served) if lifespan else contextlib.nullcontext():
            with contextlib.suppress(OutOfStock):
                await asyncio.wait_for(served(scope_of(Kind(app, "")), wait, server.send), 10)

    asyncio.run(main())
    assert server.events[0]["status"] == 500
    return told(telemetry)


@contextlib.asynccontextmanager
async def started(app):
    incoming, outgoing = asyncio.Queue(), asyncio.Queue()
    scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    task = asyncio.create_task(app(scope, incoming.get, outgoing.put))
    for word in ("startup", "shutdown"):
        await incoming.put({"type": f"lifespan.{word}"})
        assert (await asyncio.wait_for(outgoing.get(), 10))["type"] == f"lifespan.{word}.complete"
        if word == "startup":
            yield
    await task


EXPECTED = (500, NAME, [NAME])


def test_flask(telemetry):
    """Flask logs what it answers with 500 on the application's logger."""
    flask = installed("flask")
    app = flask.Flask("shop")

    @app.get("/zoo")
    def zoo():
        raise OutOfStock

    assert asked_by_wsgi(telemetry, app) == EXPECTED


def test_cherrypy(telemetry):
    """CherryPy logs to its error log."""
    cherrypy = installed("cherrypy")
    cherrypy.config.update({"log.screen": False, "environment": "embedded"})

    class Root:
        @cherrypy.expose
        def zoo(self):
            raise OutOfStock

    assert asked_by_wsgi(telemetry, cherrypy.Application(Root(), "")) == EXPECTED


def django_app(kind):
    django = installed("django")
    from django.conf import settings  # noqa: PLC0415
    from django.core.asgi import get_asgi_application  # noqa: PLC0415
    from django.core.wsgi import get_wsgi_application  # noqa: PLC0415
    from django.urls import path  # noqa: PLC0415

    def zoo(request):
        raise OutOfStock

    if not settings.configured:
        settings.configure(
            ROOT_URLCONF="outcome_urls", ALLOWED_HOSTS=["*"], SECRET_KEY="x", DEBUG=False, LOGGING_CONFIG=None
        )
    urls = types.ModuleType("outcome_urls")
    urls.urlpatterns = [path("zoo", zoo)]
    sys.modules["outcome_urls"] = urls
    django.setup()
    from django.test.utils import override_settings  # noqa: PLC0415

    return override_settings(ROOT_URLCONF=urls, ALLOWED_HOSTS=["*"], DEBUG=False), {
        "wsgi": get_wsgi_application,
        "asgi": get_asgi_application,
    }[kind]


@pytest.mark.parametrize(("kind", "ask"), [("wsgi", asked_by_wsgi), ("asgi", asked_by_asgi)])
def test_django(telemetry, kind, ask):
    """Django logs to ``django.request``, under ASGI in a thread that carries the context."""
    overridden, build = django_app(kind)
    with overridden:
        assert ask(telemetry, build()) == EXPECTED


def test_quart(telemetry):
    """Quart logs on the application's logger."""
    quart = installed("quart")
    app = quart.Quart("shop")

    @app.get("/zoo")
    async def zoo():
        raise OutOfStock

    assert asked_by_asgi(telemetry, app) == EXPECTED


def test_litestar(telemetry):
    """Litestar logs on its own logger where it is told to always log."""
    litestar = installed("litestar")
    from litestar.logging import LoggingConfig  # noqa: PLC0415

    @litestar.get("/zoo")
    async def zoo() -> None:
        raise OutOfStock

    app = litestar.Litestar([zoo], logging_config=LoggingConfig(log_exceptions="always"))
    assert asked_by_asgi(telemetry, app) == EXPECTED


def test_falcon(telemetry):
    """Falcon's ASGI half logs what it answers with 500."""
    falcon = installed("falcon.asgi")

    class Zoo:
        async def on_get(self, request, response):
            raise OutOfStock

    app = falcon.App()
    app.add_route("/zoo", Zoo())
    assert asked_by_asgi(telemetry, app) == EXPECTED


@pytest.mark.filterwarnings("ignore")
def test_sanic(telemetry):
    """Sanic logs to ``sanic.error``."""
    sanic = installed("sanic")
    app = sanic.Sanic("outcomes", configure_logging=False)
    app.config.TOUCHUP = False

    @app.get("/zoo")
    async def zoo(request):
        raise OutOfStock

    assert asked_by_asgi(telemetry, app, lifespan=True) == EXPECTED
