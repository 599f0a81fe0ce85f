"""Which variants are measured beside which: rows are compared inside one group, one process and one run only."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["GROUPS", "Group", "environment"]

CAPTURED = {
    "http_capture_headers_server_request": ["accept", "x-request-id", "authorization"],
    "http_capture_headers_sanitize_fields": ["authorization"],
}


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
        "core + capture": partial(core, **CAPTURED),
        "core + inference": partial(core, routes=None),
        "ours": partial(stacks.ours, protocol, app),
        **{f"by hand: {layer}": partial(by_hand, layer, **lean) for layer in every},
        "by hand: all four": partial(by_hand, *every, **lean),
    }
    return Group(lambda: app, drive, variants)


def settings(protocol):
    """Upstream and the whole stack under other telemetry: unsampled, without metrics, batching, with captured headers."""
    from benchmarks import stacks  # noqa: PLC0415

    app, drive = _bare(protocol)
    lean = {"exclude_spans": stacks.LEAN} if protocol == "asgi" else {}
    telemetries = {
        "unsampled": stacks.unsampled,
        "without metrics": stacks.without_metrics,
        "BatchSpanProcessor": stacks.batching,
    }
    variants = {}
    for name, telemetry in telemetries.items():
        variants[f"lean, {name}"] = partial(stacks.upstream, protocol, app, telemetry, **lean)
        variants[f"ours, {name}"] = partial(stacks.ours, protocol, app, telemetry)
    variants["lean, captured"] = partial(captured_upstream, protocol, app, **lean)
    variants["ours, captured"] = partial(stacks.ours, protocol, app, **CAPTURED)
    return Group(lambda: app, drive, variants)


def captured_upstream(protocol, app, **options):
    """Upstream with three captured headers: arguments on ASGI, on WSGI it only reads its environment variables, per request."""
    import os  # noqa: PLC0415

    from benchmarks import stacks  # noqa: PLC0415

    if protocol == "asgi":
        return stacks.upstream(protocol, app, **CAPTURED, **options)
    prefix = "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS"
    os.environ[f"{prefix}_SERVER_REQUEST"] = ",".join(CAPTURED["http_capture_headers_server_request"])
    os.environ[f"{prefix}_SANITIZE_FIELDS"] = ",".join(CAPTURED["http_capture_headers_sanitize_fields"])
    return stacks.upstream(protocol, app, **options)


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
            " stream": streams,
            " excluded": excluded,
            " old": overhead,
            " dup": overhead,
        }.items()
    },
}
"""By name; a name that ends with ``old`` or ``dup`` runs under those semantic conventions, all others under ``http``."""

_MODES = {"old": "default", "dup": "http/dup"}


def environment(name):
    """Return the environment variables of a group's process."""
    return {"OTEL_SEMCONV_STABILITY_OPT_IN": _MODES.get(name.rpartition(" ")[2], "http"), "PYTHONHASHSEED": "0"}
