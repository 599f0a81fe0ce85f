"""The test kit tells why a test failed, and costs a test run nothing that does not use it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from otel_middleware.wsgi import instrument

PRELUDE = """
from opentelemetry import trace
from otel_middleware import TenantFromHeader, record_error
from otel_middleware.wsgi import instrument

def shop(environ, start_response):
    with trace.get_tracer("shop").start_as_current_span("compute_total"):
        pass
    if environ["PATH_INFO"] == "/broken":
        record_error(TimeoutError())
        start_response("503 Service Unavailable", [])
    else:
        start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]

def get(telemetry, *paths):
    app = instrument(shop, routes=["/orders/{order_id}"], tenant=TenantFromHeader("x-tenant-id"), **telemetry.providers)
    for path in paths:
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "wsgi.url_scheme": "http", "SERVER_NAME": "shop",
                   "SERVER_PORT": "80", "HTTP_X_TENANT_ID": "acme"}
        body = app(environ, lambda status, headers, exc_info=None: None)
        list(body), getattr(body, "close", list)()
"""


def run(home, test, *options):
    """Run pytest on one file in a process of its own; what it printed."""
    (home / "test_shop.py").write_text(test)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", *options]
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, timeout=120, check=False)
    return done.stdout + done.stderr


def failure(telemetry, ask):
    """The message of the assertion that *ask* fails with."""
    with pytest.raises(AssertionError) as raised:
        ask(telemetry)
    return str(raised.value)


@pytest.fixture
def shop(telemetry):
    """A ``telemetry`` that has seen two requests: an order, and one that failed."""
    scope = {}
    exec(PRELUDE, scope)  # noqa: S102 - the same words as in the processes below
    scope["get"](telemetry, "/orders/7", "/broken")
    return telemetry


@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        ({"route": "/orders/{order_id}"}, "/orders/7"),
        ({"status": 503}, "/broken"),
        ({"route": "/orders/{order_id}", "status": 200, "tenant": "acme"}, "/orders/7"),
        ({"name": "GET /orders/{order_id}"}, "/orders/7"),
        ({"error": "TimeoutError", "outcome": "failed"}, "/broken"),
        ({"error": None}, "/orders/7"),  # absent
        ({"url_path": "/broken"}, "/broken"),  # the full name, with _ in place of .
        ({"otel_middleware_route_source": "declared"}, "/orders/7"),
    ],
)
def test_a_request_is_found_by_its_attributes(wanted, path, shop):
    """Short keywords, full names and absence pick the one request that has them all."""
    assert shop.request(**wanted).attributes["url.path"] == path


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ({"status": 200}, 1),
        ({"route": "/orders/{order_id}", "http_request_method": "GET"}, 1),
        ({"error": "TimeoutError"}, 1),
        ({"error_type": "TimeoutError", "route": None}, 1),
    ],
)
def test_a_point_is_found_by_its_attributes(wanted, count, shop):
    """Metrics take the same keywords."""
    assert shop.metric("http.server.request.duration", **wanted).count == count


def test_no_request_shows_the_trace_with_what_differs(shop):
    """Each request says what it has instead, below its line in the tree."""
    said = failure(shop, lambda telemetry: telemetry.request(route="/orders/{id}", status=200, tenant="acme"))

    assert said.startswith("no request with route='/orders/{id}', status=200, tenant='acme'; reported were:\n")
    assert "  GET /orders/{order_id} [SERVER]" in said
    assert "      <- http.route is '/orders/{order_id}', not '/orders/{id}'" in said
    assert "  GET [SERVER] ERROR TimeoutError" in said
    assert "      <- it has no route, not '/orders/{id}'" in said
    assert "      <- http.response.status_code is 503, not 200" in said
    assert "tenant.id" not in said  # it is as it was asked for


def test_children_stand_below_their_parents(telemetry):
    """The tree is indented by parentage, in the order in which spans started."""
    tracer = telemetry.tracer_provider.get_tracer("shop")
    with tracer.start_as_current_span("outer"):
        for name in ("first", "second"):
            with tracer.start_as_current_span(name):
                pass

    assert [line.partition(" [")[0] for line in telemetry.tree().splitlines()] == ["outer", "  first", "  second"]


def test_more_requests_than_one_are_shown(shop):
    """Two that fit are no answer either: both are marked."""
    said = failure(shop, lambda telemetry: telemetry.request(tenant="acme"))

    assert said.startswith("2 requests with tenant='acme'; reported were:")
    assert said.count("<- it has all of them") == 2


def test_nothing_reported_is_said(telemetry):
    """Without a span the message says so."""
    assert failure(telemetry, lambda kit: kit.request(status=200)).endswith("reported were:\n  no span")


def responses_of(telemetry, number):
    """Responses of Flask's test client that nobody has read."""
    flask = pytest.importorskip("flask")
    app = flask.Flask("shop")
    app.wsgi_app = instrument(app.wsgi_app, **telemetry.providers)
    app.add_url_rule("/orders/<order_id>", view_func=lambda order_id: order_id)
    return [app.test_client().get("/orders/7") for _ in range(number)]


@pytest.mark.parametrize(
    "ask",
    [lambda kit: kit.request(status=200), lambda kit: kit.metric("http.server.request.duration")],
    ids=["request", "metric"],
)
def test_a_response_that_nobody_read_is_said(telemetry, ask):
    """Where nothing is found, the message counts the requests that are open; once their responses are closed, it is silent."""
    first, second = responses_of(telemetry, 2)
    of_both = failure(telemetry, ask)
    first.close()
    of_second = failure(telemetry, lambda kit: kit.request(status=404))
    second.close()
    of_none = failure(telemetry, lambda kit: kit.request(status=404))

    assert of_both.endswith("\n2 requests are still open: read or close their responses")
    assert of_second.endswith("\n1 request is still open: read or close its response")
    assert "open" not in of_none


def test_an_open_request_is_beside_the_point_when_too_many_are_found(telemetry):
    """Two that fit are shown without a word about a third that is open."""
    first, second, third = responses_of(telemetry, 3)
    first.close(), second.close()
    said = failure(telemetry, lambda kit: kit.request(status=200))
    third.close()

    assert said.startswith("2 requests with status=200")
    assert "open" not in said


def test_no_point_lists_those_that_are_there(shop):
    """Each point with all of its attributes, and what it has instead."""
    said = failure(shop, lambda telemetry: telemetry.metric("http.server.request.duration", route="/x"))

    assert said.startswith("no point of http.server.request.duration with route='/x'; there were:\n")
    assert "http.route='/orders/{order_id}'" in said
    assert "  <- http.route is '/orders/{order_id}', not '/x'" in said


def test_an_unknown_metric_lists_those_that_are_there(shop):
    """A misspelt name is answered with the names that were reported."""
    said = failure(shop, lambda telemetry: telemetry.metric("http.server.duration"))

    assert said.startswith("no point of http.server.duration with any attributes; metrics were:\n")
    assert "  http.server.request.duration" in said.splitlines()


def test_points_have_the_type_of_their_metric(tmp_path):
    """To a type checker a duration or a size is a histogram's point, the active requests are a number, any other is one of all."""
    pytest.importorskip("mypy")
    (tmp_path / "typed.py").write_text("""
from typing_extensions import assert_type
from opentelemetry.sdk.metrics.export import DataPointT, HistogramDataPoint, NumberDataPoint
from otel_middleware.testing import Telemetry

def use(telemetry: Telemetry, name: str) -> None:
    assert_type(telemetry.metric("http.server.request.duration", status=200), HistogramDataPoint)
    assert_type(telemetry.metric("http.server.active_requests"), NumberDataPoint)
    assert_type(telemetry.metric(name), DataPointT)
    assert_type(telemetry.points("http.server.response.body.size"), list[HistogramDataPoint])
    assert_type(telemetry.points("http.server.active_requests"), list[NumberDataPoint])
    assert_type(telemetry.points(name), list[DataPointT])
""")
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={os.devnull}", "typed.py"]
    environment = {**os.environ, "MYPYPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_clear_forgets_spans(shop):
    """What was reported before does not count."""
    shop.clear()
    assert (shop.spans, shop.requests, shop.tree()) == ((), [], "no span")


def test_pytest_shows_the_message(tmp_path):
    """Installed is enough: a test asks for the fixture, and a failure reads as it should in the terminal."""
    shown = run(
        tmp_path,
        PRELUDE
        + """
def test_passes(telemetry):
    get(telemetry, "/orders/7")
    assert telemetry.request(route="/orders/{order_id}", status=200, tenant="acme")

def test_fails(telemetry):
    get(telemetry, "/orders/7")
    telemetry.request(route="/orders/{id}")
""",
    )

    assert "1 failed, 1 passed" in shown
    assert "E           AssertionError: no request with route='/orders/{id}'; reported were:" in shown
    assert "<- http.route is '/orders/{order_id}', not '/orders/{id}'" in shown


def test_pytest_starts_without_the_package(tmp_path):
    """A run that does not ask for the fixture imports neither the package nor OpenTelemetry."""
    shown = run(
        tmp_path,
        """
import sys

def test_imported():
    assert [name for name in sys.modules if name.partition(".")[0] in ("otel_middleware", "opentelemetry")] == []
""",
    )

    assert "1 passed" in shown, shown


def test_the_kit_serves_other_test_frameworks():
    """Without pytest everything that the module lists is there, and ``Telemetry`` works."""
    program = """
import sys
sys.modules["pytest"] = None
from otel_middleware.testing import *
print(len(Telemetry().spans))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, done.stdout) == (0, "0\n"), done.stderr


def test_coverage_sees_the_first_import(tmp_path):
    """Coverage that starts with pytest measures what modules do when they are imported."""
    pytest.importorskip("pytest_cov")
    shown = run(
        tmp_path,
        "def test_uses_it(telemetry):\n    import otel_middleware.errors",
        *("--cov=otel_middleware.errors", "--cov-report=term"),
    )

    assert "1 passed" in shown, shown
    [line] = [line for line in shown.splitlines() if "errors.py" in line]
    assert int(line.split()[2]) < int(line.split()[1]) / 2, line


def test_without_the_sdk_the_remedy_is_one_line(tmp_path):
    """The fixture needs an extra, and says which."""
    shown = run(
        tmp_path,
        """
import sys

sys.modules["opentelemetry.sdk"] = None

def test_uses_it(telemetry): ...
""",
    )

    assert "pip install 'otel-middleware[sdk]'" in shown
    assert "Traceback" not in shown
