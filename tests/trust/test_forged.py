"""What a stranger and a believed caller can make us report, header by header."""

from __future__ import annotations

import re
import tracemalloc

import pytest
from harness import Described
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry import baggage
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased
from opentelemetry.trace import NoOpTracerProvider

from otel_middleware import TenantFromHeader, Tenants, TrustPolicy
from otel_middleware._consultation import _RequestGetter
from otel_middleware.request import Request

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SAMPLED, UNSAMPLED = (("traceparent", f"00-{TRACE}-{SPAN}-{flags}") for flags in ("01", "00"))
STATE = ("tracestate", "vendor=abc")
BAGGAGE = ("baggage", "tenant.id=forged,admin=true")
TENANT = ("x-tenant-id", "acme")
FORWARDED = [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-proto", "https"), ("x-forwarded-host", "evil.example")]

EVERYONE = TrustPolicy()
PUBLIC = TrustPolicy(trace_context=False)
NO_BAGGAGE = TrustPolicy(baggage=False)
OURS = TrustPolicy(caller=lambda request: request.header("x-key") == "ours")
INSIDE = TrustPolicy(caller=lambda request: (request.client or "").startswith("192.0.2."))
BROKEN = TrustPolicy(caller=lambda request: request.header("x-none").lower())
KEY = ("x-key", "ours")


def reported(protocol, telemetry, trust, headers, **request):
    """What one request made us report, and what the application saw."""
    seen = {}
    described = Described(inside=lambda _: seen.update(baggage=dict(baggage.get_all())))
    app = protocol.module.instrument(
        protocol.build(described), trust=trust, tenant=TenantFromHeader(), **telemetry.providers
    )
    answer = protocol.get(app, "/", headers=headers, **request)
    assert (answer.status, answer.error) == (200, None)
    return telemetry.request(), seen["baggage"]


CHILD = {"parent": True, "links": 0}
LINKED = {"parent": False, "links": 1}
ROOT = {"parent": False, "links": 0}
ENTRIES = {"tenant.id": "forged", "admin": "true"}


@pytest.mark.parametrize(
    ("trust", "headers", "place", "carried", "tenant"),
    [
        (EVERYONE, [SAMPLED, STATE, BAGGAGE, TENANT], CHILD, ENTRIES, "acme"),  # as upstream
        (EVERYONE, [UNSAMPLED, TENANT], None, {}, None),  # a believed caller's flag counts: nothing is recorded
        (PUBLIC, [SAMPLED, STATE, BAGGAGE, TENANT], LINKED, {}, "unknown"),
        (PUBLIC, [UNSAMPLED, STATE, BAGGAGE, TENANT], LINKED, {}, "unknown"),  # recorded all the same
        (PUBLIC, [BAGGAGE], ROOT, {}, "unknown"),  # baggage without a trace
        (PUBLIC, [KEY, SAMPLED], LINKED, {}, "unknown"),  # nobody is believed, whatever they know
        (OURS, [SAMPLED, STATE, BAGGAGE, TENANT], LINKED, {}, "unknown"),
        (OURS, [("x-key", "theirs"), SAMPLED, BAGGAGE, TENANT], LINKED, {}, "unknown"),
        (OURS, [KEY, SAMPLED, STATE, BAGGAGE, TENANT], CHILD, ENTRIES, "acme"),
        (NO_BAGGAGE, [SAMPLED, STATE, BAGGAGE, TENANT], CHILD, {}, "acme"),  # baggage alone is dropped
        (INSIDE, [SAMPLED, BAGGAGE, TENANT], CHILD, ENTRIES, "acme"),  # the client that policies see is the peer
        (INSIDE, [SAMPLED, BAGGAGE, TENANT, *FORWARDED], CHILD, ENTRIES, "acme"),  # nobody's word moves it
        (BROKEN, [SAMPLED, BAGGAGE, TENANT], LINKED, {}, "unknown"),  # a broken gate stays shut
        (EVERYONE, [("traceparent", "00-xyz")], ROOT, {}, "unknown"),  # malformed
        (EVERYONE, [("traceparent", f"00-{'0' * 32}-{SPAN}-01")], ROOT, {}, "unknown"),  # an invalid id
        (PUBLIC, [("traceparent", f"00-{'0' * 32}-{SPAN}-01")], ROOT, {}, "unknown"),  # which cannot be linked either
        (EVERYONE, [("traceparent", f"{SAMPLED[1]}, {SAMPLED[1]}")], ROOT, {}, "unknown"),  # two are none
        (EVERYONE, [SAMPLED, ("baggage", "=;,,%ff"), TENANT], CHILD, {}, "acme"),
        (EVERYONE, [("x-tenant-id", "forged tenant")], ROOT, {}, "unknown"),
    ],
)
def test_trace_context_baggage_and_tenant(protocol, telemetry, trust, headers, place, carried, tenant):
    """One gate: a believed caller is the parent, another a link; flag, baggage and tenant count for the former alone."""
    if place is None:
        with pytest.raises(AssertionError, match="no span"):
            reported(protocol, telemetry, trust, headers)
        assert telemetry.spans == ()
        return
    span, entries = reported(protocol, telemetry, trust, headers)
    parented = span.parent is not None and format(span.parent.span_id, "016x") == SPAN

    assert {"parent": parented, "links": len(span.links)} == place
    assert entries == carried
    assert span.attributes["tenant.id"] == tenant
    assert (format(span.context.trace_id, "032x") == TRACE) == parented
    if place is LINKED:
        (link,) = span.links
        assert (format(link.context.trace_id, "032x"), format(link.context.span_id, "016x")) == (TRACE, SPAN)
        assert span.parent is None


@pytest.mark.parametrize(
    ("sampler", "trust", "headers", "recorded"),
    [
        (ParentBased(ALWAYS_ON), EVERYONE, [UNSAMPLED], False),  # as upstream
        (ParentBased(ALWAYS_ON), PUBLIC, [UNSAMPLED], True),  # a stranger cannot hide
        (ParentBased(ALWAYS_ON), OURS, [UNSAMPLED], True),
        (ParentBased(ALWAYS_ON), OURS, [KEY, UNSAMPLED], False),
        (ParentBased(ALWAYS_OFF), EVERYONE, [SAMPLED], True),
        (ParentBased(ALWAYS_OFF), PUBLIC, [SAMPLED], False),  # nor make us record
        (ParentBased(ALWAYS_OFF), OURS, [SAMPLED], False),
        (ParentBased(ALWAYS_OFF), OURS, [KEY, SAMPLED], True),
    ],
)
def test_a_strangers_sampling_flag_is_ignored(protocol, telemetry, sampler, trust, headers, recorded):
    """The caller's flag reaches a parent-based sampler only when it is believed; the request is measured in any case."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(sampler=sampler, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    described = Described(inside=lambda _: provider.get_tracer("app").start_span("child").end())
    app = protocol.module.instrument(
        protocol.build(described), trust=trust, tracer_provider=provider, meter_provider=telemetry.meter_provider
    )
    protocol.get(app, "/", headers=headers)

    assert len(exporter.get_finished_spans()) == (2 if recorded else 0)
    assert telemetry.metric("http.server.request.duration").count == 1


@pytest.mark.parametrize("trust", [PUBLIC, NO_BAGGAGE], ids=["public", "no baggage"])
def test_baggage_that_somebody_around_us_extracted_is_dropped_too(protocol, telemetry, trust):
    """Upstream's own middleware around ours has attached the caller's baggage: it does not reach the application."""
    from opentelemetry.instrumentation import asgi, wsgi  # noqa: PLC0415 - the two whose names are our modules'

    around = {"asgi": asgi, "wsgi": wsgi}[protocol.name].OpenTelemetryMiddleware
    seen = []
    described = Described(inside=lambda _: seen.append(dict(baggage.get_all())))
    app = protocol.module.instrument(protocol.build(described), trust=trust, **telemetry.providers)
    protocol.get(around(app, **telemetry.providers), "/", headers=[SAMPLED, BAGGAGE])

    assert seen == [{}]


PROXIED = TrustPolicy(proxies=["192.0.2.0/24"])
ELSEWHERE = TrustPolicy(proxies=["10.0.0.0/8"])
BELIEVED = {
    "client.address": "203.0.113.9",
    "url.scheme": "https",
    "server.address": "evil.example",
    "server.port": 443,
}
OWN = {"client.address": "192.0.2.7", "url.scheme": "http", "server.address": "shop.example", "server.port": 8080}
STANDARD = [("forwarded", 'for="203.0.113.9:1";proto=https;host=evil.example')]


@pytest.mark.parametrize(
    ("trust", "headers", "expected"),
    [
        (EVERYONE, FORWARDED, OWN),  # forwarded headers are believed of nobody by default
        (EVERYONE, STANDARD, OWN),
        (ELSEWHERE, FORWARDED, OWN),
        (ELSEWHERE, STANDARD, OWN),
        (PUBLIC, FORWARDED, OWN),
        (OURS, [KEY, *FORWARDED], OWN),  # a believed caller is no proxy
        (PROXIED, FORWARDED, BELIEVED),
        (PROXIED, STANDARD, BELIEVED),
        (PROXIED, [*FORWARDED, ("forwarded", "for=6.6.6.6;host=x.example")], BELIEVED),
        (PROXIED, [], OWN),
    ],
)
def test_forwarded_headers(protocol, telemetry, trust, headers, expected):
    """They count when the peer is a listed proxy and for nobody else; the socket's peer is reported in any case."""
    span, _ = reported(protocol, telemetry, trust, headers)

    assert expected == {key: span.attributes.get(key) for key in expected}
    assert (span.attributes["network.peer.address"], span.attributes["network.peer.port"]) == ("192.0.2.7", 50312)
    assert telemetry.metric("http.server.request.duration").attributes["url.scheme"] == expected["url.scheme"]


def test_policies_see_the_believed_client_and_scheme(protocol, telemetry):
    """``Request.client`` and ``.scheme`` are the original ones behind a listed proxy, the peer's otherwise, for every policy."""
    seen = []

    def noting(name, answer):
        def policy(told):
            request = getattr(told, "request", told)
            seen.append((name, request.client, request.scheme))
            return answer

        return policy

    trust = TrustPolicy(proxies=["192.0.2.0/24"], caller=noting("caller", True))
    app = protocol.module.instrument(
        protocol.build(Described()),
        trust=trust,
        tenant=noting("tenant", "acme"),
        errors=noting("errors", None),
        metric_attributes=noting("metrics", {}),
        **telemetry.providers,
    )
    protocol.get(app, "/", headers=FORWARDED)
    behind = [*seen]
    seen.clear()
    protocol.get(app, "/")

    assert behind == [(name, "203.0.113.9", "https") for name in ("caller", "tenant", "errors", "metrics")]
    assert seen == [(name, "192.0.2.7", "http") for name in ("caller", "tenant", "errors", "metrics")]


@pytest.mark.parametrize("hashed_with", [None, "key"])
def test_forged_tenants_are_few_series(protocol, telemetry, hashed_with):
    """Of 600 forged tenants five keep their name; with ``unknown`` and ``_other`` that is all the series there are."""
    tenants = Tenants(TenantFromHeader(), on_metrics=True, max_on_metrics=5, hashed_with=hashed_with)
    app = protocol.module.instrument(protocol.build(Described()), tenant=tenants, **telemetry.providers)
    for number in range(600):
        assert protocol.get(app, "/", headers=[("x-tenant-id", f"forged-{number}")]).error is None
    protocol.get(app, "/")

    points = telemetry.points("http.server.request.duration")
    shown = [tenants.validated(f"forged-{number}") for number in range(5)]
    assert {point.attributes["tenant.id"]: point.count for point in points} == {
        **dict.fromkeys(shown, 1),
        "_other": 595,
        "unknown": 1,
    }
    assert {point.attributes["http.response.status_code"] for point in points} == {200}


headers = st.lists(
    st.tuples(
        st.sampled_from(
            ["traceparent", "tracestate", "baggage", "x-tenant-id", "forwarded", "host", "x-request-start"]
            + [f"x-forwarded-{name}" for name in ("for", "proto", "host", "port")]
        ),
        st.text(st.characters(max_codepoint=255), max_size=40)
        | st.sampled_from([SAMPLED[1], BAGGAGE[1], "203.0.113.9", "[::1]:80", "t=1", "a=b;c"]),
    ),
    max_size=6,
    unique_by=lambda line: line[0],
)


@settings(deadline=None)
@given(lines=headers, trust=st.sampled_from([EVERYONE, PUBLIC, NO_BAGGAGE, PROXIED, BROKEN]))
def test_no_header_breaks_a_request(lines, trust):
    """Any text in any of these headers, from anybody: the request is answered and gives one span with legal values."""
    from harness import Asgi, Wsgi  # noqa: PLC0415

    from otel_middleware.testing import Telemetry  # noqa: PLC0415

    for protocol in (Asgi(), Wsgi()):
        telemetry = Telemetry()
        app = protocol.module.instrument(
            protocol.build(Described()),
            trust=trust,
            tenant=Tenants(TenantFromHeader(), on_metrics=True, in_baggage=True),
            **telemetry.providers,
        )
        carrier = protocol.request()
        if protocol.name == "asgi":
            carrier["headers"] = [(name.encode(), value.encode("latin-1")) for name, value in lines]
        else:
            carrier = protocol.request(headers=lines)
        answer = protocol.call(app, carrier)
        spans = [span for span in telemetry.spans if span.kind.name == "SERVER"]
        unsampled = trust in (EVERYONE, NO_BAGGAGE, PROXIED) and ("traceparent", UNSAMPLED[1]) in lines
        assert (answer.status, answer.error) == (200, None)
        assert len(spans) == (0 if unsampled else 1)
        for span in spans:
            assert re.fullmatch(r"[A-Za-z0-9._:@-]{1,64}", span.attributes["tenant.id"])
            assert 0 < span.attributes.get("server.port", 1) <= 65_535
            assert span.attributes["url.scheme"] in ("http", "https", "ws", "wss")
            assert None not in span.attributes.values()


def test_propagators_may_enumerate_headers():
    """Prefix propagators read all names; the getter tells them in lower case and answers for missing ones."""
    request = Request(headers={"UberCtx-A": "1", "traceparent": "x"})
    getter = _RequestGetter()

    assert list(getter.keys(request)) == ["uberctx-a", "traceparent"]
    assert getter.get(request, "uberctx-a") == ["1"]
    assert getter.get(request, "none") is None


def test_long_hosts_and_addresses_are_not_remembered(protocol):
    """What is too long to be a host or an address leaves nothing in memory, however many different ones are sent."""
    app = protocol.module.instrument(protocol.build(Described()), tracer_provider=NoOpTracerProvider())
    count, size = 200, 50_000

    def forge(numbers):
        for number in numbers:
            long = f"{number}-".ljust(size, "x")
            peer = {"client": (long, 1_234)} if protocol.name == "asgi" else {"REMOTE_ADDR": long}
            protocol.get(app, "/", headers=[("host", long)], **peer)

    forge(range(count))
    tracemalloc.start()
    try:
        forge(range(count, 2 * count))
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < count * size / 10
