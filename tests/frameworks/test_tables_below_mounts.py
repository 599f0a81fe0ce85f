"""A table below a mount: its templates stand behind the mount's own template, never behind what a placeholder matched."""

from __future__ import annotations

from wsgiref.util import shift_path_info

import pytest
from harness import Asgi, Described, Wsgi

from otel_middleware import asgi, wsgi
from otel_middleware.frameworks import _environ

starlette = pytest.importorskip("starlette.applications")
routing = pytest.importorskip("starlette.routing")
middleware = pytest.importorskip("starlette.middleware")
fastapi = pytest.importorskip("fastapi")
flask = pytest.importorskip("flask")
dispatcher = pytest.importorskip("werkzeug.middleware.dispatcher")

ASGI, WSGI = Asgi(), Wsgi()
TABLE = ["/orders/{id}"]
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3MzEifQ.c2lnbmF0dXJlc2lnbmF0dXJl"


def instrumented(telemetry):
    return asgi.instrument(ASGI.build(Described()), routes=TABLE, **telemetry.providers)


def layered(_telemetry):
    return asgi.RouteTemplateMiddleware(ASGI.build(Described()), TABLE)


def in_a_framework(telemetry):
    layers = [middleware.Middleware(asgi.instrument, routes=TABLE, **telemetry.providers)]
    return starlette.Starlette(routes=[routing.Route("/x", ASGI.build(Described()))], middleware=layers)


def starlette_mount(mount, inner):
    return starlette.Starlette(routes=[routing.Mount(mount, inner)])


def fastapi_mount(mount, inner):
    app = fastapi.FastAPI()
    app.mount(mount, inner)
    return app


def mount_in_a_mount(mount, inner):
    return starlette_mount("/a/{x}", starlette_mount(mount, inner))


@pytest.mark.parametrize("inner", [instrumented, layered, in_a_framework])
@pytest.mark.parametrize("outer", [starlette_mount, fastapi_mount])
def test_the_mounts_template_stands_in_front(telemetry, inner, outer):
    """Whoever mounts it, and whatever stands inside: one name for all values of the placeholder."""
    app = asgi.instrument(outer("/t/{region}", inner(telemetry)), **telemetry.providers)
    for region in ("eu", "us"):
        ASGI.get(app, f"/t/{region}/orders/7")

    assert [span.name for span in telemetry.requests] == ["GET /t/{region}/orders/{id}"] * 2


@pytest.mark.parametrize(
    ("outer", "path", "name"),
    [
        (starlette_mount, "/legacy/orders/7", "GET /legacy/orders/{id}"),
        (mount_in_a_mount, "/a/1/legacy/orders/7", "GET /a/{x}/legacy/orders/{id}"),
    ],
)
def test_a_fixed_mount_is_its_own_template(telemetry, outer, path, name):
    """Alone, and below a mount that has a placeholder."""
    ASGI.get(asgi.instrument(outer("/legacy", instrumented(telemetry)), **telemetry.providers), path)

    assert telemetry.request().name == name


def test_a_secret_in_a_mount_is_not_shown(telemetry):
    """Neither in the name nor in ``http.route``."""
    app = asgi.instrument(starlette_mount("/reset/{token}", instrumented(telemetry)), **telemetry.providers)
    ASGI.get(app, "/reset/rst7Hq0ZpW4nV8cKd2Ys/orders/1")

    span = telemetry.request(route="/reset/{token}/orders/{id}")
    assert "rst7Hq0ZpW4nV8cKd2Ys" not in span.to_json()


def test_a_dispatchers_prefix_stands_in_front(telemetry):
    """It is fixed, so it is its own template."""
    inner = wsgi.instrument(WSGI.build(Described()), routes=TABLE, **telemetry.providers)
    app = wsgi.instrument(dispatcher.DispatcherMiddleware(flask_app(), {"/legacy": inner}), **telemetry.providers)
    WSGI.get(app, "/legacy/orders/7")

    assert telemetry.request().name == "GET /legacy/orders/{id}"


def flask_app():
    app = flask.Flask(__name__)
    app.add_url_rule("/orders/<id>", view_func=lambda id: "ok")  # noqa: A006 - as users write it
    return app


def shifted(inner):
    """The first segment goes where ``SCRIPT_NAME`` is, by hand."""

    def app(environ, start_response):
        shift_path_info(environ)
        return inner(environ, start_response)

    return app


@pytest.mark.parametrize("inner", ["table", "framework"])
def test_a_prefix_that_nobody_tells_is_safe_and_bounded(telemetry, monkeypatch, inner):
    """A few are taken for fixed ones; a secret is masked, and past the bound the prefix is left out."""
    monkeypatch.setattr(_environ, "PREFIXES", _environ.BoundedValues(2))
    inside = flask_app() if inner == "framework" else wsgi.RouteTemplateMiddleware(WSGI.build(Described()), TABLE)
    app = wsgi.instrument(shifted(inside), **telemetry.providers)
    for prefix in ("legacy", JWT, "acme", "other"):
        WSGI.get(app, f"/{prefix}/orders/1")

    leaf = "<id>" if inner == "framework" else "{id}"
    first, secret, *rest = [span.name for span in telemetry.requests]
    assert first == f"GET /legacy/orders/{leaf}"
    assert secret.startswith("GET /REDACTED/orders/")
    assert rest == [f"GET /orders/{leaf}"] * 2


def test_an_outer_table_that_knows_the_whole_stays(telemetry):
    """What it declares is not replaced by a guess at the prefix."""
    inside = wsgi.RouteTemplateMiddleware(WSGI.build(Described()), TABLE)
    app = wsgi.instrument(shifted(inside), routes=["/{shop}/orders/{order}"], **telemetry.providers)
    WSGI.get(app, "/berlin/orders/1")

    assert telemetry.request().name == "GET /{shop}/orders/{order}"
