"""``otel-middleware doctor``: what it finds, with its remedy, and that it finds nothing where nothing is wrong."""

from __future__ import annotations

import json
import socket

import pytest
from cli_commands import run

HEAD = """
from opentelemetry import trace
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from otel_middleware.asgi import *
import otel_middleware
from shop import app as shop
def healthy(app):
    async def served(scope, receive, send):
        scope = {**scope, "path": "/"} if scope.get("path", "").startswith("/health") else scope
        await app(scope, receive, send)
    return served
def naming(app):
    async def served(scope, receive, send):
        if scope["type"] == "http":
            trace.get_current_span().update_name(scope["path"])
        await app(scope, receive, send)
    return served
def telling(app):
    async def served(scope, receive, send):
        if scope["type"] == "http":
            with trace.get_tracer("mine").start_as_current_span("load") as span:
                span.set_attribute("my.query", scope["query_string"].decode())
        await app(scope, receive, send)
    return served
def strict(app):
    async def served(scope, receive, send):
        scope.get("path", "").encode("ascii")
        await app(scope, receive, send)
    return served
def failing(app, *paths):
    async def served(scope, receive, send):
        if not paths or scope.get("path") not in paths:
            raise KeyError("x")
        await app(scope, receive, send)
    return served
"""


def examine(folder, app, *options, **environment):
    """The document that ``--json`` prints, and the exit status."""
    done = run("doctor", app, "--json", *options, cwd=folder, **environment)
    assert done.stderr == ""
    return json.loads(done.stdout), done.returncode


def codes(document):
    """The kinds of what was found."""
    return {finding["code"] for finding in document["findings"]}


@pytest.mark.parametrize("app", ["shop:app", "cellar:app"])
def test_a_healthy_application_is_clean(folder, app):
    """A bare application of either protocol whose process has an SDK has nothing but a reflecting health check, exit 0."""
    (folder / "set_up.py").write_text(
        f"from otel_middleware.sdk import init_telemetry\ninit_telemetry(service_name='x')\nfrom {app[:-4]} import app\n"
    )
    with socket.create_server(("127.0.0.1", 0)) as collector:
        endpoint = f"http://127.0.0.1:{collector.getsockname()[1]}"
        options = ["--ignore", "noise"] if app == "cellar:app" else []  # it answers whatever is asked
        document, status = examine(folder, "set_up:app", *options, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint)

    assert (document["findings"], status) == ([], 0)


def test_every_request_is_told_with_its_span(folder):
    """The report has each request with the answer, what was raised, and the attributes of its span."""
    document, status = examine(folder, "shop:app", "--raises", "/boom", "--path", "/orders/{n}")

    told = {request["title"]: request for request in document["requests"]}
    assert {title: request["status"] for title, request in told.items()} == {
        "a page": 200,
        "a page that is not there": 404,
        "HEAD": 200,
        "a client that leaves": 200,
        "secrets in query and headers": 200,
        "a secret in the path": 200,
        "hostile bytes": 404,
        "health check healthz": 404,
        "health check health": 404,
        "health check livez": 404,
        "health check readyz": 404,
        "an exception": None,
        "a websocket": 101,
    }
    assert told["a page"]["parts"] == 1
    assert told["an exception"]["raised"] == "KeyError: 'token=s3cr3tcanary'"
    (span,) = told["an exception"]["spans"]
    assert (span["attributes"]["error.type"], span["status"]) == ("KeyError", "ERROR")
    (span,) = told["a client that leaves"]["spans"]
    assert span["attributes"]["otel_middleware.outcome"] == "client_disconnected"
    assert all(len(request["spans"]) == 1 for request in told.values())
    assert (codes(document), status) == ({"no-provider"}, 1)


FINDINGS = [
    (
        "TenantMiddleware(OpenTelemetryMiddleware(shop), lambda request: 'a')",
        "order",
        "TenantMiddleware stands outside",
    ),
    ("OpenTelemetryMiddleware(instrument(shop))", "double", "OpenTelemetryMiddleware stands around"),
    ("instrument(OpenTelemetryMiddleware(shop))", "double", "inside opentelemetry.instrumentation.asgi"),
    ("instrument(shop, exclude_spans=())", "noise", "each message is a span"),
    ("healthy(shop)", "noise", "each health check is a span: /healthz, /health"),
    ("instrument(shop, sanitizer=None)", "secret", "sanitizer=None switches redaction off"),
    ("instrument(shop, sanitizer=otel_middleware.Sanitizer(query_keys=[]))", "secret", "made-up secret through: query"),
    ("telling(shop)", "secret", "my.query of the INTERNAL span (mine) shows the token in the query"),
    ("naming(shop)", "names", "50 paths gave 50 names of spans"),
    ("instrument(shop, excluded_urls='.*')", "missing", "no span arrived for: a page, a page that is not there"),
    ("strict(shop)", "hostile", "UnicodeEncodeError"),
    ("failing(shop)", "broken", "the application fails on a plain request (a page): KeyError: 'x'"),
    ("failing(shop, '/')", "broken", "on a plain request (a page that is not there): KeyError: 'x'"),
    ("instrument(shop, metric_attributes=lambda response: {'q': response.request.query})", "secret", "q of the metric"),
]


@pytest.mark.parametrize(("app", "code", "said"), FINDINGS, ids=[row[0] for row in FINDINGS])
def test_a_mistake_is_found_and_has_a_remedy(folder, app, code, said):
    """Each mistake in an application gives its kind of finding, with what is wrong and what helps, and exit status 1."""
    (folder / "mistaken.py").write_text(f"{HEAD}app = {app}\n", encoding="utf-8")
    done = run("doctor", "mistaken:app", "--json", cwd=folder, OTEL_SEMCONV_STABILITY_OPT_IN="http")
    found = [each for each in json.loads(done.stdout)["findings"] if each["code"] == code]

    assert done.returncode == 1
    assert any(said in each["problem"] for each in found), done.stdout
    assert all(each["remedy"] for each in found)


@pytest.mark.parametrize(
    ("app", "found"),
    [
        ("failing(shop)", {"broken"}),
        ("failing(shop, '/')", {"broken"}),  # whatever page is not there
        ("strict(shop)", {"hostile"}),
        ("strict(failing(shop))", {"broken", "hostile"}),  # in another way
    ],
)
def test_bytes_are_blamed_for_what_plain_requests_do_not_do(folder, app, found):
    """An application that fails in the same way without the hostile bytes does not fail over them."""
    (folder / "mistaken.py").write_text(f"{HEAD}app = {app}\n", encoding="utf-8")
    document, _ = examine(folder, "mistaken:app", "--ignore", "no-provider")

    assert codes(document) == found


def test_the_place_in_a_middleware_list_is_told(folder):
    """In Starlette's list, what stands outside of ``instrument`` is named."""
    (folder / "listed.py").write_text(
        "from starlette.applications import Starlette\nfrom starlette.middleware import Middleware\n"
        "from starlette.middleware.gzip import GZipMiddleware\nfrom otel_middleware.asgi import instrument\n"
        "app = Starlette(middleware=[Middleware(GZipMiddleware), Middleware(instrument)])\n"
        "right = Starlette(middleware=[Middleware(instrument), Middleware(GZipMiddleware)])\n"
    )
    wrong, _ = examine(folder, "listed:app")
    right, _ = examine(folder, "listed:right")

    assert [f["problem"] for f in wrong["findings"] if f["code"] == "order"] == [
        "the middleware list has in front of instrument: GZipMiddleware; what is answered there leaves no span"
    ]
    assert "order" not in codes(right)


CLASSES = """
class Asgi:
    def __init__(self, scope, receive, send):
        assert scope["type"] == "http"
        self.send = send
    def __await__(self):
        return self.answer().__await__()
    async def answer(self):
        await self.send({"type": "http.response.start", "status": 204, "headers": []})
        await self.send({"type": "http.response.body", "body": b""})
class Wsgi:
    def __init__(self, environ, start_response):
        self.start = start_response
    def __iter__(self):
        self.start("204 No Content", [])
        return iter(())
class Other:
    def __new__(cls, environ, start_response):
        return Wsgi(environ, start_response)
class Broken(Asgi):
    def __init__(self, scope, receive, send):
        raise RuntimeError("no database")
"""


@pytest.mark.parametrize("app", ["Asgi", "Wsgi", "Other"])
def test_a_class_may_be_the_application(folder, app):
    """A class that is made anew for each request is asked as any application is; its constructor may refuse the lifespan."""
    (folder / "classes.py").write_text(CLASSES, encoding="utf-8")
    document, _ = examine(folder, f"classes:{app}", "--ignore", "noise")

    assert document["requests"][0]["status"] == 204
    assert codes(document) == {"no-provider"}


def test_a_constructor_that_raises_is_found(folder):
    """A class that can answer, but raises when it is made, is an application that fails."""
    (folder / "classes.py").write_text(CLASSES, encoding="utf-8")
    document, status = examine(folder, "classes:Broken", "--ignore", "no-provider")

    (finding,) = document["findings"]
    assert (finding["code"], status) == ("broken", 1)
    assert finding["problem"].endswith("RuntimeError: no database")


@pytest.mark.parametrize(
    ("environment", "code", "said"),
    [
        ({}, "no-provider", "the application sets no tracer provider"),
        ({"OTEL_SDK_DISABLED": "true"}, "disabled", "OTEL_SDK_DISABLED=true"),
        ({"OTEL_TRACES_SAMPLER": "always_off"}, "disabled", "OTEL_TRACES_SAMPLER=always_off"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}, "exporter", "OTEL_EXPORTER_OTLP_ENDPOINT=http://127"),
        (
            {"GUNICORN_CMD_ARGS": "--preload", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
            "fork",
            "gunicorn preloads the application and the exporter speaks gRPC",
        ),
    ],
    ids=["no provider", "disabled", "sampler", "exporter", "fork"],
)
def test_the_environment_is_looked_at(folder, environment, code, said):
    """What the environment prevents is found, whatever the application is."""
    document, status = examine(folder, "shop:app", **environment)

    assert status == 1
    assert any(said in f["problem"] for f in document["findings"] if f["code"] == code)


def test_nothing_that_is_planted_goes_to_a_collector(folder):
    """While the doctor works, an application that exports by the environment exports nothing."""
    (folder / "set_up.py").write_text(
        "from otel_middleware.sdk import init_telemetry\ninit_telemetry(service_name='x')\nfrom shop import app\n"
    )
    with socket.create_server(("127.0.0.1", 0)) as collector:
        url = f"http://127.0.0.1:{collector.getsockname()[1]}"
        run("doctor", "set_up:app", cwd=folder, OTEL_EXPORTER_OTLP_ENDPOINT=url)
        asked = []
        collector.setblocking(False)
        while True:
            try:
                connection = collector.accept()[0]
            except BlockingIOError:
                break
            with connection:
                asked.append(connection.recv(100))

    assert set(asked) == {b""}  # it looked whether somebody listens, and said nothing


def test_a_person_reads_findings_with_remedies(folder):
    """Without ``--json`` the report is for a person, fits 80 columns, and ends with the number of findings."""
    done = run("doctor", "shop:app", "--raises", "/boom", cwd=folder)

    assert done.returncode == 1
    assert "no-provider: the application sets no tracer provider" in done.stdout
    assert "  remedy: call otel_middleware.sdk.init_telemetry" in done.stdout
    assert done.stdout.endswith("1 finding\n")
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert run("doctor", "shop:app", "--ignore", "no-provider", cwd=folder).stdout.endswith("nothing found\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere:app"], "there is no module nowhere"),
        (["shop:app", "--ignore", "nonsense"], "--ignore nonsense: the kinds are double, order, "),
        (["shop:app", "--path", "orders"], "--path orders is no path: it begins with /"),
        (["sick:app"], "the application did not start: no database"),
        (
            ["json:JSONDecodeError"],
            "json:JSONDecodeError is a class whose objects are no answer, as they cannot be awaited",
        ),
        (
            ["threading:Timer"],
            "threading:Timer is a class whose objects are no answer, as they cannot be iterated over",
        ),
    ],
)
def test_a_mistake_of_the_caller_is_one_line(folder, arguments, said):
    """What cannot be examined is one line and exit status 2."""
    (folder / "sick.py").write_text(
        "async def app(scope, receive, send):\n"
        "    await receive()\n"
        "    await send({'type': 'lifespan.startup.failed', 'message': 'no database'})\n"
    )
    done = run("doctor", *arguments, cwd=folder)

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert said in done.stderr
