"""Zero-code beside what is there already: one SERVER span a request, whoever makes it, and an application that always answers."""

from __future__ import annotations

import pytest
from under_instrument import UNDER_INSTRUMENT, serving

pytestmark = UNDER_INSTRUMENT

EVERYTHING = {"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "httpx,requests,sqlite3"}
OURS = "otel_middleware.route.source"


def uvicorn(app):
    return ("uvicorn", "--port", "{port}", f"framework_apps:{app}")


WSGI = ("waitress-serve", "--listen", "127.0.0.1:{port}", "framework_apps:flask_app")


def reported(home, command, **variables):
    """The only SERVER span of one request, and what the server has said."""
    with serving(home, *command, **variables) as running:
        answer = running.get("/orders/7")
        spans = running.spans()
        said = running.said()
    assert answer.status_code == 200
    [server] = [span for span in spans if span[0] == "SERVER"]
    return server, len(spans), said


@pytest.mark.parametrize(
    ("command", "package", "name"),
    [
        (uvicorn("fastapi_app"), "fastapi", "GET /orders/{order_id}"),
        (WSGI, "flask", "GET /orders/<order_id>"),
    ],
    ids=["fastapi", "flask"],
)
def test_a_frameworks_instrumentor_is_left_in_charge(command, package, name, tmp_path):
    """Where the framework's instrumentor is on the application, its span is the only one; one line says what to switch off."""
    (_, named, attributes, _), _, said = reported(tmp_path, command, **EVERYTHING)

    assert (named, OURS in attributes) == (name, False)
    assert said.count("otel_middleware leaves it alone") == 1
    assert f"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS={package}" in said


@pytest.mark.parametrize(
    ("command", "name"),
    [(uvicorn("fastapi_app"), "GET /orders/{order_id}"), (WSGI, "GET /orders/<order_id>")],
    ids=["fastapi", "flask"],
)
def test_ours_takes_over_where_the_other_is_switched_off(command, name, tmp_path):
    """With the framework's instrumentor disabled the one span is ours, by the framework's own route."""
    (_, named, attributes, _), count, said = reported(tmp_path, command)

    assert (named, attributes[OURS], count) == (name, "framework", 1)
    assert "otel_middleware" not in said


@pytest.mark.parametrize("app", ["instrumented_app", "listed_app"])
def test_an_application_that_instruments_itself_keeps_its_own_options(app, tmp_path):
    """``instrument`` in the code wins: one span, named by the options that stand there."""
    (_, named, _, _), count, said = reported(tmp_path, uvicorn(app), OTEL_PYTHON_MIDDLEWARE_TENANT_HEADER="x-tenant-id")

    assert (named, count) == ("GET /orders/{of_the_code}", 1)
    assert "otel_middleware" not in said


def test_stable_names_are_chosen_before_other_instrumentors_read_the_mode(tmp_path):
    """Other HTTP instrumentors come first in the order of entry points, and still stable names are reported."""
    (_, _, attributes, _), _, said = reported(
        tmp_path, uvicorn("fastapi_app"), OTEL_PYTHON_DISABLED_INSTRUMENTATIONS="fastapi"
    )

    assert "http.request.method" in attributes
    assert "old semantic conventions" not in said


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        (
            {
                "OTEL_PYTHON_MIDDLEWARE_ROUTES": "no-such-file.txt",
                "OTEL_PYTHON_MIDDLEWARE_HOPS": "none",
                "OTEL_PYTHON_MIDDLEWARE_TENANT_HEADER": "x tenant",
            },
            ["OTEL_PYTHON_MIDDLEWARE_ROUTES='no-such-file.txt'", "_HOPS='none'", "_TENANT_HEADER='x tenant'"],
        ),
        ({"OTEL_PYTHON_MIDDLEWARE_DISABLED": "true"}, None),
    ],
    ids=["wrong values", "disabled"],
)
def test_without_our_layer_the_application_is_served(variables, said, tmp_path):
    """Wrong values are said on one line, all at once; then, as when it is switched off, the application is served without us."""
    with serving(tmp_path, "uvicorn", "--port", "{port}", "bare_apps:asgi_app", **variables) as running:
        answer = running.get("/orders/7")
        lines = [line for line in running.said().splitlines() if "otel_middleware" in line or "MIDDLEWARE" in line]

    assert (answer.status_code, answer.text) == (200, "ok")
    assert len(lines) == (0 if said is None else 1)
    assert all(part in lines[0] for part in said or ())


def test_a_variable_is_an_option_of_the_command_line(tmp_path):
    """``opentelemetry-instrument --middleware_tenant_header`` is the variable, as with all of upstream's."""
    command = ("--middleware_tenant_header", "x-shop", "uvicorn", "--port", "{port}", "bare_apps:asgi_app")
    with serving(tmp_path, *command) as running:
        running.get("/orders/7", x_shop="acme")
        [(_, _, attributes, _)] = running.spans()

    assert attributes["tenant.id"] == "acme"
