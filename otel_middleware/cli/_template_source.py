"""Where the command ``routes`` gets templates from, and what it does with them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from otel_middleware import ConfigurationError, InferredRoutes, RouteTable
from otel_middleware.cli._drift import drift, hits_of, unused
from otel_middleware.cli._giving_up import FAILED, give_up
from otel_middleware.cli._loading import load
from otel_middleware.cli._log_reading import learn_from
from otel_middleware.cli._options import table_of
from otel_middleware.cli._text import counted, shown
from otel_middleware.frameworks._listing import enumerated
from otel_middleware.routing.exported import LearnedRoute, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Source"]


class Source:
    """The templates of one source, as the text of a reviewed file.

    Args:
        logs: Access logs; empty for another source.
        app: ``module:app``.
        openapi: A document.
        check: A reviewed file. Logs are read with it declared: what it names keeps its name.
        most: Templates that are learned from logs, at most.
    """

    def __init__(self, logs: Sequence[str], app: str | None, openapi: str | None, check: str | None, most: int) -> None:
        self._check = check
        self._listed = not logs
        self._reviewed = None if check is None else table_of(check)
        self._problems: list[str] = []
        if app is not None:
            self._text = self._of_app(app)
        elif openapi is not None:
            self._text = _of_document(openapi)
        else:
            self._text = self._learned(logs, most)
        self._hits = hits_of(self._text)

    def show(self) -> None:
        """Print templates and counts, the most frequent first; the sum goes to the error output."""
        shown_hits = sorted(self._hits.items(), key=lambda each: (-each[1], each[0]))
        if self._listed:
            for template, _ in shown_hits:
                print(shown(template))
        else:
            width = len(str(max(self._hits.values(), default=0)))
            for template, hits in shown_hits:
                print(f"{hits:>{width}}  {shown(template)}")
        for line in (*self._problems, counted(len(self._hits), "template")):
            print(line, file=sys.stderr)

    def write(self, file: str) -> None:
        """Write the reviewed file."""
        try:
            Path(file).write_text(self._text, encoding="utf-8")
        except OSError as error:
            give_up(f"--write {file} cannot be written: {error.strerror}")
        print(f"written to {file}: read it, name its parameters, declare it with run --routes {file}", file=sys.stderr)

    def checked(self) -> int:
        """Print how the names drifted from the reviewed file; 1 when they did, 0 otherwise."""
        if self._reviewed is None:
            return 0
        reviewed = self._reviewed.templates
        if not self._listed and (idle := unused(reviewed, self._hits)):
            print(f"{len(idle)} of {len(reviewed)} templates of {self._check} were not asked for", file=sys.stderr)
        found = drift(reviewed, self._hits, gone=self._listed)
        if not found:
            print(f"no drift from {self._check}", file=sys.stderr)
            return 0
        print(f"--- {self._check}\n+++ now")
        for line in found:
            print(shown(line))
        print(f"otel-middleware: names drifted from {self._check}: review them, then --write it anew", file=sys.stderr)
        return FAILED

    def _of_app(self, target: str) -> str:
        templates = enumerated(load(target))
        if not templates:
            give_up(
                f"{target} lists no routes: it is hand-written, or its framework cannot be asked before it serves; "
                "learn them from an access log instead"
            )
        return _declared(self._usable(templates), "framework")

    def _usable(self, templates: list[str]) -> list[str]:
        """Leave out what no table can hold, and say so: regular expressions, for instance."""
        problems = {template: problem for template in templates if (problem := _fault(template))}
        self._problems += [f"left out {shown(template)}: {shown(problem)}" for template, problem in problems.items()]
        return [template for template in templates if template not in problems]

    def _learned(self, logs: Sequence[str], most: int) -> str:
        routes = InferredRoutes(max_templates=most)
        if self._check is not None:
            routes.load(Path(self._check).read_text(encoding="utf-8-sig"))
        learned = learn_from(logs, routes)
        self._problems.append(
            f"{learned.lines} lines, {learned.requests} requests, {learned.named} of them under a template when they came"
        )
        if not learned.requests:
            read = "no line tells a request" if learned.lines else "there is no line to read"
            give_up(f"{read}: name an access log, common, combined or JSON (with path and status)")
        return routes.export()


def _of_document(openapi: str) -> str:
    templates = table_of(openapi).templates
    if not templates:
        give_up(f"{openapi} lists no paths: name an OpenAPI document that has some")
    return _declared(templates, "openapi")


def _declared(templates: Sequence[str], why: str) -> str:
    return text_of(LearnedRoute(template, 0, 0, why) for template in templates)


def _fault(template: str) -> str:
    if "(?" in template or template.startswith("/^"):
        return "it is a regular expression"
    try:
        RouteTable([template])
    except ConfigurationError as error:
        return error.problems[0]
    return ""
