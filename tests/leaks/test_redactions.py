"""Where something was masked and why is counted; what it was is not told."""

from __future__ import annotations

import gc
import logging
import threading

import pytest
from harness import Asgi, Described, Wsgi
from hearing import Hearing
from opentelemetry import metrics
from opentelemetry.instrumentation import asgi as upstream_asgi
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.metrics._internal import _ProxyMeterProvider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from otel_middleware import Sanitizer
from otel_middleware._redactions import count_redactions
from otel_middleware.sdk import SanitizingSpanProcessor
from otel_middleware.testing import Telemetry

METRIC = "otel_middleware.redactions"


def counted(telemetry):
    """The points as ``{(place, rule): count}``."""
    points = [
        (
            point.attributes["otel_middleware.redaction.place"],
            point.attributes["otel_middleware.redaction.rule"],
            point.value,
        )
        for point in telemetry.points(METRIC)
    ]
    assert len({point[:2] for point in points}) == len(points)
    return {(place, rule): count for place, rule, count in points}


def test_redactions_are_counted_by_place_and_rule(protocol, telemetry):
    """Each redaction of a request is counted where it happened, in our own scope; a clean request adds nothing."""
    app = protocol.module.instrument(
        protocol.build(Described()), http_capture_headers_server_request=["cookie"], **telemetry.providers
    )
    assert counted(telemetry) == {}
    for _ in range(2):
        protocol.get(app, "/a;jsessionid=x1", query="token=x2&sig=x3&sig=x4", headers=[("cookie", "sid=x5")])
    protocol.get(app, "/b", query="page=1")

    assert counted(telemetry) == {
        ("path", "JSESSIONID"): 2,
        ("query", "token"): 2,
        ("query", "sig"): 4,
        ("header", "cookie"): 2,
    }


def test_an_agent_that_comes_again_is_masked_and_counted_again(protocol, telemetry):
    """A secret in the user agent counts in each request; ``keep`` is asked in each."""
    kept = iter([True, False, True])
    agents = [("user-agent", "bot/1 token=hush")]
    for options in ({}, {"sanitizer": Sanitizer(keep=lambda *_: next(kept))}):
        app = protocol.module.instrument(protocol.build(Described()), **options, **telemetry.providers)
        for _ in range(3):
            protocol.get(app, headers=agents)

    assert counted(telemetry) == {("header", "token"): 4}
    shown = [
        span.attributes.get("user_agent.original") or span.attributes["http.user_agent"] for span in telemetry.spans
    ]
    masked, whole = "bot/1 token=REDACTED", "bot/1 token=hush"
    assert shown == [masked, masked, masked, whole, masked, whole]


def test_exceptions_are_counted(protocol, telemetry):
    """What an exception said is counted as an exception's."""
    app = protocol.module.instrument(
        protocol.build(Described(raises_before=ValueError("token=x"))), sanitizer=Sanitizer(), **telemetry.providers
    )
    protocol.get(app)

    assert set(counted(telemetry)) == {("exception", "token")}


def test_stacks_share_one_counter(telemetry):
    """Many stacks with many sanitizers on one provider have one instrument, which adds up what all of them masked."""
    protocols, shared = (Asgi(), Wsgi()), Sanitizer()
    options = [{"sanitizer": shared}, {"sanitizer": shared}, {"sanitizer": Sanitizer()}, {}, {}]
    for protocol in protocols:
        for given in options:
            app = protocol.module.instrument(protocol.build(Described()), **given, **telemetry.providers)
            protocol.get(app, query="token=x")

    assert counted(telemetry) == {("query", "token"): 10}


def test_each_provider_observes_a_shared_sanitizer(protocol):
    """The default sanitizer is shared between stacks; every provider sees what was masked since it watches."""
    kits = [Telemetry(), Telemetry()]
    apps = []
    for kit in kits:
        apps.append(protocol.module.instrument(protocol.build(Described()), **kit.providers))
        protocol.get(apps[0], query="token=x")

    assert [counted(kit) for kit in kits] == [{("query", "token"): 2}, {("query", "token"): 1}]


def test_the_counter_starts_with_its_provider(telemetry):
    """What a sanitizer masked before a provider watched it is not that provider's."""
    sanitizer = Sanitizer()
    sanitizer.query("token=x")
    count_redactions(telemetry.meter_provider, sanitizer)
    assert counted(telemetry) == {}
    sanitizer.query("token=x")

    assert counted(telemetry) == {("query", "token"): 1}


def test_a_provider_and_its_proxy_share_one_counter():
    """A stack that was built before the global provider was set counts on the same instrument as later ones."""
    proxy, reader, sanitizer = _ProxyMeterProvider(), InMemoryMetricReader(), Sanitizer()
    count_redactions(proxy, sanitizer)
    real = MeterProvider([reader])
    proxy.on_set_meter_provider(real)
    count_redactions(real, sanitizer)
    sanitizer.query("token=x")

    found = [
        metric
        for resource in reader.get_metrics_data().resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    ]
    assert [metric.name for metric in found] == [METRIC]
    assert [point.value for point in found[0].data.data_points] == [1]


def test_no_sanitizer_or_no_metrics_cost_nothing():
    """Without a sanitizer no instrument is made; a provider that measures nothing is left alone."""
    hearing = Hearing()
    count_redactions(hearing.meter_provider, None)
    count_redactions(NoOpMeterProvider(), Sanitizer())

    assert list(hearing.points()) == []


def test_by_hand_and_processor_count_on_the_global_provider(monkeypatch):
    """The classes that take no meter provider count on the global one."""
    telemetry = Telemetry()
    monkeypatch.setattr(metrics._internal, "_METER_PROVIDER", telemetry.meter_provider)
    protocol = Asgi()
    upstream = upstream_asgi.OpenTelemetryMiddleware(protocol.build(Described()), **telemetry.providers)
    app = protocol.module.SanitizationMiddleware(upstream, Sanitizer())
    telemetry.tracer_provider.add_span_processor(SanitizingSpanProcessor())
    protocol.get(app, query="token=x")
    telemetry.tracer_provider.get_tracer("app").start_span("work", attributes={"note": "token=x"}).end()

    assert counted(telemetry) == {("query", "token"): 1, ("text", "token"): 1}


def test_a_provider_is_not_kept_alive():
    """Counting holds no provider in memory."""
    from weakref import ref  # noqa: PLC0415

    provider = MeterProvider()
    count_redactions(provider, Sanitizer())
    provider.shutdown()
    gone = ref(provider)
    del provider
    gc.collect()

    assert gone() is None


def test_no_count_is_lost_between_threads():
    """Threads that mask at once are all counted."""
    sanitizer = Sanitizer()
    threads = [threading.Thread(target=lambda: [sanitizer.query("token=x") for _ in range(500)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sanitizer.redactions() == {("query", "token"): 2_000}


@pytest.mark.parametrize(
    "query", ["token=hunter7", "t%6Fken=hunter7", "a[token]=hunter7", "v=ghp_hunter7hunter7hunter7"]
)
def test_a_debug_line_names_key_and_rule_and_never_the_value(protocol, telemetry, caplog, query):
    """Through the stack as by itself: the log says where and why, never what."""
    caplog.set_level(logging.DEBUG, "otel_middleware")
    app = protocol.module.instrument(protocol.build(Described()), **telemetry.providers)
    protocol.get(app, query=query)

    said = [record.getMessage() for record in caplog.records if record.name == "otel_middleware"]
    assert any("redacted in query" in line and "rule" in line for line in said)
    assert "hunter7" not in str([(record.msg, record.args) for record in caplog.records])
