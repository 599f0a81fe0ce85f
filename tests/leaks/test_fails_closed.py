"""A sanitizer that fails lets nothing out, and costs no request."""

from __future__ import annotations

import pytest
from canaries import Canaries
from harness import Described
from hearing import Hearing
from test_leaks import CAPTURE, UPSTREAM, WAYS, capture_everything, carrier_with_canaries, ways_to_fail

from otel_middleware import ErrorStatuses, Sanitizer

SINKS = ("query", "path", "url", "header", "text", "message", "exception", "redactions")


def broken(*sinks):
    """A sanitizer whose methods raise."""

    def raises(*_, **__):
        raise RuntimeError("broken")

    return type("Broken", (Sanitizer,), dict.fromkeys(sinks, raises))()


def never_sure(_rule, _name, value):
    raise RuntimeError(value)


SANITIZERS = {sink: lambda sink=sink: broken(sink) for sink in SINKS} | {
    "everything": lambda: broken(*SINKS),
    "keep": lambda: Sanitizer(keep=never_sure),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", SANITIZERS)
@pytest.mark.parametrize("by_hand", [False, True], ids=["instrumented", "by hand"])
def test_a_broken_sanitizer_lets_nothing_out(protocol, kind, way, by_hand, monkeypatch):
    """Whatever of it raises, no canary is heard and the server gets what the application answered."""
    canary, sanitizer = Canaries(), SANITIZERS[kind]()
    described = ways_to_fail(canary)[way]
    with Hearing() as hearing:
        if by_hand:
            capture_everything(monkeypatch)
            upstream = UPSTREAM[protocol.name](protocol.build(described), **hearing.providers)
            app = protocol.module.SanitizationMiddleware(upstream, sanitizer)
        else:
            app = protocol.module.instrument(
                protocol.build(described),
                sanitizer=sanitizer,
                errors=ErrorStatuses(from_logs=True),
                **CAPTURE,
                **hearing.providers,
            )
        answer = protocol.call(app, carrier_with_canaries(protocol, canary))

    assert answer.error is (described.raises_before or described.raises_after_start)
    if answer.error is None:
        assert (answer.status, answer.body) == (described.status, b"ok")
    assert not hearing.leaks(canary.planted)
    if kind in ("message", "exception", "redactions", "keep"):
        (span,) = [span for span in hearing.spans if span.kind.name == "SERVER"]
        assert bool(span.attributes.get("error.type")) == (way not in ("answers", "redirects", "not found"))


class Refuses(Sanitizer):
    """Cannot judge templates."""

    def path(self, path):
        if "{" in path or "<" in path:
            raise ValueError("no")
        return super().path(path)


@pytest.mark.parametrize("raises", [False, True])
def test_a_sanitizer_that_cannot_judge_a_template_costs_the_route(protocol, telemetry, raises):
    """What the application answers or raises stays its own."""
    key = "ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    described = Described(raises_before=KeyError("lost") if raises else None)
    table = protocol.module.RouteTemplateMiddleware(protocol.build(described), ["/k/{t}"])
    app = protocol.module.instrument(table, sanitizer=Refuses(), **telemetry.providers)
    answer = protocol.get(app, f"/k/{key}")

    assert (type(answer.error) is KeyError) if raises else answer.status == 200
    assert key not in telemetry.request().to_json()
