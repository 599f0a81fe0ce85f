"""The demo as a person runs it: a process of its own, real servers, plain pipes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import pairwise

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

SECRETS = ["tok_9fQ2xL", "rst7Hq0ZpW4nV8cKd2Ys", "4111 1111 1111 1111", "s3cr3t-b3arer", "wh_8Dk2mQ", "csr_Lm51vT"]
TREE = """\
GET /orders/{id} SERVER shop
  load_order INTERNAL shop
  price_order INTERNAL shop
    GET CLIENT shop
      GET /prices/{int} SERVER pricing
        look_up_price INTERNAL pricing
          GET CLIENT pricing
            GET /stock/{sku} SERVER shop
"""


def run(*arguments, before="pass", columns=80, **environment):
    """Run the command line with *arguments*, after the statement *before*."""
    code = f"import sys; {before}; sys.argv[1:] = {list(arguments)!r}; from otel_middleware.cli import main; main()"
    environment = {**os.environ, "COLUMNS": str(columns), "PYTHONIOENCODING": "utf-8", **environment}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", timeout=60, check=False)


@pytest.fixture(scope="module")
def output():
    """What the demo prints in 80 columns."""
    done = run("demo")
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def section(output, title):
    """The lines under the rule that begins with *title*."""
    lines = iter(output.splitlines())
    next(line for line in lines if line.startswith(f"{title} ─"))
    found = []
    for line in lines:
        if "────" in line:
            break
        found.append(line.rstrip())
    return [line for line in found if line]


def columns_of(lines):
    """The three columns of the comparison, each as one text in which wrapped words are joined again."""
    heading = lines[0]
    starts = [0, heading.index("upstream alone"), heading.index("otel_middleware"), None]
    rows = [line for line in lines[1:] if line.startswith(" ")]
    return ["".join(row[a:b].strip() + " " for row in rows) for a, b in pairwise(starts)]


def test_the_trace_is_a_tree_across_both_services(output):
    """Every span of the distributed trace stands under its parent, with kind, service and duration."""
    spans = re.compile(r"^([ │├└─]*)(\S.*?) +(SERVER|INTERNAL|CLIENT) +(shop|pricing) +[\d.]+ ms  +━+ *$")
    found = [spans.match(line) for line in section(output, "One trace across both")]
    tree = [f"{'  ' * (len(m[1]) // 3)}{m[2]} {m[3]} {m[4]}" for m in found if m]

    assert "\n".join(tree) + "\n" == TREE


@pytest.mark.parametrize("secret", SECRETS)
def test_secrets_stand_in_upstreams_column_only(output, secret):
    """A planted secret is shown by upstream alone and nowhere else in the output."""

    def squeezed(text):
        return re.sub(r"\s", "", text)

    label, upstream, ours = map(squeezed, columns_of(section(output, "Server spans")))

    assert squeezed(secret) in upstream
    assert squeezed(secret) not in label + ours
    rest = output.replace("\n".join(section(output, "Server spans")), "")
    elsewhere = [line for title in ("One trace across both", "In short") for line in section(rest, title)]
    assert squeezed(secret) not in squeezed("".join(elsewhere))


def test_the_sum_says_how_many_secrets_were_exported(output):
    """All secrets leave the process through upstream alone, none through us, counted over every exported span."""
    upstream, ours = section(output, "In short")

    assert f"{len(SECRETS)} of {len(SECRETS)} secrets exported" in upstream
    assert f"0 of {len(SECRETS)} secrets exported" in ours


@pytest.mark.parametrize(
    "row",
    [
        "shop - GET 404 unknown 4 0",  # a scanner's path is no route
        "shop /orders/{id} GET 200 acme 5 0",  # four rounds and one that is looked at
        "shop /orders/{id} GET 200 globex 4 0",
        "shop /orders/{id}/pay POST 500 globex 1 1",  # an exception is an error, with the status that the server answered
        "pricing /prices/{int} GET 500 globex 1 1",
        "pricing /reports/{int} GET 200 acme 5 0",  # a streamed body
    ],
)
def test_metrics_are_told_by_route_method_status_and_tenant(output, row):
    """The duration metric has one series a route, method, status and tenant, with count and errors."""
    rows = [line.split() for line in section(output, "http.server.request.duration: otel_middleware")]

    (times,) = [cells[7:] for cells in rows if cells[:7] == row.split()]
    assert 0 < float(times[0]) <= float(times[1])


def test_output_fits_the_terminal_and_has_no_escapes(output):
    """In a pipe there is no colour, and no line is wider than the terminal, in 80 columns and in 160."""
    for columns, printed in ((80, output), (160, run("demo", columns=160).stdout)):
        assert "\x1b" not in printed
        assert max(map(len, printed.splitlines())) <= columns
        assert "…" not in "".join(section(printed, "One trace across both"))


def test_settings_of_the_shell_do_not_change_the_demo(output):
    """What is configured for other programs, such as old conventions or no SDK, is left aside."""
    done = run(
        "demo",
        OTEL_SDK_DISABLED="true",
        OTEL_SEMCONV_STABILITY_OPT_IN="default",
        OTEL_PYTHON_EXCLUDED_URLS=".*",
        HTTP_PROXY="http://127.0.0.1:9",
    )

    assert section(done.stdout, "In short") == section(output, "In short")


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

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", got
    server.shutdown()
    thread.join()
    server.server_close()


def test_otlp_sends_our_spans_and_metrics_to_a_collector(collector):
    """A collector receives the spans of both services in whole traces, their metrics by route, and no secret."""
    url, got = collector
    done = run("demo", "--otlp", f"{url}/", OTEL_EXPORTER_OTLP_COMPRESSION="none")
    assert done.returncode == 0

    spans, services = {}, set()
    for body in got["/v1/traces"]:
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            services |= {each.value.string_value for each in resource.resource.attributes if each.key == "service.name"}
            spans |= {span.span_id: span for scope in resource.scope_spans for span in scope.spans}
    assert services == {"shop", "pricing"}
    assert {span.parent_span_id for span in spans.values()} - {b""} <= set(spans)
    assert f"Sent {len(spans)} spans and the metrics of 2 services to {url}\n" in done.stdout

    metrics = "".join(str(ExportMetricsServiceRequest.FromString(body)) for body in got["/v1/metrics"])
    assert '"/orders/{id}"' in metrics
    everything = metrics + "".join(map(str, spans.values()))
    assert [secret for secret in SECRETS if secret in everything] == []


@pytest.mark.parametrize(
    ("url", "status", "said"),
    [
        ("http://127.0.0.1:9", 1, "no collector took the telemetry at http://127.0.0.1:9"),  # nobody listens on discard
        ("localhost:4318", 2, "--otlp localhost:4318 is no URL of a collector"),  # the scheme is missing
        ("http://[", 2, "--otlp http://[ is no URL of a collector"),  # no URL at all
        ("http://host:99999", 2, "is no URL of a collector"),  # no port
    ],
)
def test_a_collector_that_cannot_be_used_is_one_line(url, status, said):
    """A wrong or unreachable collector is one line on the error output, never a traceback."""
    done = run("demo", "--otlp", url)

    assert done.returncode == status
    assert done.stderr.startswith("otel-middleware: ")
    assert done.stderr.count("\n") == 1
    assert said in done.stderr


@pytest.mark.parametrize("package", ["typer", "rich", "uvicorn", "waitress", "opentelemetry.sdk"])
def test_without_the_extra_the_remedy_is_one_line(package):
    """Where a package of the extra ``cli`` is missing, the command says what to install and exits with 2."""
    done = run("demo", before=f"sys.modules[{package!r}] = None")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith('pip install "otel-middleware[cli]"\n')
    assert done.stderr.count("\n") == 1


def test_a_fault_of_our_own_is_not_taken_for_a_missing_extra():
    """A module of this package that cannot be found is a defect and is raised."""
    done = run("demo", before="sys.modules['otel_middleware.cli._demo_view'] = None")

    assert done.returncode == 1
    assert "ModuleNotFoundError" in done.stderr


def test_python_dash_m_is_the_same_command():
    """``python -m otel_middleware --help`` names the commands."""
    command = [sys.executable, "-m", "otel_middleware", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0
    assert "demo" in done.stdout
