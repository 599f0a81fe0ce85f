"""``otel-middleware run``: served for real, one line a request, ended by a signal."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import metadata
from pathlib import Path

import httpx
import pytest
from cli_commands import run, serving

from otel_middleware import __version__
from otel_middleware.cli import _versions


def lines_of(served):
    """The lines on the standard output, times taken out."""
    return [re.sub(r"  [\d.]+ ms", "", line) for line in served.output[0].splitlines()]


def get(url, path, **headers):
    """One request on a connection of its own."""
    return httpx.get(url + path, headers=headers, trust_env=False, timeout=20)


def test_a_request_is_a_line(folder):
    """In a pipe each request is one line with name, status, outcome, tenant, source of the route and what was redacted."""
    with serving("run", "shop:app", "--port", "0", "--tenant-header", "x-tenant-id", cwd=folder) as served:
        get(served.url, "/orders/17?token=s3cr3tcanary", **{"x-tenant-id": "acme"})
        get(served.url, "/boom")
        get(served.url, "/.env")

    assert "shop:app (ASGI) on http://127.0.0.1:" in served.heading
    assert lines_of(served) == [
        "GET /orders/{int}  200  tenant=acme  route=inferred  redacted=url.query",
        (
            "GET  500  outcome=failed  error=KeyError  tenant=unknown  "
            "redacted=exception.message,exception.stacktrace,status.description"
        ),
        "GET  404  tenant=unknown",
    ]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_signal_ends_it_with_a_summary(folder, number):
    """Ctrl-C and SIGTERM end it with exit status 0 and a sum, without a traceback."""
    with serving("run", "cellar:app", "--port", "0", cwd=folder) as served:
        get(served.url, "/orders/17")
        served.process.send_signal(number)
        served.process.wait(20)

    assert served.status == 0
    assert "1 request under 1 name, 0 errors\n" in served.output[1]
    assert re.search(r"^/orders/\{int\} +1 +0( +[\d.]+){3}$", served.output[1], re.MULTILINE)
    assert "Traceback" not in served.output[1]


def test_wsgi_is_told_from_asgi(folder):
    """A WSGI application is recognised and served on waitress."""
    with serving("run", "cellar:app", "--port", "0", cwd=folder) as served:
        answer = get(served.url, "/cellar")

    assert "cellar:app (WSGI) on" in served.heading
    assert (answer.text, answer.headers["server"]) == ("/cellar", "waitress")


def test_a_factory_is_called(folder):
    """``module:make()`` serves what the factory returns."""
    with serving("run", "shop:make()", "--port", "0", cwd=folder) as served:
        assert get(served.url, "/").status_code == 200

    assert len(lines_of(served)) == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("routes.txt", "/orders/{order_id}  # read and named by a person\n"),
        ("openapi.json", json.dumps({"openapi": "3.1.0", "paths": {"/orders/{order_id}": {"get": {}}}})),
    ],
)
def test_routes_are_declared_by_a_file(folder, name, text):
    """``--routes`` takes a reviewed file or an OpenAPI document; both name requests as declared."""
    (folder / name).write_text(text, encoding="utf-8")
    with serving("run", "shop:app", "--port", "0", "--routes", name, cwd=folder) as served:
        get(served.url, "/orders/17")

    assert lines_of(served) == ["GET /orders/{order_id}  200  route=declared"]


def test_an_application_that_is_instrumented_keeps_its_own_options(folder):
    """An application that comes instrumented is not instrumented again, and its spans are seen."""
    (folder / "mine.py").write_text(
        "import shop\nfrom otel_middleware.asgi import instrument\n"
        "app = instrument(shop.app, routes=['/orders/{mine}'], tenant=lambda request: 'mine')\n",
        encoding="utf-8",
    )
    with serving("run", "mine:app", "--port", "0", "--tenant-header", "x-t", cwd=folder) as served:
        get(served.url, "/orders/17")

    assert lines_of(served) == ["GET /orders/{mine}  200  tenant=mine  route=declared"]


def test_a_provider_of_the_applications_own_is_kept(folder):
    """Where the application sets a tracer provider, its own processors still see every span."""
    (folder / "mine.py").write_text(
        "from opentelemetry import trace\n"
        "from opentelemetry.sdk.trace import TracerProvider, SpanProcessor\n"
        "class Tell(SpanProcessor):\n"
        "    def on_end(self, span):\n"
        "        open('told', 'a').write(span.name)\n"
        "trace.set_tracer_provider(TracerProvider())\n"
        "trace.get_tracer_provider().add_span_processor(Tell())\n"
        "from shop import app\n",
        encoding="utf-8",
    )
    with serving("run", "mine:app", "--port", "0", cwd=folder) as served:
        get(served.url, "/orders/17")

    assert len(lines_of(served)) == 1
    assert (folder / "told").read_text() == "GET /orders/{int}"


def test_control_characters_of_a_path_never_reach_the_terminal(folder):
    """Whatever a client sends, the output has no control character but the ends of its lines."""
    with serving("run", "cellar:app", "--port", "0", cwd=folder) as served:
        get(served.url, "/orders/%1b%5b31mred%07%e2%80%ae")
        get(served.url, "/%1b%5d0;title%07")

    printed = "".join(served.output)
    assert len(lines_of(served)) == 2
    assert [each for each in printed if not each.isprintable() and each != "\n"] == []


def test_a_reader_that_leaves_ends_the_run(folder):
    """When nobody reads the lines any more, the command ends by itself."""
    with serving("run", "shop:app", "--port", "0", cwd=folder) as served:
        served.process.stdout.close()
        get(served.url, "/orders/17")
        served.process.wait(20)
        served.process.stdout = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115 - closed by ``communicate``

    assert "Traceback" not in served.output[1]


def test_a_collector_that_is_not_there_is_said_and_the_run_goes_on(folder):
    """``--otlp`` without a listener is one line at the start; requests are shown all the same."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://localhost:{closed.getsockname()[1]}"
        done = run("run", "nowhere:app", "--otlp", url, cwd=folder)

    assert done.stderr.startswith(f"otel-middleware: nothing listens at {url}, spans are only shown here\n")


@pytest.fixture
def collector():
    """An HTTP server that keeps what is posted to it; gives its URL and what it got, by path."""
    got = {}

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            got.setdefault(self.path, []).append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", got
        server.shutdown()
        thread.join()


def test_a_collector_gets_spans_and_metrics(folder, collector):
    """``--otlp`` sends spans and metrics, named after the module, by the time the command has ended."""
    url, got = collector
    options = ("--port", "0", "--otlp", url, "--tenant-header", "x-tenant-id")
    with serving("run", "shop:app", *options, cwd=folder, OTEL_EXPORTER_OTLP_COMPRESSION="none") as served:
        get(served.url, "/orders/17?token=s3cr3tcanary", **{"x-tenant-id": "acme"})

    spans, metrics = b"".join(got["/v1/traces"]), b"".join(got["/v1/metrics"])
    assert served.status == 0
    for sent in (b"GET /orders/{int}", b"service.name", b"shop", b"acme"):
        assert sent in spans
    assert b"http.server.request.duration" in metrics
    assert b"acme" in metrics
    assert b"s3cr3tcanary" not in spans + metrics


MISTAKES = [
    (["shop"], "shop names no application: write module:app"),  # no colon
    (["sho p:app"], "names no application"),  # no identifier
    (["nowhere:app"], "there is no module nowhere in "),
    (["shop:ap"], "shop has no ap; did you mean app: write module:app"),
    (["shop:nothing"], "shop has no nothing; did you mean app"),  # what is usual
    (["shop:SHOP.app"], "shop has no SHOP.app"),
    (["broken:app"], "broken cannot be imported: ZeroDivisionError: division by zero ("),
    (["needy:app"], "needy cannot be imported: ModuleNotFoundError: No module named 'not_installed_anywhere'"),
    (["syntax:app"], "syntax cannot be imported: SyntaxError:"),
    (["leaving:app"], "leaving cannot be imported: SystemExit: 3"),
    (["broken_factory:make()"], "broken_factory:make() failed: RuntimeError: no database ("),
    (["shop:__name__"], "shop:__name__ is str, which is no ASGI or WSGI application"),
    (["shop:make"], "shop:make is neither clearly ASGI (scope, receive, send) nor clearly WSGI"),
    (["shop:app", "--routes", "nix.txt"], "nix.txt cannot be used: path='nix.txt' cannot be read"),
    (["shop:app", "--tenant-header", "a b"], "--tenant-header a b: "),
    (["shop:app", "--otlp", "localhost:4318"], "--otlp localhost:4318 is no URL of a collector"),
    (["shop:app", "--host", "192.0.2.1"], "--host 192.0.2.1 --port 8000 cannot be listened on"),  # not this machine's
    (["shop:app", "--port", "99999"], "Invalid value for '--port': "),
    (["shop:app", "--bogus"], "No such option: --bogus"),
    ([], "Missing argument 'MODULE:APP': see otel-middleware run --help"),
]


@pytest.mark.parametrize(
    ("arguments", "output", "said"),
    [
        (["bogus"], "error", "otel-middleware: No such command 'bogus': see otel-middleware --help\n"),
        ([], "any", "Usage: otel-middleware [OPTIONS] COMMAND [ARGS]..."),  # older versions of click print it
    ],
)
def test_without_a_command_it_says_what_there_is(folder, arguments, output, said):
    """An unknown command is one line, none at all the help; exit status 2 either way."""
    done = run(*arguments, cwd=folder)

    assert said in (done.stderr if output == "error" else done.stdout + done.stderr)
    assert done.returncode == (2 if arguments or done.stderr else 0)


def test_versions_are_told(folder, monkeypatch):
    """``--version`` prints ours and those of OpenTelemetry's packages, a line each; the SDK's where it is installed."""
    done = run("--version", cwd=folder)
    others = [f"opentelemetry-{name}" for name in ("api", "sdk", "instrumentation-asgi", "instrumentation-wsgi")]
    told = [f"otel-middleware {__version__}", *(f"{name} {metadata.version(name)}" for name in others)]

    assert (done.returncode, done.stdout.splitlines(), done.stderr) == (0, told, "")

    versions = dict(line.split() for line in told)
    del versions["opentelemetry-sdk"]

    def version(name):
        if name not in versions:
            raise metadata.PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(metadata, "version", version)
    assert _versions.versions().splitlines() == [line for line in told if "sdk" not in line]


@pytest.mark.parametrize(
    ("arguments", "said"), MISTAKES, ids=lambda value: "-".join(value) or "none" if isinstance(value, list) else ""
)
def test_a_mistake_is_one_line_with_the_remedy(folder, arguments, said):
    """What a person gets wrong is one line on the error output and exit status 2, never a traceback."""
    texts = {
        "broken": "1 / 0",
        "needy": "import not_installed_anywhere",
        "syntax": "def app(:",
        "leaving": "raise SystemExit(3)",
        "broken_factory": "def make():\n    raise RuntimeError('no database')",
    }
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    done = run("run", *arguments, cwd=folder)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("otel-middleware: ")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_port_in_use_is_one_line(folder):
    """A port that somebody listens on is named, with the option that chooses another."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("run", "shop:app", "--port", str(port), cwd=folder)

    assert done.returncode == 2
    assert done.stderr == (
        f"otel-middleware: port {port} on 127.0.0.1 is in use: stop what listens there, or choose another with --port\n"
    )


def test_an_application_that_does_not_start_is_one_line(folder):
    """A lifespan that fails ends the command with status 1; the last line says so."""
    (folder / "sick.py").write_text(
        "async def app(scope, receive, send):\n"
        "    await receive()\n"
        "    await send({'type': 'lifespan.startup.failed', 'message': 'no database'})\n",
        encoding="utf-8",
    )
    done = run("run", "sick:app", "--port", "0", cwd=folder)

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "otel-middleware: sick:app did not start: its lifespan failed, see what it logged"
    )
    assert "Traceback" not in done.stderr
