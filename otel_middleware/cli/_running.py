"""One run: an application loaded, instrumented, served and looked at until somebody ends it."""

from __future__ import annotations

import logging
import sys
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from threading import Event
from typing import TYPE_CHECKING, Any

from rich.console import Console

from otel_middleware import Sanitizer, instrument
from otel_middleware._neighbours import stack_on
from otel_middleware.cli._book import Book
from otel_middleware.cli._ending import ending
from otel_middleware.cli._giving_up import FAILED, give_up
from otel_middleware.cli._loading import load
from otel_middleware.cli._options import options_of
from otel_middleware.cli._plain import groups_table, line_of, summary
from otel_middleware.cli._providing import provide
from otel_middleware.cli._said import Said
from otel_middleware.cli._servers import listening, quiet_servers, serving_asgi, serving_wsgi, url_of
from otel_middleware.cli._watching import watch
from otel_middleware.cli._wrapping import instrumented, router_of, speaks_asgi

if TYPE_CHECKING:
    from otel_middleware.cli._otlp import Collector
    from otel_middleware.cli._seen import Seen

__all__ = ["Run"]

_LOGGED = 10  # last lines of the application's output that are shown when the live view is over


class Run:
    """Builds everything that can be wrong before anything is served; each mistake is one line.

    Args:
        target: ``module:app``.
        collector: Where spans and metrics go as well.
        routes: A reviewed file or an OpenAPI document.
        tenant_header: The header that names the tenant.
        live: Whether the terminal shows the live view.
        lines: Whether each request is a line otherwise.
        web: Whether there is a web page.
    """

    def __init__(
        self,
        target: str,
        collector: Collector | None,
        routes: str | None,
        tenant_header: str | None,
        *,
        live: bool,
        lines: bool,
        web: bool,
    ) -> None:
        self._live, self._web = live, web
        self._ended = Event()
        self._console = Console(file=sys.stdout, highlight=False)
        self._said = Said()
        self._output = ExitStack()
        if live:
            self._output.enter_context(redirect_stdout(self._said))
            self._output.enter_context(redirect_stderr(self._said))
        self._sanitizer = Sanitizer()
        options = options_of(routes, tenant_header, self._sanitizer)
        app = load(target)
        self._asgi = speaks_asgi(app, target)
        self._framework = router_of(app, asgi=self._asgi).name
        self.book = Book(self._print if lines and not live else None)
        self._end = provide(self.book, target.partition(":")[0], collector)
        if instrumented(app) and (routes or tenant_header):
            print(f"{target} comes instrumented: --routes and --tenant-header are left to it", file=sys.stderr)
        ours = stack_on(app)
        if ours is not None:
            self._sanitizer = ours.plan.sanitizer
        self._app = app if instrumented(app) else instrument(app, **options)
        self._target = target

    def serve(self, host: str, port: int) -> None:
        """Serve until Ctrl-C or SIGTERM; then print the sum."""
        bound = listening(host, port)
        quiet_servers(logging.WARNING)
        serving = serving_asgi if self._asgi else serving_wsgi
        with self._output, ending(self._ended), ExitStack() as running:
            try:
                running.enter_context(serving(self._app, bound))
            except RuntimeError:
                for line in self._said.lines:
                    print(line, file=sys.__stderr__)
                give_up(f"{self._target} did not start: its lifespan failed, see what it logged", FAILED)
            heading = self._heading(url_of(bound), running)
            if self._live:
                watch(self._console, self.book, self._said, heading, self._ended)
            else:
                print(heading, file=sys.stderr, flush=True)
                self._ended.wait()
        self._end()
        self._sum_up()

    def _heading(self, url: str, running: ExitStack) -> str:
        heading = f"{self._target} ({self._what()}) on {url}"
        if self._web:
            from otel_middleware.cli._web import serving_page  # noqa: PLC0415 - only here

            heading += f", view on {running.enter_context(serving_page(self.book, self._target))}"
        return f"{heading}, Ctrl-C ends"

    def _what(self) -> str:
        protocol = "ASGI" if self._asgi else "WSGI"
        return protocol if self._framework == "unknown" else f"{self._framework}, {protocol}"

    def _print(self, seen: Seen) -> None:
        try:
            print(line_of(seen), flush=True)
        except BrokenPipeError:
            self._ended.set()

    def _sum_up(self) -> None:
        """Print the sum to the error output where the lines went to a pipe: it is no request."""
        console = self._console if self._live else Console(stderr=True, highlight=False)
        for line in list(self._said.lines)[-_LOGGED:] if self._live else ():
            console.print(line, markup=False, style="dim")
        if self.book.total:
            console.print(groups_table("route", self.book.routes(), console.width))
        redactions: Any = {} if self._sanitizer is None else self._sanitizer.redactions()
        for line in summary(self.book, redactions):
            console.print(line, markup=False)
