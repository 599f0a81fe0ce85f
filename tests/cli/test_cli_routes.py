"""``otel-middleware routes``: templates of an application, a document or an access log; the reviewed file; drift."""

from __future__ import annotations

import gzip
import json
import tracemalloc

import pytest
from cli_commands import run
from hypothesis import given
from hypothesis import strategies as st

from otel_middleware import InferredRoutes, RouteTable
from otel_middleware.cli._access_log import MAX_LINE, Entry, entry_of, text_lines
from otel_middleware.cli._drift import drift, hits_of
from otel_middleware.cli._log_reading import learn_from

COMMON = '127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "{}" {} 2326'


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        (COMMON.format("GET /orders/7?token=x HTTP/1.0", 200), Entry("/orders/7", 200)),
        (COMMON.format("GET /a HTTP/1.1", 304) + ' "https://e.com/" "curl/8"', Entry("/a", 304)),  # combined
        (COMMON.format("GET /caf%C3%A9 HTTP/1.1", 200), Entry("/café", 200)),  # percent-encoded
        (COMMON.format("GET http://e.com:80/a/b HTTP/1.1", 200), Entry("/a/b", 200)),  # a proxy's
        (COMMON.format("GET http://e.com HTTP/1.1", 200), Entry("/", 200)),  # without a path
        (COMMON.format(r"GET /say\"hi\" HTTP/1.1", 200), Entry(r"/say\"hi\"", 200)),  # quotes inside
        (COMMON.format("\\x16\\x03\\x01", 400), None),  # TLS on a plain port
        (COMMON.format("OPTIONS * HTTP/1.1", 200), None),  # no path
        ('{"path": "/orders/7", "status": 200}', Entry("/orders/7", 200)),
        ('{"request": "GET /a?b HTTP/1.1", "status": "200"}', Entry("/a", 200)),  # nginx, all strings
        ('{"request": {"uri": "/a", "method": "GET"}, "status": 200}', Entry("/a", 200)),  # Caddy
        ('{"httpRequest": {"requestUrl": "https://e.com/a", "status": 200}}', Entry("/a", 200)),  # Google Cloud
        ('{"url": {"path": "/a"}, "http": {"response": {"status_code": 200}}}', Entry("/a", 200)),  # ECS
        ('{"RequestPath": "/a", "DownstreamStatus": 200}', Entry("/a", 200)),  # Traefik
        ('{"req": {"url": "/a"}, "res": {"statusCode": 200}}', Entry("/a", 200)),  # pino
        ('{"message": "started"}', None),
        ("{", None),  # no JSON
        ("[1]", None),
        ("", None),
        ("error: something failed", None),
    ],
)
def test_a_line_tells_path_and_status(line, entry):
    """Common, combined and the usual JSON logs are read line by line; what is no request is passed over."""
    assert entry_of(line) == entry


@given(st.text())
def test_no_line_makes_it_fail(line):
    """Whatever stands in a log, reading it raises nothing."""
    entry_of(line)
    entry_of("{" + line)


@given(st.lists(st.binary(max_size=20).map(lambda line: line.replace(b"\n", b"")), max_size=8), st.integers(1, 7))
def test_lines_do_not_depend_on_how_they_are_cut(lines, size):
    """The same bytes in chunks of any size give the same lines."""
    data = b"".join(line + b"\n" for line in lines)
    chunks = [data[place : place + size] for place in range(0, len(data), size)]

    assert list(text_lines(chunks)) == [line.decode("utf-8", "replace").rstrip("\r") for line in lines]


def test_a_line_without_end_is_cut():
    """Of an endless line no more than the limit is given, and the next line is read as it is."""
    chunks = [b"x" * 10_000] * 20 + [b"\nnext\n"]

    first, second = text_lines(chunks)
    assert (len(first) <= MAX_LINE + 10_000, second) == (True, "next")


def test_memory_does_not_grow_with_the_log(tmp_path):
    """Five times the lines take no more memory: what is kept is bounded by what is learned."""
    peaks = []
    for size in (8_000, 40_000):  # more than are remembered
        log = tmp_path / f"{size}.log"
        log.write_text("".join(COMMON.format(f"GET /orders/{n} HTTP/1.1", 200) + "\n" for n in range(size)))
        tracemalloc.start()
        learn_from([str(log)], InferredRoutes())
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] < 1.5 * peaks[0]


def log_of(folder, name="access.log", packed=False):
    """An access log of 40 orders, 10 logins, and a scanner."""
    lines = [COMMON.format(f"GET /orders/{1000 + n}?token=x HTTP/1.1", 200) for n in range(40)]
    lines += [COMMON.format("POST /login HTTP/1.1", 200)] * 10 + [COMMON.format("GET /.env HTTP/1.1", 404)] * 5
    data = "".join(f"{line}\n" for line in lines).encode()
    (folder / name).write_bytes(gzip.compress(data) if packed else data)
    return name


PRINTED = "40  /orders/{int}\n10  /login\n"


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_a_log_gives_templates_with_counts(folder, packed):
    """Templates are printed with how often each was asked for; a scanner's 404s teach nothing."""
    done = run("routes", log_of(folder, packed=packed), cwd=folder)

    assert (done.returncode, done.stdout) == (0, PRINTED)
    assert "55 lines, 55 requests" in done.stderr


def test_a_log_comes_from_the_input(folder):
    """``-`` reads the standard input."""
    log_of(folder)
    done = run("routes", "-", cwd=folder, stdin=(folder / "access.log").read_text())

    assert (done.returncode, done.stdout) == (0, PRINTED)


def test_the_written_file_is_declared_and_checked(folder):
    """What ``--write`` writes is a table, and ``--check`` finds no drift until a new route is asked for."""
    log = log_of(folder)
    assert run("routes", log, "--write", "reviewed.txt", cwd=folder).returncode == 0
    assert set(RouteTable.from_file(folder / "reviewed.txt").templates) == {"/orders/{int}", "/login"}
    assert run("routes", log, "--check", "reviewed.txt", cwd=folder).returncode == 0

    with (folder / log).open("a") as more:
        more.writelines(COMMON.format(f"GET /invoices/{n} HTTP/1.1", 200) + "\n" for n in range(20))
    done = run("routes", log, "--check", "reviewed.txt", cwd=folder)

    assert done.returncode == 1
    assert done.stdout.endswith("--- reviewed.txt\n+++ now\n+ /invoices/{int}\n")
    assert "otel-middleware: names drifted from reviewed.txt" in done.stderr


def test_names_that_a_person_gave_are_no_drift_of_a_log(folder):
    """A parameter that was renamed in the reviewed file keeps its name when the log is read again."""
    (folder / "reviewed.txt").write_text("/orders/{order_id}\n/login\n/refunds/{id}\n")
    done = run("routes", log_of(folder), "--check", "reviewed.txt", cwd=folder)

    assert (done.returncode, done.stdout) == (0, "40  /orders/{order_id}\n10  /login\n 0  /refunds/{id}\n")
    assert "1 of 3 templates of reviewed.txt were not asked for" in done.stderr


APPS = {
    "litestar": (
        (
            "from litestar import Litestar, get\n"
            "@get('/orders/{order_id:int}')\n"
            "async def order(order_id: int) -> dict: return {}\n"
            "app = Litestar([order], openapi_config=None)\n"
        ),
        "/orders/{order_id}\n",
    ),
    "bottle": (
        (
            "import bottle\napp = bottle.Bottle()\n"
            "inner = bottle.Bottle()\n"
            "inner.get('/<name>')(lambda name: name)\n"
            "app.get('/orders/<order_id:int>')(lambda order_id: {})\n"
            "app.mount('/shop', inner)\n"
        ),
        "/orders/<order_id:int>\n/shop/<name>\n",
    ),
    "starlette": (
        (
            "from starlette.applications import Starlette\nfrom starlette.routing import Mount, Route\n"
            "def end(request): ...\n"
            "app = Starlette(routes=[Route('/orders/{id:int}', end), Mount('/v1', routes=[Route('/a/{b}', end)]),"
            " Mount('/files', app=lambda scope, receive, send: None)])\n"
        ),
        "/files/{path}\n/orders/{id}\n/v1/a/{b}\n",
    ),
    "fastapi": (
        (
            "from fastapi import FastAPI\napp = FastAPI(openapi_url=None)\n"
            "@app.get('/orders/{order_id}')\ndef order(order_id: int): ...\n"
        ),
        "/orders/{order_id}\n",
    ),
    "flask": (
        (
            "from flask import Flask\napp = Flask(__name__, static_folder=None)\n"
            "@app.get('/orders/<int:order_id>')\ndef order(order_id): ...\n"
        ),
        "/orders/<int:order_id>\n",
    ),
    "falcon": (
        (
            "import falcon\napp = falcon.App()\n"
            "class Order:\n    def on_get(self, request, response, order_id): ...\n"
            "app.add_route('/orders/{order_id:int}', Order())\n"
        ),
        "/orders/{order_id:int}\n",
    ),
    "quart": (
        (
            "from quart import Quart\napp = Quart(__name__, static_folder=None)\n"
            "@app.get('/orders/<int:order_id>')\nasync def order(order_id): ...\n"
        ),
        "/orders/<int:order_id>\n",
    ),
    "django": (
        (
            "from django.conf import settings\nsettings.configure(ROOT_URLCONF='django_app', ALLOWED_HOSTS=['*'])\n"
            "from django.urls import include, path, re_path\n"
            "urlpatterns = [path('orders/<int:order_id>/', lambda r: 0), path('v1/', include([path('a/', lambda r: 0)])),"
            " re_path('^old/(?P<n>[0-9]+)/$', lambda r: 0)]\n"
            "from django.core.wsgi import get_wsgi_application\napp = get_wsgi_application()\n"
        ),
        None,
    ),
    "pyramid": (
        (
            "from pyramid.config import Configurator\nconfig = Configurator()\n"
            "config.add_route('order', '/orders/{order_id}')\napp = config.make_wsgi_app()\n"
        ),
        "/orders/{order_id}\n",
    ),
}


@pytest.mark.parametrize("framework", APPS)
def test_a_framework_lists_its_routes(folder, framework):
    """Routes of an application are listed as its framework spells them, mounts included, behind our own ``instrument``."""
    pytest.importorskip(framework)
    code, printed = APPS[framework]
    if printed is None:
        printed = "/orders/<int:order_id>/\n/v1/a/\n"
    wrapped = "\nfrom otel_middleware import instrument\nwrapped = instrument(app)\n"
    (folder / f"{framework}_app.py").write_text(code + wrapped, encoding="utf-8")
    done = run("routes", "--app", f"{framework}_app:wrapped", "--write", "reviewed.txt", cwd=folder)

    assert (done.returncode, done.stdout) == (0, printed)
    assert list(RouteTable.from_file(folder / "reviewed.txt").templates) == printed.splitlines()


def test_a_hand_written_application_lists_nothing(folder):
    """Where nobody knows the routes, the command says so and what helps instead, whatever else it was asked for."""
    (folder / "reviewed.txt").write_text("/orders/{order_id}\n")
    done = run("routes", "--app", "shop:app", "--check", "reviewed.txt", cwd=folder)

    assert (done.returncode, done.stdout) == (2, "")
    assert "shop:app lists no routes" in done.stderr
    assert "learn them from an access log instead" in done.stderr


def test_what_was_reviewed_is_not_written_over_while_it_is_checked(folder):
    """``--write`` and ``--check`` together are refused before anything is read or written."""
    (folder / "reviewed.txt").write_text("/orders/{order_id}\n")
    done = run("routes", log_of(folder), "--write", "reviewed.txt", "--check", "reviewed.txt", cwd=folder)

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "otel-middleware: routes takes --write or --check, not both" in done.stderr
    assert (folder / "reviewed.txt").read_text() == "/orders/{order_id}\n"


def test_a_document_lists_its_paths_and_drift_goes_both_ways(folder):
    """The paths of an OpenAPI document are held against the reviewed file: new ones and those that are gone."""
    document = {"openapi": "3.1.0", "servers": [{"url": "/v1"}], "paths": {"/a/{id}": {"get": {}}, "/b": {"get": {}}}}
    (folder / "api.json").write_text(json.dumps(document))
    (folder / "reviewed.txt").write_text("/v1/a/{id}\n/v1/gone\n")
    done = run("routes", "--openapi", "api.json", "--check", "reviewed.txt", cwd=folder)

    assert done.returncode == 1
    assert done.stdout == "/v1/a/{id}\n/v1/b\n--- reviewed.txt\n+++ now\n+ /v1/b\n- /v1/gone\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "routes wants one source"),
        (["a.log", "--openapi", "b.json"], "routes wants one source"),
        (["nix.log"], "nix.log cannot be read: No such file or directory"),
        (["cut.gz"], "cut.gz cannot be read to its end"),  # a log that is still being packed
        (["shop.py"], "no line tells a request: name an access log"),
        (["empty.log"], "there is no line to read: name an access log"),
        (["access.log", "--check", "nix.txt"], "nix.txt cannot be used"),
        (["access.log", "--write", "nowhere/file"], "--write nowhere/file cannot be written"),
        (["--openapi", "shop.py"], "shop.py cannot be used"),
        (["--openapi", "empty.json"], "empty.json lists no paths"),
    ],
)
def test_a_mistake_is_one_line(folder, arguments, said):
    """Each mistake, a source without a template among them, is one line of ours on the error output and exit status 2."""
    log_of(folder)
    log_of(folder, "whole.gz", packed=True)
    (folder / "empty.log").touch()
    (folder / "empty.json").write_text('{"openapi": "3.1.0", "paths": {}}')
    (folder / "cut.gz").write_bytes((folder / "whole.gz").read_bytes()[:60])
    done = run("routes", *arguments, cwd=folder)

    assert done.returncode == 2
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("otel-middleware: ")]
    assert said in line
    assert "Traceback" not in done.stderr


def test_hits_are_read_from_the_exported_file():
    """The counts that are printed are those that ``export`` writes."""
    routes = InferredRoutes()
    for number in range(30):
        routes.learn(f"/orders/{number}", 200)

    assert hits_of(routes.export()) == {"/orders/{int}": 30}


@given(st.sets(st.sampled_from("abcdef")), st.sets(st.sampled_from("abcdef")))
def test_drift_is_the_difference(before, after):
    """Drift is empty exactly when nothing was added and, where that counts, nothing is gone."""
    lines = drift(before, after, gone=True)

    assert {line[2:] for line in lines if line[0] == "+"} == after - before
    assert {line[2:] for line in lines if line[0] == "-"} == before - after
    assert bool(drift(before, after, gone=False)) == bool(after - before)
