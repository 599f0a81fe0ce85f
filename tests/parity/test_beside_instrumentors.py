"""The same shop and requests through the framework's own instrumentor and through us: ours has everything that theirs has."""

# ruff: noqa: PLC0415
# Optional packages are imported where they are used.

from __future__ import annotations

import logging

import pytest
from framework_apps import SHOPS
from plain import DURATIONS

from otel_middleware import ErrorStatuses
from otel_middleware.testing import Telemetry

WSGI = {"Flask", "Django", "Falcon", "Pyramid"}
ASGI = {"FastAPI", "Starlette"}

BETTER = {
    # attribute: frameworks, theirs, ours, why
    "server.address": (ASGI, "127.0.0.1:8000", "shop.example", "the host that was asked for, without the port"),
    "server.port": (ASGI | WSGI, 8000, 8080, "the port that was asked for"),
    "http.host": (ASGI, "127.0.0.1:8000", "shop.example:8080", "the host that was asked for"),
    "net.host.port": (ASGI | WSGI, 8000, 8080, "the port that was asked for"),
    "net.host.name": (WSGI, "shop.example:8080", "shop.example", "an address has no port inside"),
}
BETTER_OF_WSGI = {"server.address": ("shop.example:8080", "shop.example")}

DIFFERENT = {
    # framework, attribute: ours (None: left out), why
    ("FastAPI", "error.type"): ("KeyError", "the exception, where they have the status"),
    ("Flask", "error.type"): ("KeyError", "the same, with ErrorStatuses(from_logs=True)"),
    ("Django", "error.type"): ("KeyError", "the same"),
    ("Django", "http.route"): ("/{}", "a template is a path: with its leading slash"),
    ("Django", "http.target"): ("/{}", "on metrics, the same; a path that no route has is no target there"),
    ("Falcon", "falcon.resource"): (None, "the framework's own: one line in its middleware, see the README"),
    ("Pyramid", "url.full"): (
        None,
        "not of servers: url.scheme, server.address, url.path and url.query have its parts",
    ),
    ("Pyramid", "http.url"): (None, "the same: http.scheme, net.host.name and http.target"),
}

NAMES = {
    # framework, their name: ours, why
    ("Flask", "GET /none"): ("GET", "a path names no span"),
    ("Django", "GET orders/<order_id>"): ("GET /orders/<order_id>", "a template is a path"),
    ("Django", "GET broken/<order_id>"): ("GET /broken/<order_id>", "the same"),
    ("Pyramid", "/orders/{order_id}"): ("GET /orders/{order_id}", "method and route, as semantic conventions have it"),
    ("Pyramid", "/broken/{order_id}"): ("GET /broken/{order_id}", "the same"),
    ("Pyramid", "GET /none"): ("GET", "a path names no span"),
}

PATHS = ["/orders/7", "/broken/7", "/none"]


@pytest.fixture
def plain():
    """Telemetry of the framework's instrumentor."""
    kit = Telemetry()
    yield kit
    kit.tracer_provider.shutdown()
    kit.meter_provider.shutdown()


@pytest.fixture(params=SHOPS)
def both(request, plain, telemetry, monkeypatch):
    """Framework, and a function that sends one request through each."""
    shop, protocol = SHOPS[request.param]
    logging.getLogger("django.request").propagate = False
    headers = [("user-agent", "curl/8"), ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    sent = {"query": "a=1", "headers": headers}

    def ask(path):
        with monkeypatch.context() as patches, shop(plain.providers, patches) as app:
            protocol.get(app, path, **sent)
        with shop(None, monkeypatch) as app:
            options = {"errors": ErrorStatuses(from_logs=True), **telemetry.providers}
            protocol.get(protocol.module.instrument(app, **options), path, **sent)

    return request.param, ask


def expected_of(framework, key, value, on_metric):
    """What ours should say where theirs says *key*, *value*."""
    better = BETTER.get(key)
    if better is not None and framework in better[0]:
        return BETTER_OF_WSGI[key][1] if (framework in WSGI and key in BETTER_OF_WSGI) else better[2]
    if framework in WSGI and key in BETTER_OF_WSGI:
        return BETTER_OF_WSGI[key][1]
    told = DIFFERENT.get((framework, key))
    if told is None:
        return value
    if told[0] == "/{}":
        return (None if on_metric else value) if value.startswith("/") else f"/{value}"
    return told[0]


def compared(framework, theirs, ours, *, on_metric=False):
    """Expected and real values of everything that theirs has."""
    wanted = {key: expected_of(framework, key, value, on_metric) for key, value in theirs.items()}
    return wanted, {key: ours.get(key) for key in theirs}


@pytest.mark.parametrize("path", PATHS)
def test_span_has_what_theirs_has(both, plain, telemetry, path):
    """Each attribute of their SERVER span is on ours, with the same value or the one of the tables; parent and status agree."""
    framework, ask = both
    ask(path)
    (theirs,), (ours,) = plain.requests, telemetry.requests

    wanted, real = compared(framework, theirs.attributes, ours.attributes)
    assert real == wanted
    assert ours.name == NAMES.get((framework, theirs.name), (theirs.name,))[0]
    assert (ours.parent, ours.status.status_code) == (theirs.parent, theirs.status.status_code)
    assert {event.name for event in theirs.events} <= {event.name for event in ours.events}


@pytest.mark.parametrize("path", PATHS)
def test_metrics_have_what_theirs_have(both, plain, telemetry, path):
    """Each instrument of theirs that has points has them in ours, with all their attributes."""
    framework, ask = both
    ask(path)
    for name in ["http.server.active_requests", *DURATIONS]:
        theirs, ours = plain.points(name), telemetry.points(name)
        assert len(theirs) == len(ours)
        for their, our in zip(theirs, ours, strict=True):
            wanted, real = compared(framework, their.attributes, our.attributes, on_metric=True)
            assert real == wanted, name


def test_a_lost_attribute_comes_back_by_one_line(telemetry):
    """Falcon's resource, which only the framework knows: a middleware of Falcon's sets it on our span."""
    falcon = pytest.importorskip("falcon")
    from otel_middleware import server_span, wsgi

    class ResourceName:
        def process_resource(self, req, resp, resource, params):
            server_span().set_attribute("falcon.resource", type(resource).__name__)

    class Order:
        def on_get(self, request, response, order_id):
            response.text = "ok"

    app = falcon.App(middleware=[ResourceName()])
    app.add_route("/orders/{order_id}", Order())
    SHOPS["Falcon"][1].get(wsgi.instrument(app, **telemetry.providers), "/orders/7")

    assert telemetry.request(route="/orders/{order_id}").attributes["falcon.resource"] == "Order"


def test_tables_name_what_is_compared():
    """Each framework of the tables is one that is compared."""
    assert {name for name, _ in [*DIFFERENT, *NAMES]} | WSGI | ASGI <= set(SHOPS)
