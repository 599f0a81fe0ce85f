"""Latency of requests beside collectors that answer, are down, answer 503 or hang: one client, one uvicorn, the whole stack."""

from __future__ import annotations

import http.client
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from statistics import median, quantiles
from time import perf_counter_ns

from benchmarks import tables

STATES = ("no exporter", "answers", "down", "answers 503", "hangs")


@contextmanager
def collecting(state):
    """A collector in *state*; gives its URL."""
    hanging = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            self.rfile.read(int(self.headers["content-length"]))
            if state == "hangs":
                hanging.wait()
            self.send_response(503 if state == "answers 503" else 200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads, server.block_on_close = True, False
    threading.Thread(target=server.serve_forever, daemon=True).start()
    if state == "down":
        server.shutdown()
        server.server_close()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        hanging.set()
        if state != "down":
            server.shutdown()
            server.server_close()


def latencies(port, count):
    """Milliseconds of each of *count* requests, one after the other on one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.connect()
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    spent = []
    for number in range(count):
        began = perf_counter_ns()
        connection.request("GET", f"/orders/{number}/lines", headers={"x-tenant-id": "acme"})
        connection.getresponse().read()
        spent.append((perf_counter_ns() - began) / 1e6)
    connection.close()
    return spent


def measured(served, count, rounds=3):
    """Latencies of all states, the states taking turns; *served* runs the server with more environment and gives its port."""
    spent = {state: [] for state in STATES}
    for _ in range(rounds):
        for state in STATES:
            with collecting(state) as url:
                more = {} if state == "no exporter" else {"SOAK_COLLECTOR": url}
                with served("uvicorn", **more) as port:
                    latencies(port, count // 10)
                    spent[state] += latencies(port, count)
    return {state: [round(median(ms), 3), round(quantiles(ms, n=100)[98], 3)] for state, ms in spent.items()}


def table(figures):
    """Return the Markdown of *figures*."""
    rows = [[state, *(f"{ms:.2f}" for ms in found)] for state, found in figures.items()]
    return tables.table(["a request beside a collector that", "median ms", "99 % ms"], rows)
