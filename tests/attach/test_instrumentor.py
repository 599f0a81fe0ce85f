"""The instrumentor in one process: it takes servers' seats, each application once, and gives everything back."""

from __future__ import annotations

import wsgiref.simple_server
from pathlib import Path

import httpx
import pytest
import uvicorn
import waitress.server
import werkzeug.serving
from bare_apps import asgi_app, wsgi_app
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware

from otel_middleware import ConfigurationError, asgi
from otel_middleware.attach import MiddlewareInstrumentor
from otel_middleware.attach import environment_variables as variables
from otel_middleware.attach._seat import Seat, afterwards
from otel_middleware.attach._settings import options_of
from otel_middleware.attach._wrapping import Wrapping
from otel_middleware.attach.servers import SEATS

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def instrumentor(telemetry, monkeypatch):
    """Attached, reporting to ``telemetry``; taken off in the end."""
    for name in variables.__all__:
        monkeypatch.delenv(name, raising=False)
    attached = MiddlewareInstrumentor()
    attached.instrument(routes=["/orders/{order_id}"], **telemetry.providers)
    yield attached
    if attached.is_instrumented_by_opentelemetry:
        attached.uninstrument()


def of_wsgiref(app):
    server = wsgiref.simple_server.WSGIServer(
        ("127.0.0.1", 0), wsgiref.simple_server.WSGIRequestHandler, bind_and_activate=False
    )
    server.set_app(app)
    server.server_close()
    return server.get_app()


def of_werkzeug(app):
    server = werkzeug.serving.make_server("127.0.0.1", 0, app)
    server.server_close()
    return server.app


def of_waitress(app):
    server = waitress.server.create_server(app, host="127.0.0.1", port=0, clear_untrusted_proxy_headers=False)
    server.close()
    server.task_dispatcher.shutdown()
    return server.application


SERVERS = {"wsgiref": of_wsgiref, "werkzeug": of_werkzeug, "waitress": of_waitress}
TAKEN = {
    "wsgiref": (wsgiref.simple_server.WSGIServer, "set_app"),
    "werkzeug": (werkzeug.serving.BaseWSGIServer, "__init__"),
    "waitress": (waitress.server.BaseWSGIServer, "__init__"),
}


def request(app, path="/orders/7"):
    with httpx.Client(transport=httpx.WSGITransport(app), base_url="http://shop.example") as client:
        return client.get(path).text


@pytest.mark.parametrize("server", SERVERS)
def test_a_server_that_was_imported_before_is_attached_to(server, instrumentor, telemetry):
    """What it serves from then on is inside our stack, with the options that were given."""
    assert request(SERVERS[server](wsgi_app)) == "ok"
    assert telemetry.request(route="/orders/{order_id}", status=200)


@pytest.mark.parametrize("server", SERVERS)
def test_uninstrument_gives_the_server_its_function_back(server, telemetry):
    """The very function is back, new applications are served bare, and those that are being served go on without us."""
    holder, name = TAKEN[server]
    before = vars(holder)[name]
    attached = MiddlewareInstrumentor()
    attached.instrument(**telemetry.providers)
    taken, served = vars(holder)[name], SERVERS[server](wsgi_app)
    attached.uninstrument()

    assert taken is not before
    assert vars(holder)[name] is before
    assert SERVERS[server](wsgi_app) is wsgi_app
    assert request(served) == "ok"
    assert telemetry.spans == ()


def test_instrumenting_again_after_uninstrument_works(instrumentor, telemetry):
    """On, off, on: one stack, not two, and none left over."""
    instrumentor.uninstrument()
    instrumentor.instrument(**telemetry.providers)
    request(of_wsgiref(wsgi_app))

    assert len(telemetry.requests) == 1


def test_an_application_has_one_stack(instrumentor):
    """Served by two servers, or on two sockets, it is the same object, which learns routes once."""
    assert of_wsgiref(wsgi_app) is of_waitress(wsgi_app)
    assert of_wsgiref(of_waitress(wsgi_app)) is of_waitress(wsgi_app)


@pytest.mark.parametrize(
    ("wrapped", "warns"),
    [
        (asgi.instrument(asgi_app), False),  # ours, in the code
        (OpenTelemetryMiddleware(asgi_app), True),  # upstream's, in the code
    ],
    ids=["ours", "upstream's"],
)
def test_what_is_instrumented_is_left_alone(wrapped, warns, instrumentor, caplog):
    """The very object is served; upstream's middleware is warned about once."""
    config = uvicorn.Config(wrapped, proxy_headers=False)
    config.load()
    uvicorn.Config(wrapped).load()

    assert config.loaded_app is wrapped
    assert len([record for record in caplog.records if "leaves it alone" in record.message]) == warns


def test_uvicorns_proxy_headers_stay_outside(instrumentor):
    """What ``--proxy-headers`` corrects is what our stack sees, as it would in the application's own code."""
    config = uvicorn.Config(asgi_app, proxy_headers=True)
    config.load()

    assert type(config.loaded_app).__name__ == "ProxyHeadersMiddleware"
    assert config.loaded_app.app.app is asgi_app


def test_prometheus_page_is_left_alone(instrumentor):
    """The page that a Prometheus exporter serves on a port of its own is no traffic of the application's."""
    exposition = pytest.importorskip("prometheus_client").make_wsgi_app()

    assert of_wsgiref(exposition) is exposition


def test_an_application_that_cannot_be_wrapped_is_served(telemetry, caplog):
    """Options that ``instrument`` refuses are said once, and both servers serve the bare application."""
    attached = MiddlewareInstrumentor()
    attached.instrument(native_telemetry="sometimes", **telemetry.providers)
    try:
        served = of_wsgiref(wsgi_app), of_waitress(wsgi_app)
    finally:
        attached.uninstrument()

    assert served == (wsgi_app, wsgi_app)
    assert len([record for record in caplog.records if "native_telemetry" in record.message]) == 1


class Changed:
    """A server of another version."""

    def load(self):
        return "served"


def unfamiliar(_wrapping, instance, _result):
    instance.no_longer_there  # noqa: B018 - raises


@pytest.mark.parametrize(
    ("function", "said"),
    [("Changed.load", "not attached to"), ("Changed.serve", f"{__name__} has no Changed.serve")],
    ids=["its objects", "its functions"],
)
def test_a_server_that_changed_its_ways_serves(function, said, caplog):
    """When a server is not what we know, that is said, it goes on as it is, and can be left."""
    seat = Seat(__name__, function, afterwards(unfamiliar))
    seat.take(Wrapping({}))
    try:
        assert Changed().load() == "served"
    finally:
        seat.leave()

    assert said in caplog.text


def test_workers_of_others_keep_what_they_load(instrumentor):
    """Gunicorn loads for workers that serve no WSGI, too; only its own WSGI workers get our stack."""
    base, sync = pytest.importorskip("gunicorn.workers.base"), pytest.importorskip("gunicorn.workers.sync")

    class Alien(base.Worker):
        def __init__(self):
            self.app = self

        def wsgi(self):
            return wsgi_app

    class Own(Alien, sync.SyncWorker):
        """A class of the user's, on top of gunicorn's."""

    alien, own = Alien(), Own()
    alien.load_wsgi()
    own.load_wsgi()

    assert alien.wsgi is wsgi_app
    assert own.wsgi.app is wsgi_app


@pytest.mark.parametrize(
    ("environment", "problems"),
    [
        ({}, []),
        ({"ROUTES": "", "HOPS": " "}, []),  # empty counts as unset
        ({"TRUSTED_PROXIES": "10.0.0.0/8, unix", "HOPS": "2"}, []),
        ({"TRUSTED_PROXIES": "10.0.0.0/8,proxy"}, ["TRUSTED_PROXIES='10.0.0.0/8,proxy'"]),
        ({"HOPS": "0"}, ["HOPS='0'"]),
        ({"HOPS": "²"}, ["HOPS='²'"]),  # a digit to ``str.isdigit`` only
        ({"EXCLUDED_URLS": "healthz,("}, ["EXCLUDED_URLS='healthz,('"]),
        ({"TENANT_HEADER": "x tenant", "HOPS": "one"}, ["TENANT_HEADER='x tenant'", "HOPS='one'"]),
        ({"ROUTES": "/none/openapi.json"}, ["ROUTES='/none/openapi.json'"]),
    ],
)
def test_settings_name_every_variable_that_is_wrong(environment, problems):
    """All at once, one problem a variable, with its name and value."""
    given = {f"OTEL_PYTHON_MIDDLEWARE_{name}": value for name, value in environment.items()}
    if not problems:
        assert set(options_of(given)) <= {"trust"}
        return
    with pytest.raises(ConfigurationError) as raised:
        options_of(given)
    assert len(raised.value.problems) == len(problems)
    assert all(problem in told for problem, told in zip(sorted(problems), sorted(raised.value.problems), strict=True))


def test_a_misspelt_variable_is_pointed_out(telemetry, monkeypatch, caplog):
    """It changes nothing, and the one that was meant is named."""
    monkeypatch.setenv("OTEL_PYTHON_MIDDLEWARE_TENANT_HEADR", "x-tenant-id")
    attached = MiddlewareInstrumentor()
    attached.instrument(**telemetry.providers)
    attached.uninstrument()

    assert "did you mean OTEL_PYTHON_MIDDLEWARE_TENANT_HEADER?" in caplog.text


def test_readme_names_every_variable_and_server():
    """The section of the README has each variable in its table, and each server."""
    section = README.partition("## Without touching code\n")[2].partition("\n## ")[0]

    assert [name for name in variables.__all__ if f"`{name}`" not in section] == []
    assert [seat.module for seat in SEATS if seat.module.partition(".")[0] not in section.lower()] == []
