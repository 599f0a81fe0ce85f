"""Which variants are measured beside which: rows are compared inside one group, one process and one run only."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["GROUPS", "Group", "environment"]

_CAPTURED, _MASKED = ("accept", "x-request-id", "authorization"), "authorization"


class Group(NamedTuple):
    """Variants over one bare application.

    *drive* is called with an application and a number of requests.
    """

    bare: Callable[[], Any]
    drive: Callable[[Any, int], None]
    variants: Mapping[str, Callable[[], Any]]


def overhead(protocol):
    """The bare application, upstream's forms, and the whole stack."""
    from benchmarks import stacks  # noqa: PLC0415 - upstream reads its semantic conventions when it is first used

    app, drive = _bare(protocol)
    variants = {
        "null": lambda: app,
        "default": partial(stacks.upstream, protocol, app),
        "lean": partial(stacks.upstream, protocol, app, exclude_spans=stacks.LEAN),
        "ours": partial(stacks.ours, protocol, app),
    }
    if protocol == "wsgi":  # has no spans of single messages
        del variants["lean"]
    return Group(lambda: app, drive, variants)


def layers(protocol):
    """Each concern alone, in the stack and by hand around upstream's own middleware."""
    from benchmarks import stacks  # noqa: PLC0415
    from otel_middleware import Sanitizer, TenantFromHeader  # noqa: PLC0415

    app, drive = _bare(protocol)
    lean = {"exclude_spans": stacks.LEAN} if protocol == "asgi" else {}
    core, by_hand = partial(stacks.core, protocol, app), partial(stacks.by_hand, protocol, app)
    every = ("route", "status", "tenant", "sanitization")
    variants = {
        "lean": partial(stacks.upstream, protocol, app, **lean),
        "core": core,
        "core + route": partial(core, routes=stacks.TEMPLATES),
        "core + tenant": partial(core, tenant=TenantFromHeader("x-tenant-id")),
        "core + sanitization": partial(core, sanitizer=Sanitizer()),
        "core + capture": partial(
            core,
            http_capture_headers_server_request=_CAPTURED,
            http_capture_headers_sanitize_fields=[_MASKED],
        ),
        "core + inference": partial(core, routes=None),
        "ours": partial(stacks.ours, protocol, app),
        **{f"by hand: {layer}": partial(by_hand, layer, **lean) for layer in every},
        "by hand: all four": partial(by_hand, *every, **lean),
    }
    return Group(lambda: app, drive, variants)


def settings(protocol):
    """Upstream and the whole stack under other telemetry: unsampled, without metrics, batching."""
    from benchmarks import stacks  # noqa: PLC0415

    app, drive = _bare(protocol)
    lean = {"exclude_spans": stacks.LEAN} if protocol == "asgi" else {}
    telemetries = {
        "unsampled": stacks.unsampled,
        "without metrics": stacks.without_metrics,
        "BatchSpanProcessor": stacks.batching,
        "no sizes of responses": stacks.without_response_sizes,
    }
    variants = {}
    for name, telemetry in telemetries.items():
        variants[f"lean, {name}"] = partial(stacks.upstream, protocol, app, telemetry, **lean)
        variants[f"ours, {name}"] = partial(stacks.ours, protocol, app, telemetry)
    return Group(lambda: app, drive, variants)


def streams(protocol):
    """A response of a hundred chunks."""
    from benchmarks import stacks, traffic  # noqa: PLC0415

    app = getattr(traffic, f"{protocol}_stream")
    lean = {"exclude_spans": stacks.LEAN} if protocol == "asgi" else {}
    variants = {
        "lean": partial(stacks.upstream, protocol, app, **lean),
        "ours": partial(stacks.ours, protocol, app),
    }
    return Group(lambda: app, _drive(protocol), variants)


def excluded(protocol):
    """A request whose path is excluded."""
    from benchmarks import stacks  # noqa: PLC0415

    app, _ = _bare(protocol)
    variants = {"ours": partial(stacks.ours, protocol, app, excluded_urls="healthz,^/metrics$")}
    if protocol == "asgi":  # on WSGI it has no exclusion
        from opentelemetry.util.http import parse_excluded_urls  # noqa: PLC0415

        lists = parse_excluded_urls("healthz,^/metrics$")
        variants["lean"] = partial(stacks.upstream, protocol, app, exclude_spans=stacks.LEAN, excluded_urls=lists)
    return Group(lambda: app, _drive(protocol, path="/healthz"), variants)


def fastapi():
    """FastAPI with 200 routes, the last one hit."""
    from benchmarks import frameworks  # noqa: PLC0415

    variants = {
        "instrumentor": frameworks.instrumented_fastapi,
        "FastAPI's own telemetry": frameworks.native_fastapi,
        "ours": frameworks.our_fastapi,
    }
    return Group(frameworks.fastapi_app, _drive("asgi", path=frameworks.LAST), variants)


def flask():
    """Flask with 200 routes, the last one hit."""
    from benchmarks import frameworks  # noqa: PLC0415

    variants = {"instrumentor": frameworks.instrumented_flask, "ours": frameworks.our_flask}
    return Group(frameworks.flask_app, _drive("wsgi", path=frameworks.LAST), variants)


def _bare(protocol):
    from benchmarks import traffic  # noqa: PLC0415

    return getattr(traffic, f"{protocol}_app"), _drive(protocol)


def _drive(protocol, **request):
    from benchmarks import traffic  # noqa: PLC0415

    return getattr(traffic, f"drive_{protocol}")(**request)


GROUPS = {
    "fastapi": fastapi,
    "flask": flask,
    **{
        f"{protocol}{suffix}": partial(group, protocol)
        for protocol in ("asgi", "wsgi")
        for suffix, group in {
            "": overhead,
            " layers": layers,
            " settings": settings,
            " captured": overhead,
            " stream": streams,
            " excluded": excluded,
            " old": overhead,
            " dup": overhead,
        }.items()
    },
}
"""By name; the last word of a name may choose the environment of its process."""

_ENVIRONMENTS = {
    "old": {"OTEL_SEMCONV_STABILITY_OPT_IN": "default"},
    "dup": {"OTEL_SEMCONV_STABILITY_OPT_IN": "http/dup"},
    "captured": {
        "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST": ",".join(_CAPTURED),
        "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SANITIZE_FIELDS": _MASKED,
    },
}


def environment(name):
    """Return the environment variables of a group's process: stable semantic conventions unless its name says otherwise."""
    chosen = _ENVIRONMENTS.get(name.rpartition(" ")[2], {})
    return {"OTEL_SEMCONV_STABILITY_OPT_IN": "http", "PYTHONHASHSEED": "0", **chosen}
