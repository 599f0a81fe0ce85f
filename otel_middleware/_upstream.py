"""Every detail of upstream that this package relies on, in one place.

``opentelemetry-instrumentation-asgi`` and ``-wsgi`` are used unmodified. What is relied on, each guarded by a test in
``tests/test_upstream_guards.py``, and the first three tried out while a stack is built (:mod:`~otel_middleware._fitness`):

* ``OpenTelemetryMiddleware`` takes ``tracer_provider`` and ``meter_provider`` and asks them for ``get_tracer`` /
  ``get_meter``, the meter for ``create_histogram`` and ``create_up_down_counter``.
* One ``start_span(name=..., attributes=...)`` by keyword per request, before the application is called, and the application is
  called within upstream's own call. A current span makes it extract nothing.
* ``is_recording() == False`` is respected: nothing is read from or written on such a span, but the status of an exception by
  WSGI's, and its end.
* Metric attributes are one fresh ``dict`` per request and instrument.
* In stable conventions what it proposes depends on type, method, scheme, protocol version, path and user agent alone; of the last
  two it makes ``url.path`` and ``user_agent.*`` only (:mod:`~otel_middleware._proposals`).
* Names and units of the instruments below.
* For ``SanitizationMiddleware`` alone: the application is kept in ``.app`` (ASGI) or ``.wsgi`` (WSGI), and both can be assigned.
* The semantic convention mode is read from the environment once, when the first instrumentation is constructed.

Of the API, the SDK and the instrumentors:

* The API's meter provider stands in for the one that is set later, and keeps it as ``REAL_METER_PROVIDER``, ``None`` before
  (:mod:`~otel_middleware._seams`, :mod:`~otel_middleware._per_provider`).
* Baggage stands in a context under one key, which ``set_baggage`` in an empty context shows, and any ``dict`` there is taken for
  baggage (:mod:`~otel_middleware._baggage`).
* A labeler stands in a context under ``LABELER_CONTEXT_KEY``, and tells what it was given by ``get_attributes``
  (:mod:`~otel_middleware._labeler`).
* An instrumentor of applications sets ``INSTRUMENTED`` on each, one of the whole process on its ``ONE_INSTANCE``
  (:mod:`~otel_middleware._neighbours`).
* A live span of the SDK has ``end_time``, ``None`` until it has ended, and ``dropped_attributes``, not 0 once the limit made one
  go (:mod:`~otel_middleware._report`).
* Of a span that has ended all processors are given one and the same object, in their order; it is no object of the application's
  and tells what stands in its ``SNAPSHOT_FIELDS`` (:mod:`~otel_middleware.sdk.sanitizing`).
"""

from __future__ import annotations

import logging
import os

from otel_middleware._once import Once

__all__ = [
    "ACTIVE_REQUESTS",
    "DURATION_NEW",
    "DURATION_OLD",
    "INSTRUMENTED",
    "LABELER",
    "LABELER_CONTEXT_KEY",
    "ONE_INSTANCE",
    "REAL_METER_PROVIDER",
    "REQUEST_SIZES",
    "RESPONSE_SIZES",
    "SNAPSHOT_FIELDS",
    "choose_semantic_conventions",
]

DURATION_OLD = "http.server.duration"
"""Milliseconds, whole; exists where old conventions are reported."""

DURATION_NEW = "http.server.request.duration"
"""Seconds; exists where stable conventions are reported."""

ACTIVE_REQUESTS = "http.server.active_requests"

REQUEST_SIZES = {DURATION_OLD: "http.server.request.size", DURATION_NEW: "http.server.request.body.size"}
"""The size instrument that stands beside each duration."""

RESPONSE_SIZES = {DURATION_OLD: "http.server.response.size", DURATION_NEW: "http.server.response.body.size"}

REAL_METER_PROVIDER = "_real_meter_provider"

LABELER = "opentelemetry.instrumentation._labeler"
"""The module of the labeler, in newer releases."""

LABELER_CONTEXT_KEY = "LABELER_CONTEXT_KEY"
"""Where the ``_internal`` of that module has its key of a context."""

INSTRUMENTED = "_is_instrumented_by_opentelemetry"

ONE_INSTANCE = "_instance"
"""Of the class of an instrumentor; ``None`` as long as nobody has made one."""

SNAPSHOT_FIELDS = ("_context", "_name", "_attributes", "_events", "_links", "_status")

_OPT_IN = "OTEL_SEMCONV_STABILITY_OPT_IN"
_log = logging.getLogger("otel_middleware")
_late = Once()


def choose_semantic_conventions(*, by_hand: bool = False) -> None:
    """Choose stable HTTP conventions where the user chose none.

    Upstream reads ``OTEL_SEMCONV_STABILITY_OPT_IN`` once per process. When it is unset it is set to ``http`` before
    upstream's first use; when upstream was in use already, and so reports old names, that is said once.

    Args:
        by_hand: Whether the user builds upstream's middleware himself: then nothing is said.
    """
    if os.environ.get(_OPT_IN):
        return
    if _already_read():
        if not by_hand and _late.first():
            _log.warning(
                "OpenTelemetry's HTTP instrumentation was initialised before otel_middleware, with old semantic conventions; "
                "set %s=http in the environment, or construct otel_middleware first, to get stable attribute names",
                _OPT_IN,
            )
        return
    os.environ[_OPT_IN] = "http"


def _already_read() -> bool:
    from opentelemetry.instrumentation import _semconv  # noqa: PLC0415 - private: looked at where it is needed, and guarded

    stability = getattr(_semconv, "_OpenTelemetrySemanticConventionStability", None)
    return bool(getattr(stability, "_initialized", False))
