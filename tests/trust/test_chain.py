"""The real chain: client, nginx, gunicorn and uvicorn workers in processes of their own, spans by OTLP."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from collector import attributes, collecting, poll

grp = pytest.importorskip("grp")  # not on Windows
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
CLIENT = "127.0.0.9"  # all of 127.0.0.0/8 is loopback on Linux: a client that is not the proxy
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"

pytestmark = [
    pytest.mark.skipif(NGINX is None, reason="needs the nginx binary (Debian: apt-get install nginx-light)"),
    pytest.mark.skipif(sys.platform != "linux", reason="binds clients to 127.0.0.9"),
]

CONFIGURATION = """
daemon off; {user} pid {home}/nginx.pid; error_log stderr warn;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {home}/body; proxy_temp_path {home}/proxy; fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-Host $http_host;
    proxy_set_header X-Request-Start "t=${{msec}}";
    server {{
        listen 127.0.0.1:{port};
        location /edge/ {{ proxy_pass {edge}; }}
        location /inner/ {{ proxy_pass {inner}; }}
    }}
}}
"""


@contextmanager
def running(command, log, **options):
    """Run *command*; its output goes to *log*, which an assertion can show."""
    with Path(log).open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, **options)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def answers(family, address):
    """Whether somebody listens there."""
    with socket.socket(family) as probe:
        return probe.connect_ex(address) == 0


class Chain:
    """nginx in front of two services."""

    def __init__(self, stack, home, endpoint):
        self._stack, self._home = stack, home
        # nginx takes over a listening socket as it does on a binary upgrade, so no port is guessed.
        self._listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        self.port = self._listener.getsockname()[1]
        self._environment = os.environ | {
            "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
            "OTEL_BSP_SCHEDULE_DELAY": "50",
            "OTEL_METRIC_EXPORT_INTERVAL": "100",
            "OTEL_SEMCONV_STABILITY_OPT_IN": "http",
            "CHAIN_INNER": f"http://127.0.0.1:{self.port}",
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[2])]),
        }

    def gunicorn(self, role):
        """A WSGI service on a Unix socket; how nginx reaches it."""
        path = f"{self._home}/{role}.sock"
        command = [sys.executable, "-m", "gunicorn", "chain_service:wsgi_app", "--bind", f"unix:{path}", "--workers=1"]
        # A home of its own keeps gunicorn's control files out of the user's.
        self._service(role, [*command, "--worker-tmp-dir", str(self._home)], HOME=str(self._home))
        poll(lambda: answers(socket.AF_UNIX, path))
        return f"http://unix:{path}:"

    def uvicorn(self, role):
        """An ASGI service on a TCP socket; how nginx reaches it."""
        listener = self._stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        address = listener.getsockname()
        # uvicorn believes X-Forwarded-For from 127.0.0.1 by itself, and the peer would be hidden from us.
        command = [sys.executable, "-m", "uvicorn", "chain_service:asgi_app", "--fd", str(listener.fileno())]
        self._service(role, [*command, "--no-proxy-headers", "--lifespan=off"], pass_fds=[listener.fileno()])
        return f"http://127.0.0.1:{address[1]}"

    def _service(self, role, command, pass_fds=(), **environment):
        environment = self._environment | {"CHAIN_ROLE": role, **environment}
        self._stack.enter_context(running(command, f"{self._home}/{role}.log", env=environment, pass_fds=pass_fds))

    def nginx(self, **services):
        """Start the proxy."""
        configuration = Path(self._home, "nginx.conf")
        # Started by root, its workers would be somebody else, who may not open the sockets here.
        user = f"user root {grp.getgrgid(0).gr_name};" if os.geteuid() == 0 else ""
        configuration.write_text(CONFIGURATION.format(home=self._home, port=self.port, user=user, **services))
        descriptor = self._listener.fileno()
        self._stack.enter_context(
            running(
                [NGINX, "-p", str(self._home), "-c", str(configuration)],
                f"{self._home}/nginx.log",
                env=os.environ | {"NGINX": f"{descriptor};"},
                pass_fds=[descriptor],
            )
        )
        poll(lambda: Path(self._home, "nginx.pid").exists())

    def logs(self):
        return "\n".join(f"{path.name}:\n{path.read_text()[-2_000:]}" for path in self._home.glob("*.log"))


@pytest.mark.parametrize(("edge", "inner"), [("gunicorn", "uvicorn"), ("uvicorn", "gunicorn")])
def test_one_trace_through_nginx_and_two_services(tmp_path, edge, inner):
    """The public edge starts a root with a link, the service behind it is its child; client, host and queue time are right."""
    pytest.importorskip("gunicorn")
    with ExitStack() as stack:
        endpoint, received = stack.enter_context(collecting())
        chain = Chain(stack, tmp_path, endpoint)
        chain.nginx(edge=getattr(chain, edge)("edge"), inner=getattr(chain, inner)("inner"))
        transport = httpx.HTTPTransport(local_address=CLIENT)
        headers = {
            "traceparent": f"00-{TRACE}-{SPAN}-00",
            "baggage": "tenant.id=forged",
            "x-forwarded-for": "6.6.6.6",
            "x-request-start": "t=1",
            "host": "shop.example",
        }
        with httpx.Client(transport=transport, timeout=30) as client:
            answer = client.get(f"http://127.0.0.1:{chain.port}/edge/7", headers=headers)
        assert (answer.status_code, answer.text) == (200, "12"), chain.logs()
        received.wait_for(lambda so_far: len(so_far.spans) >= 3)
        queues = [(role, "otel_middleware.time_in_queue") for role in ("edge", "inner")]
        received.wait_for(lambda so_far: all(queue in so_far.metrics for queue in queues))

    assert_chain(received)
    for queue in queues:
        (point,) = received.metrics[queue].histogram.data_points
        assert (point.count, list(point.attributes)) == (1, [])


def assert_chain(received):
    """Three spans, one trace, and what each says."""
    spans = {(service, span.name): span for service, span in received.spans}
    edge, call, inner = spans["edge", "GET /edge/{item}"], spans["edge", "GET"], spans["inner", "GET /inner/{item}"]
    assert len(received.spans) == 3
    assert edge.trace_id == call.trace_id == inner.trace_id != bytes.fromhex(TRACE)
    assert edge.parent_span_id == b""
    assert [(link.trace_id.hex(), link.span_id.hex()) for link in edge.links] == [(TRACE, SPAN)]
    assert (call.parent_span_id, inner.parent_span_id) == (edge.span_id, call.span_id)
    assert not inner.links

    of_edge, of_inner = attributes(edge.attributes), attributes(inner.attributes)
    assert (of_edge["client.address"], of_inner["client.address"]) == (CLIENT, "127.0.0.1")
    assert (of_edge["server.address"], of_edge["server.port"], of_edge["url.scheme"]) == ("shop.example", 80, "http")
    assert of_inner["server.address"] == "127.0.0.1"
    assert of_edge["tenant.id"] == of_inner["tenant.id"] == "acme"
    for shown in (of_edge, of_inner):
        assert 0 <= shown["otel_middleware.time_in_queue"] < 60
        assert shown.get("network.peer.address") in (None, "127.0.0.1")
