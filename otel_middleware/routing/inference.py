"""Templates for applications whose router nobody can ask: learned from the paths that were served.

The parts: ``segments`` and ``lexicon`` say what one segment is, ``tree`` keeps what was seen, ``shapes`` and ``evidence`` measure
siblings, ``rules`` judges them, ``promotion`` and ``filetrees`` change the tree, ``learner`` walks it, ``exported`` and
``settled`` freeze it.
"""

from __future__ import annotations

import re
import threading

from otel_middleware._fork import renewed_in_child
from otel_middleware.errors import ConfigurationError
from otel_middleware.routing.exported import LearnedRoute, text_of
from otel_middleware.routing.learner import Learner
from otel_middleware.routing.lexicon import lexicon
from otel_middleware.routing.recent import RecentPaths, without_parameters
from otel_middleware.routing.reviewed import declarations_of_text
from otel_middleware.routing.settled import SettledLearner
from otel_middleware.routing.table import RouteTable

__all__ = ["InferredRoutes"]

_NOT_MODIFIED = 304
_SLASHES = re.compile("/{2,}")


class InferredRoutes:
    """Learns route templates from the paths of successful requests, online and in bounded memory.

    ``/orders/4815`` becomes ``/orders/{int}`` at once, ``/u/alice`` becomes ``/u/{slug}`` when enough siblings were seen.
    A name may therefore change while it is learned; ``export`` and ``load`` freeze the names. A template is a guess: it names
    spans and ``url.template``, never ``http.route``.

    Only answers of 2xx and 304 teach: whatever a scanner asks for leaves no trace. A path that was never answered well
    has no template (``None``: the method alone names the request), nor has one that comes when a bound is reached. The same order
    of requests gives the same names. Safe to use from several threads, and after a fork.

    Args:
        max_templates: Distinct templates that are ever given, 1 or more.
        on_metrics: Whether inferred templates go on metrics too.

    Attributes:
        max_templates: As given.
        on_metrics: As given.

    Raises:
        ConfigurationError: A setting is of the wrong type or out of range.
    """

    def __init__(self, *, max_templates: int = 2000, on_metrics: bool = False) -> None:
        problems = []
        if isinstance(max_templates, bool) or not isinstance(max_templates, int) or max_templates < 1:
            problems.append(f"max_templates={max_templates!r} is not a whole number, 1 or more")
        if not isinstance(on_metrics, bool):
            problems.append(f"on_metrics={on_metrics!r} is neither True nor False")
        if problems:
            raise ConfigurationError(*problems)
        self.max_templates = max_templates
        self.on_metrics = on_metrics
        self._learner = Learner(lexicon(), max_templates)
        self._paths = RecentPaths(self._learner)
        self._declared: RouteTable | None = None
        self._hits: dict[str, int] = {}
        self._renew_lock()
        renewed_in_child(self, InferredRoutes._renew_lock)

    def _renew_lock(self) -> None:
        self._lock = threading.Lock()

    def template_of(self, path: str) -> str | None:
        """The template of *path* as far as it is known, ``None`` when it is not; learns nothing.

        Args:
            path: Decoded, with its leading slash, without query. A trailing slash and empty segments mean nothing.
        """
        with self._lock:
            return self._declared_template_of(path) or self._paths.template_of(path)

    def learn(self, path: str, status: int) -> str | None:
        """Take a finished request into account, and give its template or ``None``.

        Args:
            path: As for ``template_of``.
            status: What was answered. 2xx and 304 teach; with any other the path is only looked up.
        """
        if not isinstance(status, int) or not (200 <= status < 300 or status == _NOT_MODIFIED):  # noqa: PLR2004
            return self.template_of(path)
        with self._lock:
            declared = None if self._declared is None else self._declared_template_of(path)
            if declared is None:
                return self._paths.learn(path)
            self._hits[declared] += 1
            return declared

    def export(self) -> str:
        """The routes as text to be read, edited and loaded: sorted, one a line, with hits, first occurrence and reason."""
        with self._lock:
            self._paths.settle()
            learned = list(self._learner.routes())
            declared = [LearnedRoute(name, hits, 0, "loaded") for name, hits in self._hits.items()]
        return text_of(declared + learned)

    def load(self, text: str) -> None:
        """Declare the routes of an exported, perhaps edited, text, in place of all that was learned.

        They are matched as a ``RouteTable`` matches and outrank learning. From here on no name changes: paths that no line
        names are learned only where a segment is beyond doubt, and get no template otherwise.

        Raises:
            ConfigurationError: Lines are malformed or contradict each other; each is named. Nothing has changed then.
        """
        if not isinstance(text, str):
            raise ConfigurationError(f"text must be what export() gave, not {text!r}")
        declared = RouteTable(declarations_of_text("text", text))
        with self._lock:
            self._declared = declared
            self._hits = dict.fromkeys(declared.templates, 0)
            self._learner = SettledLearner(lexicon(), max(0, self.max_templates - len(declared.templates)))
            self._paths = RecentPaths(self._learner)

    def _declared_template_of(self, path: str) -> str | None:
        return None if self._declared is None else self._declared.match(_canonical(path))

    def __repr__(self) -> str:
        return f"InferredRoutes(max_templates={self.max_templates}, on_metrics={self.on_metrics})"


def _canonical(path: str) -> str:
    """*path* without parameters and empty segments."""
    path = without_parameters(path)
    return _SLASHES.sub("/", path) if "//" in path else path or "/"
