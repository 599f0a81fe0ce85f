"""Subinterpreters, as mod_wsgi has them: each has its own stack, SDK and learned names, and spoils no other's.

Those that share the interpreter's lock run on every Python; those with a lock of their own, or isolated otherwise, from 3.12 on:
before, such ones have no threads, and the SDK starts some. mod_wsgi itself needs Apache and is not run.
"""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest
from otlp_stub import DEADLINE
from uncovered import UNCOVERED

SERVING = """
import os, sys
sys.path[:] = {path!r}
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from otel_middleware.wsgi import instrument

spans = InMemorySpanExporter()
provider = TracerProvider(shutdown_on_exit=False)
provider.add_span_processor(SimpleSpanProcessor(spans))

def bare(environ, start_response):
    start_response("200 OK", [])
    return [environ["PATH_INFO"].encode()]

app = instrument(bare, tracer_provider=provider, routes=["/{who}/orders/{{order}}"])
for number in range(200):
    path = f"/{who}/orders/{{number}}"
    body = app({{"REQUEST_METHOD": "GET", "PATH_INFO": path, "wsgi.url_scheme": "http"}}, lambda *_: None)
    assert b"".join(body) == path.encode()
assert [span.name for span in spans.get_finished_spans()] == ["GET /{who}/orders/{{order}}"] * 200
os.write(1, b"served {who}\\n")  # at once: the other interpreter has the same output
"""

RUNNING = """
import sys, threading
try:
    import _interpreters as interpreters

    def run(code):
        identifier = interpreters.create({kind!r})
        failed = interpreters.exec(identifier, code)
        assert failed is None, failed
        interpreters.destroy(identifier)
except ImportError:
    import _xxsubinterpreters as interpreters

    def run(code):
        identifier = interpreters.create(isolated={kind!r} == "isolated")
        interpreters.run_string(identifier, code)
        interpreters.destroy(identifier)

codes = {codes!r}
threads = [threading.Thread(target=run, args=(code,)) for code in codes]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
exec(codes[0].replace(" one", " main"))
"""


def has_subinterpreters():
    for name in ("_interpreters", "_xxsubinterpreters"):
        try:
            importlib.import_module(name)
        except ImportError:
            continue
        return True
    return False


@pytest.mark.skipif(not has_subinterpreters(), reason="this Python offers no subinterpreters")
@pytest.mark.parametrize("kind", ["legacy", "isolated"])
def test_subinterpreters_serve_side_by_side(kind):
    """Two at once, and the main interpreter after them, have the spans of their own requests and no others."""
    if kind == "isolated" and sys.version_info < (3, 12):
        pytest.skip("isolated subinterpreters have no threads before Python 3.12")
    codes = [SERVING.format(path=sys.path, who=who) for who in ("one", "two")]
    program = RUNNING.format(kind=kind, codes=codes)
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
        env=UNCOVERED,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(done.stdout.split("\n"))[1:] == ["served main", "served one", "served two"]
