"""One examination: the application booted, the requests sent, everything judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_middleware.cli import _doctor_judge as judge
from otel_middleware.cli import _doctor_setup as setup
from otel_middleware.cli._doctor_asgi import visit_asgi
from otel_middleware.cli._doctor_boot import Patient, settings_set_aside
from otel_middleware.cli._doctor_probes import many, probes_for
from otel_middleware.cli._doctor_wsgi import visit_wsgi
from otel_middleware.cli._loading import load
from otel_middleware.cli._wrapping import speaks_asgi

if TYPE_CHECKING:
    from otel_middleware.cli._finding import Finding

__all__ = ["Examination"]


class Examination:
    """Examines one application; takes about a second, longer where the application is slow.

    Args:
        target: ``module:app``.
        path: One that is answered.
        raises: One that raises, if any.

    Attributes:
        told: Each request with its answer and its spans, without the 50 of many paths.
    """

    def __init__(self, target: str, path: str, raises: str | None) -> None:
        self._before = settings_set_aside()
        self._patient = Patient()
        self._app = load(target)
        asgi = speaks_asgi(self._app, target)
        probes, crowd = probes_for(path, raises, asgi=asgi), many(path)
        self._paths = len(crowd)
        visit = visit_asgi if asgi else visit_wsgi
        answers = visit(self._app, self._patient.prepare, [*probes, *crowd])
        spans = self._patient.spans
        self.told = [
            (probe, answer, judge.spans_of(probe, spans)) for probe, answer in zip(probes, answers, strict=False)
        ]
        self._crowd = [span for probe in crowd for span in judge.spans_of(probe, spans)]

    def findings(self) -> list[Finding]:
        """Return all findings, each once."""
        spans = self._patient.spans
        found = [
            *setup.of_order(self._app),
            *judge.of_warnings(self._patient.warnings),
            *judge.of_spans(spans),
            *setup.of_sanitizer(self._app),
            *judge.of_metrics(self._patient),
            *judge.of_answers(self.told),
            *judge.of_failures(self.told),
            *judge.of_many(self._crowd, self._paths, self._patient),
            *setup.of_environment(self._before, provided=self._patient.provided),
        ]
        return list(dict.fromkeys(found))
