"""``opentelemetry-instrument`` and a server: bare applications get SERVER spans, on every server, without a line of code."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from under_instrument import UNDER_INSTRUMENT, serving

pytestmark = UNDER_INSTRUMENT

SERVING = str(Path(__file__).with_name("serving.py"))
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
GUNICORN = ("gunicorn", "--no-control-socket", "--bind", "127.0.0.1:{port}")
GRANIAN = ("granian", "--port", "{port}", "--interface")
COMMANDS = {
    "uvicorn": ("uvicorn", "--port", "{port}", "bare_apps:asgi_app"),
    "uvicorn, WSGI": ("uvicorn", "--port", "{port}", "--interface", "wsgi", "bare_apps:wsgi_app"),
    "gunicorn": (*GUNICORN, "--workers", "2", "bare_apps:wsgi_app"),
    "gunicorn, preloaded threads": (*GUNICORN, "--preload", "-k", "gthread", "--threads", "2", "bare_apps:wsgi_app"),
    "gunicorn, uvicorn's worker": (*GUNICORN, "-k", "uvicorn.workers.UvicornWorker", "bare_apps:asgi_app"),
    "hypercorn": ("hypercorn", "--bind", "127.0.0.1:{port}", "bare_apps:asgi_app"),
    "hypercorn, WSGI": ("hypercorn", "--bind", "127.0.0.1:{port}", "wsgi:bare_apps:wsgi_app"),
    "daphne": ("daphne", "--port", "{port}", "bare_apps:asgi_app"),
    "granian": (*GRANIAN, "asgi", "bare_apps:asgi_app"),
    "granian, WSGI": (*GRANIAN, "wsgi", "bare_apps:wsgi_app"),
    "waitress": ("waitress-serve", "--listen", "127.0.0.1:{port}", "bare_apps:wsgi_app"),
    "cheroot": ("cheroot", "--bind", "127.0.0.1:{port}", "bare_apps:wsgi_app"),
    "wsgiref": (sys.executable, SERVING, "wsgiref", "{port}"),
    "werkzeug": (sys.executable, SERVING, "werkzeug", "{port}"),
}


@pytest.mark.parametrize("server", COMMANDS)
def test_a_bare_application_is_traced(server, tmp_path):
    """One SERVER span a request: named by the file of routes, child of the caller's span, with the tenant of its header."""
    if server.partition(",")[0] not in ("wsgiref", "werkzeug"):
        pytest.importorskip(server.partition(",")[0])
    routes = tmp_path / "routes.txt"
    routes.write_text("/orders/{order_id}\n")
    variables = {
        "OTEL_PYTHON_MIDDLEWARE_ROUTES": str(routes),
        "OTEL_PYTHON_MIDDLEWARE_TENANT_HEADER": "x-tenant-id",
        "OTEL_PYTHON_EXCLUDED_URLS": "^/healthz$",
    }
    with serving(tmp_path, *COMMANDS[server], **variables) as running:
        answers = [
            running.get("/healthz"),
            running.get("/orders/7", traceparent=f"00-{TRACE}-{SPAN}-01", x_tenant_id="acme"),
        ]
        [(kind, name, attributes, span)] = running.spans()

    assert [(answer.status_code, answer.text) for answer in answers] == [(200, "ok"), (200, "ok")]
    assert (kind, name) == ("SERVER", "GET /orders/{order_id}")
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, SPAN)
    assert attributes["http.route"] == "/orders/{order_id}"
    assert attributes["http.response.status_code"] == 200
    assert attributes["tenant.id"] == "acme"


@pytest.mark.parametrize("server", ["uvicorn", "gunicorn", "gunicorn, uvicorn's worker"])
def test_what_waits_goes_out_when_the_server_is_told_to_stop(server, tmp_path):
    """A batch that would be exported in a minute is exported before the process is gone."""
    pytest.importorskip(server.partition(",")[0])
    with serving(tmp_path, *COMMANDS[server], OTEL_BSP_SCHEDULE_DELAY="60000") as running:
        running.get("/orders/7")
        running.end()
        [(kind, *_)] = running.spans()

    assert kind == "SERVER"
