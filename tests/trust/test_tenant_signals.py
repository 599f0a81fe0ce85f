"""Whose request is it: on every signal, by claim and by authentication."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from harness import Asgi, Described, Wsgi
from opentelemetry import baggage, context
from opentelemetry.instrumentation import asgi as upstream_asgi
from opentelemetry.instrumentation import wsgi as upstream_wsgi
from signals import SERVER_METRICS, Signals, everywhere, signals

from otel_middleware import TenantFromHeader, Tenants, TrustPolicy, bound, set_tenant
from otel_middleware.wsgi import TenantMiddleware

__all__ = ["signals"]

ACME = [("x-tenant-id", "acme"), ("content-length", "0")]
MARKS = ("here", "thread", "later")


def served(protocol, signals, tenants, app=None, headers=ACME, **options):
    """One request of an application that leaves its marks everywhere; the span."""
    app = everywhere(protocol, signals) if app is None else app
    app = protocol.module.instrument(app, tenant=tenants, **signals.telemetry.providers, **options)
    answer = protocol.get(app, "/", headers=headers)
    assert answer.error is None
    return signals.telemetry.request()


def test_a_claimed_tenant_is_on_every_signal(protocol, signals):
    """Server span, children, SDK and stdlib logs and metrics carry it: here, in a bound thread, and later."""
    span = served(protocol, signals, Tenants(TenantFromHeader(), on_metrics=True))

    assert span.attributes["tenant.id"] == "acme"
    assert [signals.tenants(mark) for mark in MARKS] == [("acme", "acme", "acme")] * 3
    points = [point for name in SERVER_METRICS for point in signals.telemetry.points(name)]
    assert len(points) == 3
    assert {point.attributes["tenant.id"] for point in points} == {"acme"}


def test_metrics_carry_no_tenant_unless_asked(protocol, signals):
    """Without ``on_metrics`` no server metric has the attribute, and without ``in_baggage`` no call carries it."""
    served(protocol, signals, Tenants(TenantFromHeader()))

    points = [point for name in SERVER_METRICS for point in signals.telemetry.points(name)]
    assert points
    assert not [point for point in points if "tenant.id" in point.attributes]
    assert [signals.carried(mark) for mark in MARKS] == [{}] * 3


def test_an_authenticated_tenant_replaces_the_claim(protocol, signals):
    """After ``set_tenant`` span, metrics, later children, logs and calls have the new one, and the conflict is an event."""
    app = everywhere(protocol, signals, before=lambda: (signals.leave("claimed"), set_tenant("globex")))
    span = served(protocol, signals, Tenants(TenantFromHeader(), on_metrics=True, in_baggage=True), app)

    assert span.attributes["tenant.id"] == "globex"
    assert signals.tenants("claimed") == ("acme", "acme", "acme")
    assert [signals.tenants(mark) for mark in MARKS] == [("globex", "globex", "globex")] * 3
    assert [signals.carried(mark) for mark in ("claimed", *MARKS)] == [{"tenant.id": "acme"}] + [
        {"tenant.id": "globex"}
    ] * 3
    assert signals.telemetry.metric(SERVER_METRICS[0]).attributes["tenant.id"] == "globex"
    (event,) = span.events
    assert event.name == "otel_middleware.tenant.conflict"
    assert dict(event.attributes) == {
        "otel_middleware.tenant.claimed": "acme",
        "otel_middleware.tenant.authenticated": "globex",
    }


@pytest.mark.parametrize("claim", ["globex", "not a tenant", None])
def test_no_conflict_without_another_claim(protocol, signals, claim):
    """A claim that was the same, not well-formed or missing is no conflict."""
    app = everywhere(protocol, signals, before=lambda: set_tenant("globex"))
    headers = [] if claim is None else [("x-tenant-id", claim)]
    span = served(protocol, signals, Tenants(TenantFromHeader()), app, headers)

    assert (span.attributes["tenant.id"], span.events) == ("globex", ())


@pytest.mark.parametrize("where", ["under a child span", "in a thread", "beside baggage of its own"])
def test_a_tenant_reaches_calls_wherever_it_is_set(protocol, signals, where):
    """Authentication under a span, in a worker thread (a framework's sync dependency) or after own baggage: calls have it."""

    def authenticate():
        if where == "under a child span":
            with signals.tracer.start_as_current_span("authenticating"):
                set_tenant("globex")
        elif where == "in a thread":
            with ThreadPoolExecutor(1) as pool:
                pool.submit(bound(set_tenant), "globex").result()
        else:
            context.attach(baggage.set_baggage("cart", "7"))
            set_tenant("globex")

    app = everywhere(protocol, signals, before=authenticate)
    served(protocol, signals, Tenants(TenantFromHeader(), in_baggage=True), app)

    assert [signals.carried(mark)["tenant.id"] for mark in MARKS] == ["globex"] * 3
    assert signals.carried("here").get("cart") == ("7" if "baggage" in where else None)


def test_a_refused_tenant_is_carried_no_longer(protocol, signals):
    """When authentication names what may not be shown, the claim leaves the baggage too."""
    app = everywhere(protocol, signals, before=lambda: set_tenant("not a tenant"))
    span = served(protocol, signals, Tenants(TenantFromHeader(), in_baggage=True), app)

    assert span.attributes["tenant.id"] == "unknown"
    assert [signals.carried(mark) for mark in MARKS] == [{}] * 3


def test_calls_carry_the_callers_baggage_too(protocol, signals):
    """The tenant joins what a believed caller sent; its own entry of that name is replaced."""
    headers = [*ACME, ("baggage", "cart=7,tenant.id=old")]
    served(protocol, signals, Tenants(TenantFromHeader(), in_baggage=True), headers=headers)

    assert [signals.carried(mark) for mark in MARKS] == [{"cart": "7", "tenant.id": "acme"}] * 3


def test_a_tenant_that_is_not_believed_is_not_passed_on(protocol, signals):
    """Where the tenant is unknown, calls carry the caller's other baggage, and no entry of that name."""
    headers = [("x-tenant-id", "evil"), ("baggage", "cart=7,tenant.id=evil")]
    served(protocol, signals, Tenants(TenantFromHeader(), allowed=["acme"], in_baggage=True), headers=headers)

    assert [signals.carried(mark) for mark in MARKS] == [{"cart": "7"}] * 3


def test_baggage_reads_like_any_other(protocol, telemetry):
    """The API's functions see the tenant as text, and making more baggage keeps it."""
    seen = []

    def inside(_carrier):
        own = baggage.set_baggage("cart", "7")
        seen.append((dict(baggage.get_all()), baggage.get_baggage("tenant.id"), dict(baggage.get_all(own))))
        seen.append((len(baggage.get_all()), list(baggage.get_all()), "tenant.id" in baggage.get_all()))

    tenants = Tenants(TenantFromHeader(), in_baggage=True)
    app = protocol.module.instrument(protocol.build(Described(inside=inside)), tenant=tenants, **telemetry.providers)
    protocol.get(app, "/", headers=ACME)

    assert seen == [
        ({"tenant.id": "acme"}, "acme", {"tenant.id": "acme", "cart": "7"}),
        (1, ["tenant.id"], True),
    ]
    assert not baggage.get_all()


def test_a_hashed_tenant_is_readable_nowhere(protocol, signals):
    """No span, event, log, metric or call shows the claim or the authenticated name."""
    app = everywhere(protocol, signals, before=lambda: set_tenant("globex"))
    tenants = Tenants(TenantFromHeader(), hashed_with="key", on_metrics=True, in_baggage=True)
    span = served(protocol, signals, tenants, app, http_capture_headers_server_request=[".*"])

    assert span.attributes["tenant.id"] == tenants.validated("globex")
    assert signals.tenants("later") == (tenants.validated("globex"),) * 3
    assert [event.name for event in span.events] == ["otel_middleware.tenant.conflict"]
    assert "acme" not in signals.everything()
    assert "globex" not in signals.everything()


@pytest.mark.parametrize(
    "trust",
    [TrustPolicy(trace_context=False), TrustPolicy(caller=lambda request: request.client == "10.0.0.1")],
    ids=["public", "caller"],
)
def test_a_strangers_claim_is_not_believed(protocol, signals, trust):
    """An untrusted caller's header names nobody on any signal; what the application says afterwards counts, without conflict."""
    app = everywhere(protocol, signals, before=lambda: (signals.leave("claimed"), set_tenant("globex")))
    tenants = Tenants(TenantFromHeader(), on_metrics=True, in_baggage=True)
    span = served(protocol, signals, tenants, app, trust=trust)

    assert signals.tenants("claimed") == ("unknown", "unknown", "unknown")
    assert signals.carried("claimed") == {}
    assert signals.tenants("here") == ("globex", "globex", "globex")
    assert (span.attributes["tenant.id"], span.events) == ("globex", ())
    assert "acme" not in signals.everything()


def test_the_attribute_is_the_owners(protocol, signals):
    """Another attribute name stands on all signals and in the baggage."""
    served(protocol, signals, Tenants(TenantFromHeader(), attribute="org", on_metrics=True, in_baggage=True))

    assert signals.telemetry.request().attributes["org"] == "acme"
    assert signals.tenants("later", "org") == ("acme", "acme", "acme")
    assert signals.carried("thread") == {"org": "acme"}
    assert signals.telemetry.metric(SERVER_METRICS[0]).attributes["org"] == "acme"


def test_a_request_inside_of_a_request_has_its_own_tenant(protocol, signals):
    """An in-process call to another instrumented application is tagged with its own claim, not with its caller's."""
    inner = protocol.module.instrument(
        protocol.build(Described(inside=lambda _: signals.leave("inner"))),
        tenant=TenantFromHeader(),
        routes=["/inner"],
        **signals.telemetry.providers,
    )
    if protocol.name == "asgi":

        async def outer(scope, receive, send):
            async def ignored(message):
                """The inner answer is not the outer one."""

            await inner(protocol.request(path="/inner", headers=[("x-tenant-id", "globex")]), receive, ignored)
            await protocol.build(Described())(scope, receive, send)
    else:

        def outer(environ, start_response):
            protocol.get(inner, "/inner", headers=[("x-tenant-id", "globex")])
            return protocol.build(Described())(environ, start_response)

    app = protocol.module.instrument(outer, tenant=TenantFromHeader(), routes=["/"], **signals.telemetry.providers)
    protocol.get(app, "/", headers=ACME)

    requests = {span.name: span.attributes["tenant.id"] for span in signals.telemetry.requests}
    assert requests == {"GET /": "acme", "GET /inner": "globex"}
    assert signals.tenants("inner") == ("globex",) * 3


UPSTREAM = {"asgi": upstream_asgi.OpenTelemetryMiddleware, "wsgi": upstream_wsgi.OpenTelemetryMiddleware}


def test_by_hand_the_tenant_is_on_children_and_logs_too(protocol, telemetry):
    """Inside an ``OpenTelemetryMiddleware`` of the user's, ``set_tenant`` is shown as the policy shows it, on the server span."""
    signals = Signals(telemetry)
    tenants = Tenants(TenantFromHeader(), hashed_with="key")

    def inside(_carrier):
        signals.leave("claimed")
        with signals.tracer.start_as_current_span("authenticating"):
            set_tenant("globex")
        signals.leave("here")

    app = protocol.module.TenantMiddleware(protocol.build(Described(inside=inside)), tenants)
    app = UPSTREAM[protocol.name](app, **telemetry.providers)
    protocol.get(app, "/", headers=ACME)

    span = telemetry.request()
    assert span.attributes["tenant.id"] == tenants.validated("globex")
    assert signals.tenants("claimed") == (tenants.validated("acme"),) * 3
    assert signals.tenants("here") == (tenants.validated("globex"),) * 3
    assert [event.name for event in span.events] == ["otel_middleware.tenant.conflict"]
    assert "acme" not in signals.everything()
    assert "globex" not in signals.everything()


def test_by_hand_calls_carry_the_tenant_too(protocol, telemetry):
    """``in_baggage`` holds by hand as well: first the claim, then the authenticated tenant; nothing stays behind."""
    signals = Signals(telemetry)

    def inside(_carrier):
        signals.leave("claimed")
        with ThreadPoolExecutor(1) as pool:
            pool.submit(bound(set_tenant), "globex").result()
        signals.leave("here")

    tenants = Tenants(TenantFromHeader(), in_baggage=True)
    app = protocol.module.TenantMiddleware(protocol.build(Described(inside=inside)), tenants)
    protocol.get(UPSTREAM[protocol.name](app, **telemetry.providers), "/", headers=ACME)

    assert [signals.carried(mark) for mark in ("claimed", "here")] == [{"tenant.id": "acme"}, {"tenant.id": "globex"}]
    assert not baggage.get_all()


def test_by_hand_a_late_tenant_is_ignored(protocol, telemetry):
    """Work that outlives its request may still say whose it was: nothing happens, and the SDK has nothing to complain of."""
    late = []
    described = Described(inside=lambda _: late.append(bound(set_tenant)))
    app = protocol.module.TenantMiddleware(protocol.build(described), TenantFromHeader())
    protocol.get(UPSTREAM[protocol.name](app, **telemetry.providers), "/", headers=ACME)
    late[0]("globex")

    assert telemetry.request().attributes["tenant.id"] == "acme"


def test_an_authenticated_tenant_outranks_a_claim_that_is_read_later(protocol, signals):
    """Authentication that stands outside of a ``TenantMiddleware`` keeps the last word, shown as that one shows tenants."""
    tenants = Tenants(TenantFromHeader(), hashed_with="key", on_metrics=True, in_baggage=True)
    inner = protocol.module.TenantMiddleware(everywhere(protocol, signals), tenants)
    if protocol.name == "asgi":

        async def authenticated(scope, receive, send):
            set_tenant("globex")
            await inner(scope, receive, send)
    else:

        def authenticated(environ, start_response):
            set_tenant("globex")
            return inner(environ, start_response)

    span = served(protocol, signals, None, authenticated)

    shown = tenants.validated("globex")
    assert span.attributes["tenant.id"] == shown
    assert [signals.tenants(mark) for mark in MARKS] == [(shown,) * 3] * 3
    assert [signals.carried(mark) for mark in MARKS] == [{"tenant.id": shown}] * 3
    assert [event.name for event in span.events] == ["otel_middleware.tenant.conflict"]


@pytest.mark.parametrize(("trust", "tenant"), [(TrustPolicy(), "acme"), (TrustPolicy(trace_context=False), "unknown")])
def test_websockets_have_tenants(telemetry, trust, tenant):
    """A websocket's span and its children carry the claim of a believed caller."""
    signals = Signals(telemetry)

    async def app(scope, receive, send):
        await send({"type": "websocket.accept"})
        signals.leave("inside")
        await send({"type": "websocket.close", "code": 1000})

    app = Asgi.module.instrument(app, tenant=TenantFromHeader(), trust=trust, **telemetry.providers)
    carrier = Asgi().request(headers=ACME) | {"type": "websocket", "scheme": "ws"}
    assert Asgi().call(app, carrier).error is None

    assert telemetry.request().attributes["tenant.id"] == tenant
    assert signals.tenants("inside") == (tenant,) * 3


def test_by_hand_a_body_that_is_iterated_later_hashes_too(telemetry):
    """While upstream iterates a WSGI body ``set_tenant`` still finds how the tenant is shown."""
    tenants = Tenants(TenantFromHeader(), hashed_with="key")

    def app(environ, start_response):
        start_response("200 OK", [])
        set_tenant("globex")
        yield b"ok"

    app = UPSTREAM["wsgi"](TenantMiddleware(app, tenants), **telemetry.providers)
    Wsgi().get(app, "/", headers=ACME)

    span = telemetry.request()
    assert span.attributes["tenant.id"] == tenants.validated("globex")
    assert "globex" not in span.to_json()
