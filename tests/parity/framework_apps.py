"""The same small shop in each framework that has an instrumentor, bare or instrumented by it.

Each shop is a context manager: given providers, it is instrumented by the framework's own instrumentor for as long as it is open.
"""

# ruff: noqa: PLC0415
# Optional packages are imported where they are used.

from __future__ import annotations

from contextlib import contextmanager

import pytest
from harness import Asgi, Wsgi
from opentelemetry import metrics, trace


def contrib(package, kind):
    """An instrumentor's class; skips where it is not installed."""
    return getattr(pytest.importorskip(f"opentelemetry.instrumentation.{package}"), kind)


@contextmanager
def fastapi_shop(providers, _monkeypatch):
    fastapi = pytest.importorskip("fastapi")
    kind = contrib("fastapi", "FastAPIInstrumentor")
    app = fastapi.FastAPI()

    @app.get("/orders/{order_id}")
    async def order(order_id: str):
        return {}

    @app.get("/broken/{order_id}")
    async def broken(order_id: str):
        raise KeyError(order_id)

    if providers:
        kind.instrument_app(app, exclude_spans=["receive", "send"], **providers)
    yield app


@contextmanager
def starlette_shop(providers, _monkeypatch):
    applications = pytest.importorskip("starlette.applications")
    responses = pytest.importorskip("starlette.responses")
    routing = pytest.importorskip("starlette.routing")
    kind = contrib("starlette", "StarletteInstrumentor")

    async def order(request):
        return responses.PlainTextResponse("ok")

    async def broken(request):
        raise KeyError("x")

    paths = {"/orders/{order_id}": order, "/broken/{order_id}": broken}
    app = applications.Starlette(routes=[routing.Route(path, view) for path, view in paths.items()])
    if providers:
        kind.instrument_app(app, **providers)
    yield app


@contextmanager
def flask_shop(providers, _monkeypatch):
    flask = pytest.importorskip("flask")
    kind = contrib("flask", "FlaskInstrumentor")
    app = flask.Flask("shop")

    @app.get("/orders/<order_id>")
    def order(order_id):
        return "ok"

    @app.get("/broken/<order_id>")
    def broken(order_id):
        raise KeyError(order_id)

    if providers:
        kind().instrument_app(app, **providers)
    yield app


@contextmanager
def django_shop(providers, monkeypatch):
    django = pytest.importorskip("django")
    kind = contrib("django", "DjangoInstrumentor")
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application
    from django.http import HttpResponse
    from django.test.utils import override_settings
    from django.urls import path

    def order(request, order_id):
        return HttpResponse("ok")

    def broken(request, order_id):
        raise KeyError(order_id)

    urls = type("urls", (), {"urlpatterns": [path("orders/<order_id>", order), path("broken/<order_id>", broken)]})
    if not settings.configured:
        settings.configure(SECRET_KEY="x", ALLOWED_HOSTS=["*"], LOGGING_CONFIG=None)
        django.setup()
    with override_settings(ROOT_URLCONF=urls, MIDDLEWARE=[], ALLOWED_HOSTS=["*"]):
        if providers:
            monkeypatch.setenv("OTEL_PYTHON_DJANGO_INSTRUMENT", "True")
            kind().instrument(**providers)
        try:
            yield get_wsgi_application()
        finally:
            if providers:
                kind().uninstrument()


@contextmanager
def falcon_shop(providers, _monkeypatch):
    falcon = pytest.importorskip("falcon")
    kind = contrib("falcon", "FalconInstrumentor")
    if providers:
        kind().instrument(**providers)

    class Order:
        def on_get(self, request, response, order_id):
            response.text = "ok"

    class Broken:
        def on_get(self, request, response, order_id):
            raise KeyError(order_id)

    try:
        app = falcon.App()
        app.add_route("/orders/{order_id}", Order())
        app.add_route("/broken/{order_id}", Broken())
        yield app
    finally:
        if providers:
            kind().uninstrument()


@contextmanager
def pyramid_shop(providers, monkeypatch):
    config = pytest.importorskip("pyramid.config")
    response = pytest.importorskip("pyramid.response")
    kind = contrib("pyramid", "PyramidInstrumentor")
    if providers:  # it takes no providers, only the global ones
        monkeypatch.setattr(trace, "_TRACER_PROVIDER", providers["tracer_provider"])
        monkeypatch.setattr(metrics._internal, "_METER_PROVIDER", providers["meter_provider"])
        kind().instrument()

    def order(request):
        return response.Response("ok")

    def broken(request):
        raise KeyError("x")

    try:
        built = config.Configurator()
        for name, view in (("orders", order), ("broken", broken)):
            built.add_route(name, f"/{name}/{{order_id}}")
            built.add_view(view, route_name=name)
        yield built.make_wsgi_app()
    finally:
        if providers:
            kind().uninstrument()


SHOPS = {
    "FastAPI": (fastapi_shop, Asgi()),
    "Starlette": (starlette_shop, Asgi()),
    "Flask": (flask_shop, Wsgi()),
    "Django": (django_shop, Wsgi()),
    "Falcon": (falcon_shop, Wsgi()),
    "Pyramid": (pyramid_shop, Wsgi()),
}
"""By framework: the shop, and the protocol that drives it."""
