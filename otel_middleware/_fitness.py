"""Whether the installed upstream is as :mod:`~otel_middleware._upstream` knows it: tried out once, while a stack is built.

A release that is not must not break an application: it is then served by upstream alone, and that is said once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.context import attach, get_current

from otel_middleware import _attributes as names
from otel_middleware._consultation import DUMMY_CONTEXT
from otel_middleware._guard import say_once
from otel_middleware._proposals import Proposal
from otel_middleware._seams import ASKING
from otel_middleware._upstream import DURATION_NEW, DURATION_OLD

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["SAMPLE_PATH", "plain", "prove"]

SAMPLE_PATH = "/otel-middleware/sample"
"""The path of the request that upstream is tried with."""

_PATHS = (names.URL_PATH, names.OLD_HTTP_TARGET)
_PASSED_ON = ("tracer_provider", "meter_provider", "exclude_spans", "default_span_details")
"""Options that upstream has under the same name; not header capture, which it would not redact."""


def prove(ask: Callable[[Any], None], sample: Any) -> None:
    """Ask upstream about *sample*, a request for ``SAMPLE_PATH``; no span is started and nothing is recorded.

    Raises:
        RuntimeError: For what is not as it is relied on, and whatever upstream raises.
    """
    proposal, previous = Proposal(), get_current()
    asking = ASKING.set(proposal)
    # A stack may be built where instrumentation is suppressed; and no propagator of the user's is asked.
    attach(DUMMY_CONTEXT)
    try:
        ask(sample)
    finally:
        attach(previous)
        ASKING.reset(asking)
    if proposal.tracer is None:
        raise RuntimeError("it starts no span through its tracer provider")
    if SAMPLE_PATH not in (proposal.attributes.get(name) for name in _PATHS):
        raise RuntimeError("its span does not start with the path")
    if not any(record[0] in (DURATION_NEW, DURATION_OLD) for record in proposal.records):
        raise RuntimeError("it records no duration through its meter provider")


def plain(middleware: Callable[..., Any], app: Any, given: Mapping[str, Any], error: Exception) -> Any:
    """*app* in upstream's *middleware* alone, because of *error*.

    Args:
        middleware: Upstream's class.
        app: The application.
        given: The options of ``instrument``.
        error: What was found.
    """
    kind = f"{middleware.__module__}.OpenTelemetryMiddleware"
    say_once(
        ("unfit", kind), f"trying out {kind}", error, "requests are served by it alone, without what this package adds"
    )
    known = {name: given[name] for name in _PASSED_ON if given.get(name) is not None}
    try:
        return middleware(app, **known)
    except TypeError:  # it does not even take these
        return middleware(app)
