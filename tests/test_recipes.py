"""What the README's recipes and its security section promise: the code is the README's own, and is driven."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from opentelemetry.sdk import environment_variables as sdk_variables

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
RECIPES = README.partition("\n## Recipes\n")[2].partition("\n## ")[0]

EVENT = {
    "version": "2.0",
    "routeKey": "$default",
    "rawPath": "/orders/7",
    "rawQueryString": "token=s3cr3t",
    "headers": {"host": "shop.example", "accept": "*/*"},
    "requestContext": {
        "http": {"method": "GET", "path": "/orders/7", "sourceIp": "192.0.2.1", "protocol": "HTTP/1.1"},
        "domainName": "shop.example",
        "stage": "$default",
    },
    "isBase64Encoded": False,
}
EXPORTED = """
from opentelemetry import trace
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
exported = InMemorySpanExporter()
trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(exported))
"""


def block(title, number=0, language="python"):
    """The code of one block below the recipe *title*."""
    section = RECIPES.partition(f"### {title}\n")[2].partition("\n### ")[0]
    return re.findall(rf"^```{language}\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)[number]


def told_by(code, **environment):
    """What a process of its own prints that runs *code*."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    kept |= {"OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none", **environment}
    done = subprocess.run(
        [sys.executable, "-c", code], env=kept, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_block_that_needs_more_is_driven_here():
    """What ``test_readme`` leaves out because of the packages that it needs is in one of the tests below."""
    assert re.findall(r"<!-- needs (\w+) -->", README) == ["mangum", "apig_wsgi", "prometheus_client", "sentry_sdk"]


@pytest.mark.parametrize(("adapter", "number"), [("mangum", 0), ("apig_wsgi", 1)])
def test_a_lambda_function_answers_and_has_exported(adapter, number):
    """The handler answers API Gateway's event; the request's span is there when it returns, with the host that was asked for."""
    pytest.importorskip(adapter)
    told = told_by(
        f"{block('Lambda', number)}{EXPORTED}"
        f"print(handler({EVENT!r}, None)['body'])\n"
        "for span in exported.get_finished_spans():\n"
        "    print(span.name, span.attributes['server.address'], span.attributes['url.query'])\n"
    )

    assert told.splitlines() == ["hello", "GET /orders/{int} shop.example token=REDACTED"]


def test_prometheus_scrapes_requests_by_route():
    """The page that is scraped has the histogram of requests, by method and status."""
    pytest.importorskip("prometheus_client")
    pytest.importorskip("opentelemetry.exporter.prometheus")
    ask = (
        "import urllib.request\n"
        "environ = {'REQUEST_METHOD': 'GET', 'PATH_INFO': '/', 'wsgi.url_scheme': 'http', 'SERVER_NAME': 'a', "
        "'SERVER_PORT': '80'}\n"
        "list(app(environ, lambda status, headers, exc_info=None: None))\n"
        "page = f'http://127.0.0.1:{server.server_port}/metrics'\n"
        "print(urllib.request.urlopen(page).read().decode())\n"
    )
    code = block("Prometheus").replace("(9464)", "(0, '127.0.0.1')") + ask
    [count] = re.findall(r"http_server_request_duration_seconds_count{(.*)} 1.0", told_by(code))

    assert 'http_request_method="GET"' in count
    assert 'http_response_status_code="200"' in count


def test_an_error_at_sentry_has_the_trace_that_is_exported():
    """The event has the identifier of our span's trace, and the exception arrives at both."""
    sdk = pytest.importorskip("sentry_sdk")
    pytest.importorskip("sentry_sdk.integrations.otlp")
    assert sdk
    code = (
        "from opentelemetry.sdk.trace import TracerProvider\nfrom opentelemetry import trace\n"
        f"trace.set_tracer_provider(TracerProvider())\n{EXPORTED}"
        "events = []\n"
        + block("Beside Sentry or Datadog").replace(
            "dsn=None,", "dsn='http://k@localhost/1', auto_enabling_integrations=False, before_send=kept,"
        )
    )
    code = code.replace("import sentry_sdk\n", "import sentry_sdk\ndef kept(event, hint): events.append(event)\n", 1)
    told = told_by(
        code + "environ = {'REQUEST_METHOD': 'GET', 'PATH_INFO': '/orders/7', 'wsgi.url_scheme': 'http', "
        "'SERVER_NAME': 'a', 'SERVER_PORT': '80'}\n"
        "try: app(environ, lambda *_: None)\nexcept KeyError: print('raised')\n"
        "[span] = exported.get_finished_spans()\n[event] = events\n"
        "print(event['contexts']['trace']['trace_id'] == format(span.context.trace_id, '032x'))\n"
        "print(span.attributes['error.type'], event['exception']['values'][-1]['type'])\n"
    )

    assert told.splitlines() == ["raised", "True", "KeyError KeyError"]


def test_the_manifest_sets_variables_that_are_read():
    """Each variable of OpenTelemetry's in the Kubernetes recipe is one that the SDK, its exporter or we read."""
    container = yaml.safe_load(block("Kubernetes", language="yaml"))["spec"]["containers"][0]
    named = {entry["name"] for entry in container["env"] if entry["name"].startswith("OTEL_")}

    assert len(named) == 4
    assert named <= {*vars(sdk_variables), "OTEL_SERVICE_NAME", "OTEL_PYTHON_EXCLUDED_URLS"}


@pytest.mark.parametrize("number", [0, 1], ids=["agent", "gateway"])
def test_collectors_use_what_they_configure(number):
    """Each component of a pipeline is configured, and each that is configured is used."""
    settings = yaml.safe_load(block("Beyond one machine", number, "yaml"))
    kinds = ("receivers", "processors", "exporters")

    for kind in kinds:
        used = {name for pipeline in settings["service"]["pipelines"].values() for name in pipeline[kind]}
        assert used == set(settings[kind])


WATCH = """
import os, sys
seen = set()
def watch(event, arguments):
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        seen.add(("open", arguments[0]))
    elif event in ("os.putenv", "os.unsetenv"):
        seen.add((event, os.fsdecode(arguments[0])))
    elif event.startswith(("socket.", "subprocess.", "os.remove", "os.rename", "os.mkdir", "os.exec", "os.fork")):
        seen.add((event,))
import asyncio, socket, logging, opentelemetry.instrumentation.asgi, opentelemetry.instrumentation.wsgi
sys.dont_write_bytecode = True
sys.addaudithook(watch)
from otel_middleware import *
from otel_middleware import asgi, wsgi
def app(environ, start_response):
    set_route("/orders/{id}"), set_tenant("acme"), record_error(KeyError("x"))
    start_response("503 Service Unavailable", [])
    return [b"x"]
async def bare(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"x"})
async def send(message): pass
tenant = Tenants(TenantFromHeader("x-tenant-id"), hashed_with="k")
environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/orders/7", "wsgi.url_scheme": "http", "SERVER_NAME": "a", "SERVER_PORT": "80"}
list(wsgi.instrument(app, tenant=tenant)(environ, lambda *_: None))
scope = {"type": "http", "method": "GET", "path": "/orders/7", "query_string": b"", "headers": []}
try: asgi.instrument(bare, tenant=tenant)(scope, None, send).send(None)
except StopIteration: pass
print(sorted(seen))
"""


def test_nothing_is_written_opened_or_changed():
    """Building stacks and serving requests opens no socket, writes no file, and sets the one variable, when it is unset."""
    assert told_by(WATCH).strip() == "[('os.putenv', 'OTEL_SEMCONV_STABILITY_OPT_IN')]"
    assert told_by(WATCH, OTEL_SEMCONV_STABILITY_OPT_IN="http").strip() == "[]"
