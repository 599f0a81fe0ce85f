"""The live view: drawn for any size, driven by keys, on a real pseudo-terminal."""

from __future__ import annotations

import io
import os
import re
import select
import struct
import subprocess
import sys
import time

import httpx
import pytest
from cli_commands import DEADLINE, environment
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.metrics import Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import SpanKind
from rich.console import Console

from otel_middleware.cli._book import Book
from otel_middleware.cli._durations import Durations
from otel_middleware.cli._live import screen
from otel_middleware.cli._quantile import quantile
from otel_middleware.cli._said import Said
from otel_middleware.cli._selection import Selection
from otel_middleware.cli._text import shown

LONG = "GET /a/very/long/{template}/with/{many}/{parameters}/that/{fits}/no/{column}/of/{any}/terminal/{at}/{all}"
NAMES = [LONG, "GET /orders/{id}", "GET /\x1b[2J\u202e", "GET /注文/{id}", "GET /[bold]{x}[/bold]"]


@pytest.fixture
def filled():
    """A book with 40 requests under five names, each with four children."""
    book = Book()
    provider = TracerProvider(resource=Resource({"service.name": "a-service-with-a-very-long-name"}))
    provider.add_span_processor(book)
    tracer = provider.get_tracer("test")
    for number in range(40):
        name = NAMES[number % len(NAMES)]
        facts = {"http.response.status_code": 200, "tenant.id": "a-tenant-with-a-long-name", "url.query": "a=REDACTED"}
        facts |= {"otel_middleware.route.source": "application", "http.route": name[4:]}
        facts |= {"otel_middleware.outcome": "client_disconnected"} if number % 3 == 0 else {}
        with tracer.start_as_current_span(name, kind=SpanKind.SERVER, attributes=facts):
            for child in range(4):
                tracer.start_span(f"child {child}").end()
    yield book
    provider.shutdown()


def drawn(book, size, selection=None, said=()):
    """The lines of the screen."""
    console = Console(width=size[0], height=size[1], force_terminal=False, record=True, file=io.StringIO())
    console.print(screen(book, selection or Selection(), said, size, "shop:app on http://127.0.0.1:8000, Ctrl-C ends"))
    return console.export_text(styles=False).splitlines()


@pytest.mark.parametrize("said", [(), ("WARNING \x1b[2J",) * 5], ids=["quiet", "output"])
@pytest.mark.parametrize("size", [(80, 24), (80, 50), (100, 30), (139, 40), (140, 40), (200, 60)], ids=str)
def test_the_screen_fits_and_nothing_is_cut_without_a_sign(filled, size, said):
    """In any size the screen has as many lines as the terminal, none wider; what is cut ends with an ellipsis."""
    lines = drawn(filled, size, said=said)
    text = "\n".join(lines)

    assert len(lines) == size[1]
    assert max(sum(2 if each in "注文" else 1 for each in line) for line in lines) <= size[0]
    assert [each for each in text if not each.isprintable() and each != "\n"] == []
    assert r"GET /\x1b[2J\u202e" in text
    assert "GET /[bold]{x}[/bold]" in text
    for row in (line for line in lines if "/a/very/long" in line):
        assert LONG[4:] in row or "…" in row
    for heading in ("redacted", "p99 ms"):
        assert sum(heading in line for line in lines) == 1
    routes = lines[next(index for index, line in enumerate(lines) if line.startswith("by route")) + 2]
    assert re.search(r" 8 +0( +[\d.]+){3} *$", routes)


def test_an_empty_screen_says_what_it_waits_for():
    """Before the first request the screen is as high as ever, and says so."""
    lines = drawn(Book(), (80, 24))

    assert len(lines) == 24
    assert "waiting for the first request" in "\n".join(lines)


def test_keys_choose_the_trace(filled):
    """It follows the last request, until an arrow or ``s`` chooses another; ``l`` goes back, ``q`` ends."""
    selection, requests = Selection(), filled.requests()
    assert selection.of(filled) is requests[-1]
    for key in ("k", "\x1b[A", "\x1bOA", "j"):
        selection.press(key, filled)
    assert selection.of(filled) is requests[-3]
    assert selection.title == "selected request"
    selection.press("s", filled)
    assert selection.of(filled) == max(requests, key=lambda seen: seen.seconds)
    selection.press("l", filled)
    assert selection.of(filled) is requests[-1]
    selection.press("x", filled)
    assert not selection.ended
    selection.press("q", filled)
    assert selection.ended


def test_the_chosen_request_is_always_among_those_shown(filled):
    """However far an arrow goes up, the window goes with it, and stops at the first request."""
    selection, requests = Selection(), filled.requests()
    for _ in range(60):
        selection.press("k", filled)
        window = selection.window(filled, 5)
        assert len(window) == 5
        assert selection.of(filled) in window
    assert selection.of(filled) is requests[0]


def test_keys_without_requests_mean_nothing():
    """Before the first request every key is harmless."""
    selection, book = Selection(), Book()
    for key in ("k", "j", "s", "l"):
        selection.press(key, book)
        assert selection.of(book) is None
        assert selection.window(book, 5) == []


def test_the_book_is_bounded():
    """However many routes, tenants, traces and spans there are, what is kept is bounded, and nothing is lost from the sums."""
    book = Book()
    provider = TracerProvider()
    provider.add_span_processor(book)
    tracer = provider.get_tracer("test")
    for number in range(700):
        facts = {"http.route": f"/{number}", "tenant.id": str(number)}
        tracer.start_span("GET", kind=SpanKind.SERVER, attributes=facts).end()
    with tracer.start_as_current_span("GET", kind=SpanKind.SERVER):
        for _ in range(300):
            tracer.start_span("child").end()
    provider.shutdown()

    assert (book.total, len(book.requests())) == (701, 500)
    assert len(book.routes()) == len(book.tenants()) == 201
    assert sum(each.count for each in book.routes().values()) == 701
    assert book.trace(book.requests()[0].trace_id) != []
    assert book.trace("0" * 32) == []
    assert len(book.trace(book.requests()[-1].trace_id)) == 201  # the request itself is never left out


@given(st.lists(st.floats(1e-4, 50), min_size=1, max_size=60), st.sampled_from([0.5, 0.95, 0.99]))
def test_percentiles_are_those_of_the_sdk(values, share):
    """Our buckets give the percentile of the sorted values, true to the width of a bucket, as the SDK's histogram does."""
    ours = Durations()
    reader = InMemoryMetricReader(preferred_aggregation={Histogram: ExponentialBucketHistogramAggregation()})
    provider = MeterProvider([reader])
    histogram = provider.get_meter("test").create_histogram("d")
    for value in values:
        ours.add(value, error=False)
        histogram.record(value)
    (point,) = reader.get_metrics_data().resource_metrics[0].scope_metrics[0].metrics[0].data.data_points
    provider.shutdown()

    theirs = 2**2**-point.scale
    assert quantile(ours, share) == pytest.approx(quantile(point, share), rel=max(0.1, theirs - 1))
    assert (ours.count, ours.min, ours.max) == (point.count, point.min, point.max)
    assert sum(ours.by_doubling().values()) == ours.count


@given(st.text())
def test_shown_text_is_printable_and_keeps_what_is(text):
    """What is shown has no control or direction character; text without any is the same object."""
    assert shown(text).isprintable()
    assert not text.isprintable() or shown(text) is text


def test_what_the_application_says_is_kept_by_lines():
    """Output is kept in whole lines, the last hundred, each bounded."""
    said = Said()
    for number in range(150):
        said.write(f"line {number}")
        said.write(" and more\n\n")
    said.write("x" * 10_000 + "\nno end yet")

    assert len(said.lines) == 100
    assert said.lines[-2] == "line 149 and more"
    assert len(said.lines[-1]) == 2000


class Terminal:
    """A pseudo-terminal with a command on it."""

    def __init__(self, folder, columns, lines):
        pty, fcntl, termios = (pytest.importorskip(name) for name in ("pty", "fcntl", "termios"))
        self.output = ""
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        settings = environment(TERM="xterm-256color")
        del settings["COLUMNS"]
        command = [sys.executable, "-m", "otel_middleware", "run", "shop:app", "--port", "0"]
        self.process = subprocess.Popen(
            command, cwd=folder, env=settings, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)

    def until(self, wanted):
        """Read until the pattern *wanted* was printed; gives the match."""
        deadline = time.monotonic() + DEADLINE
        while (found := re.search(wanted, self.output)) is None:
            assert time.monotonic() < deadline, self.output
            if select.select([self._ours], [], [], 1)[0]:
                try:
                    self.output += os.read(self._ours, 65536).decode("utf-8", "replace")
                except OSError:  # the other end is closed
                    assert re.search(wanted, self.output), self.output
        return found

    def press(self, keys):
        """Press *keys*; what was printed before is forgotten."""
        self.output = ""
        os.write(self._ours, keys)

    def close(self):
        """End it."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._ours)


def test_the_live_view_on_a_terminal(folder):
    """On a terminal the view shows requests and a trace, follows keys, and gives the terminal back with a summary."""
    terminal = Terminal(folder, 100, 30)
    try:
        url = terminal.until(r"http://127\.0\.0\.1:\d+")[0]
        terminal.until("waiting for the first request")
        httpx.get(f"{url}/orders/17", trust_env=False)
        terminal.until(r"▸ GET /orders/\{int\}.* 200 ")
        terminal.press(b"s")
        terminal.until("trace, slowest request")
        terminal.press(b"q")
        terminal.until(r"1 request under 1 name, 0 errors")
        assert "\x1b[?1049l" in terminal.output  # the other screen is left
        assert terminal.process.wait(DEADLINE) == 0
    finally:
        terminal.close()
