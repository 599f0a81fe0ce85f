"""Metrics: everything that upstream measures, corrected. Runs in each semantic convention mode (``test_modes.py``)."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from harness import Described
from opentelemetry.sdk.metrics import Histogram, MeterProvider, ObservableUpDownCounter
from opentelemetry.sdk.metrics.export import AggregationTemporality, InMemoryMetricReader
from opentelemetry.sdk.metrics.view import View
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from plain import DURATIONS, METHOD, NEW, OLD, REQUEST_SIZE, RESPONSE_SIZE, ROUTE, STATUS, metrics_of, ours, upstream

from otel_middleware import InferredRoutes, asgi, record_error, set_route
from otel_middleware.testing import Telemetry

ACTIVE = "http.server.active_requests"

BETTER = {
    # attribute that upstream measures otherwise: ours, why
    "http.host": ("shop.example:8080", "the host that was asked for, not where the server is bound"),
    "net.host.name": ("shop.example", "an address has no port inside"),
    "net.host.port": (8080, "the port that was asked for"),
}

REQUESTS = [
    {},
    {"method": "POST", "headers": [("content-length", "3")]},
    {"method": "BREW"},
    {"path": "/other", "query": "a=1"},
]


@pytest.fixture
def plain():
    """Telemetry of plain upstream."""
    kit = Telemetry()
    yield kit
    kit.tracer_provider.shutdown()
    kit.meter_provider.shutdown()


def drive(protocol, app):
    for request in REQUESTS:
        protocol.get(app, **request)


def points_of(telemetry, name):
    return [dict(point.attributes) for point in telemetry.points(name)]


@pytest.mark.parametrize("status", [200, 404, 503])
def test_nothing_that_upstream_measures_is_lost(protocol, plain, telemetry, status):
    """Each instrument of upstream is there, each of its points has one of ours with the same attributes, or a better value."""
    described = Described(status=status)
    drive(protocol, upstream(protocol, described, plain))
    drive(protocol, ours(protocol, described, telemetry))

    names = [ACTIVE, *DURATIONS]
    names += [sizes[name] for sizes in (REQUEST_SIZE, RESPONSE_SIZE) for name in DURATIONS if protocol.name == "asgi"]
    for name in names:
        theirs, mine = points_of(plain, name), points_of(telemetry, name)
        assert theirs
        for point in theirs:
            wanted = {key: value for key, value in point.items() if key not in BETTER}
            assert any(wanted.items() <= candidate.items() for candidate in mine), (name, wanted, mine)
            assert set(point) <= set().union(*mine), name


@pytest.mark.parametrize("name", DURATIONS)
def test_host_of_old_conventions_is_the_one_that_was_asked_for(protocol, telemetry, name):
    """Attributes of old conventions that upstream fills otherwise have the documented value; stable ones have no host at all."""
    protocol.get(ours(protocol, Described(), telemetry))

    (attributes,) = points_of(telemetry, name)
    expected = {key: value for key, (value, _) in BETTER.items() if key in attributes}
    assert expected == {key: attributes[key] for key in expected}
    assert bool(expected) == (name == "http.server.duration")


@pytest.mark.parametrize("name", DURATIONS)
@pytest.mark.parametrize(
    ("described", "status", "error"),
    [
        (Described(status=201), 201, None),
        (Described(status=502), 502, "502"),
        (Described(raises_before=KeyError("x")), 500, "KeyError"),
        (Described(headers=(), raises_after_start=ValueError("x")), 200, "ValueError"),
    ],
    ids=["fine", "5xx", "before", "after"],
)
def test_duration_tells_route_status_and_error_of_its_span(protocol, telemetry, name, described, status, error):
    """Route, true status and error.type are those of the span; so is the duration, in this instrument's unit."""
    protocol.get(ours(protocol, described, telemetry, routes=["/orders/{id}"]), "/orders/7")

    span, (point,) = telemetry.request(), telemetry.points(name)
    assert point.attributes[ROUTE[name]] == "/orders/{id}"
    assert point.attributes[STATUS[name]] == status
    assert point.attributes.get("error.type") == error == span.attributes.get("error.type")
    nanoseconds = span.end_time - span.start_time
    assert point.sum == (nanoseconds / 1e9 if name == "http.server.request.duration" else round(nanoseconds / 1e6))
    assert point.exemplars[0].span_id == span.context.span_id
    assert point.exemplars[0].trace_id == span.context.trace_id


@pytest.mark.parametrize("name", DURATIONS)
@pytest.mark.parametrize("on_metrics", [False, True])
def test_a_guess_is_measured_only_when_asked_for(protocol, telemetry, name, on_metrics):
    """Inferred templates stand on metrics when the learner says so, and else nowhere there."""
    app = ours(protocol, Described(), telemetry, routes=InferredRoutes(on_metrics=on_metrics))
    for number in range(60):
        protocol.get(app, f"/orders/{number}")

    routes = {point.get(ROUTE[name]) for point in points_of(telemetry, name)}
    guessed = {span.attributes.get("url.template") for span in telemetry.requests}
    assert len(guessed - {None}) == 1
    assert routes - {None} == (guessed - {None} if on_metrics else set())


@pytest.mark.parametrize("name", DURATIONS)
def test_sizes_are_counted_bytes_of_the_request(protocol, telemetry, name):
    """A streamed answer without Content-Length has its bytes counted, a HEAD none, whatever another request announced."""
    streamed = ours(protocol, Described(headers=(), chunks=(b"abc", b"", b"de")), telemetry)
    protocol.get(streamed, method="POST", headers=[("content-length", "7")])
    announced = ours(protocol, Described(headers=(("content-length", "999"),), chunks=(b"",)), telemetry)
    protocol.get(announced, method="HEAD")

    sizes = {point.attributes[METHOD[name]]: point.sum for point in telemetry.points(RESPONSE_SIZE[name])}
    assert sizes == {"POST": 5, "HEAD": 0}
    (received,) = telemetry.points(REQUEST_SIZE[name])
    assert (received.attributes[METHOD[name]], received.sum) == ("POST", 7)


def test_a_streaming_request_is_active_until_its_end(protocol, telemetry):
    """The request counts while it streams, and not any more when the last byte is out; the zero stays to be read."""

    def active():
        (point,) = telemetry.points(ACTIVE)
        return point.value

    class Watching(tuple):
        __slots__ = ()

        def __iter__(self):
            for chunk in super().__iter__():
                seen.append(active())
                yield chunk

    seen = []
    described = Described(headers=(), chunks=Watching((b"a", b"b", b"c")))
    app = ours(protocol, described, telemetry)
    if protocol.name == "wsgi":
        body = app(protocol.request(), lambda *_: None)
        for _ in body:
            seen.append(active())
        body.close()
    else:
        protocol.get(app)

    assert set(seen) == {1}
    assert active() == 0


@pytest.mark.parametrize("scope_type", ["websocket"])
def test_websockets_are_not_measured(telemetry, scope_type):
    """Semantic conventions have no metrics of websockets: no instrument has a point."""

    async def app(scope, receive, send):
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": 1000})

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message): ...

    scope = {"type": scope_type, "path": "/ws", "headers": [], "scheme": "ws"}
    asyncio.run(asgi.instrument(app, **telemetry.providers)(scope, receive, send))

    assert len(telemetry.requests) == 1
    assert [name for name in [ACTIVE, *DURATIONS] if telemetry.points(name)] == []


def test_unsampled_requests_are_measured_alike(protocol, telemetry, plain):
    """Sampled or not, a request has the same attributes on every metric, and a duration."""
    unsampled = {"meter_provider": plain.meter_provider, "tracer_provider": TracerProvider(sampler=ALWAYS_OFF)}
    for described in (Described(status=503), Described(raises_before=KeyError("x"))):
        options = {"routes": ["/orders/{id}"]}
        protocol.get(ours(protocol, described, telemetry, **options), "/orders/7")
        app = protocol.module.instrument(protocol.build(described), **unsampled, **options)
        protocol.get(app, "/orders/7")

    for name in [ACTIVE, *DURATIONS]:
        assert points_of(plain, name) == points_of(telemetry, name)
    assert all(point.sum > 0 for point in plain.points("http.server.request.duration"))


CHOSEN_BY_CLIENTS = {
    ACTIVE: {"http.host", "http.flavor"} if OLD else set(),
    "http.server.duration": {"http.host", "net.host.port", "http.flavor"},
    "http.server.request.duration": {"network.protocol.version"},
}
"""Which attributes of a metric have what was sent, in the conventions of this process."""

CHOSEN_IN_ONE_PROTOCOL = {"http.server_name", "net.host.name"}
"""The Host too: ASGI's has the first, WSGI's the second on durations."""


@pytest.mark.parametrize("name", [ACTIVE, *DURATIONS])
def test_what_a_client_chooses_is_bounded(protocol, telemetry, name):
    """However many hosts, ports and versions are sent, an attribute has some hundred values and then ``_other``."""
    app = ours(protocol, Described(status=503), telemetry)
    for number in range(150):
        host = f"h{number}.example:{1000 + number}"
        if protocol.name == "asgi":
            carrier = protocol.request(http_version=f"1.{number}")
            carrier["headers"] = [(b"host", host.encode())]
        else:
            carrier = protocol.request(HTTP_HOST=host, SERVER_PROTOCOL=f"HTTP/1.{number}")
        protocol.call(app, carrier)

    values = {}
    for point in points_of(telemetry, name):
        for key, value in point.items():
            values.setdefault(key, set()).add(value)
    assert max(map(len, values.values())) <= 101
    chosen = {key for key, found in values.items() if len(found) > 1}
    assert all("_other" in values[key] for key in chosen)
    assert chosen - CHOSEN_IN_ONE_PROTOCOL == CHOSEN_BY_CLIENTS[name]
    if name != ACTIVE:
        assert values["error.type"] == {"503"}
        assert values[STATUS[name]] == {503}


@pytest.mark.parametrize("name", DURATIONS)
def test_templates_leave_room_for_the_other_attributes(protocol, telemetry, name):
    """Past the bound, which stacks on one provider share, a template is ``_other``, so that the SDK never gives up all attributes."""
    numbers = iter(range(2_100))
    described = Described(status=503, inside=lambda _: set_route(f"/route/{next(numbers) // 2}"))
    failing, answering = (ours(protocol, replace(described, status=status), telemetry) for status in (503, 200))
    for _ in range(1_050):
        protocol.get(failing)
        protocol.get(answering)

    points = points_of(telemetry, name)
    assert not [point for point in points if "otel.metric.overflow" in point]
    route = "http.route" if name == "http.server.request.duration" else "http.target"
    assert {point[STATUS[name]] for point in points if point[route] == "_other"} == {200, 503}


@pytest.mark.parametrize("name", DURATIONS)
def test_names_of_errors_are_bounded(protocol, telemetry, name):
    """An application that gives each error a name of its own has some hundred on metrics, and then ``_OTHER``; spans have all."""
    errors = iter(range(150))
    described = Described(status=503, inside=lambda _: record_error(f"error {next(errors)}"))
    app = ours(protocol, described, telemetry)
    for _ in range(150):
        protocol.get(app)

    measured = {point["error.type"] for point in points_of(telemetry, name)}
    assert len(measured) == 101
    assert "_OTHER" in measured
    assert {span.attributes["error.type"] for span in telemetry.requests} == {
        f"error {number}" for number in range(150)
    }


@pytest.mark.parametrize("name", DURATIONS)
def test_more_attributes_are_the_users_but_bounded(protocol, telemetry, name):
    """``metric_attributes`` sees the response; it replaces nothing of the conventions, and what is no plain value is left out."""

    def more(response):
        number = response.request.path.rpartition("/")[2]
        return {
            "shop.item": number,
            "shop.paid": response.status == 200,
            "shop.list": [1],
            "shop.none": None,
            METHOD[name]: "FORGED",
            STATUS[name]: 1,
        }

    app = ours(protocol, Described(), telemetry, metric_attributes=more)
    for number in range(150):
        protocol.get(app, f"/items/{number}")

    points = points_of(telemetry, name)
    assert len(points) == 101
    assert {point["shop.item"] for point in points} == {*map(str, range(100)), "_other"}
    assert {(point[METHOD[name]], point[STATUS[name]], point["shop.paid"]) for point in points} == {("GET", 200, True)}
    assert not any("shop.list" in point or "shop.none" in point for point in points)


@pytest.mark.parametrize(
    "broken", [lambda response: 1 / 0, lambda response: [1], lambda response: "a", lambda response: None]
)
def test_a_broken_callback_costs_nothing(protocol, telemetry, broken):
    """One that raises or answers nonsense leaves the metrics as they are without it."""
    protocol.get(ours(protocol, Described(), telemetry, metric_attributes=broken))

    assert [telemetry.points(name)[0].count for name in DURATIONS] == [1] * len(DURATIONS)
    assert telemetry.points(ACTIVE)[0].value == 0


@pytest.mark.parametrize("name", DURATIONS)
def test_labels_of_upstreams_labeler_are_measured(protocol, telemetry, name):
    """What the application adds to upstream's ``Labeler`` is on this request's metrics alone, bounded, and replaces nothing."""
    labeler = pytest.importorskip("opentelemetry.instrumentation._labeler", reason="this release has no Labeler")

    def inside(carrier):
        path = carrier.get("path") or carrier["PATH_INFO"]
        if path != "/none":
            labeler.get_labeler().add("plan", path[1:])
            labeler.get_labeler().add(METHOD[name], "FORGED")

    app = ours(protocol, Described(inside=inside), telemetry)
    for path in ("/gold", "/none", "/tin"):
        protocol.get(app, path)

    assert {point.get("plan") for point in points_of(telemetry, name)} == {"gold", None, "tin"}
    assert {point[METHOD[name]] for point in points_of(telemetry, name)} == {"GET"}


def test_applications_share_a_provider(protocol, telemetry):
    """Several instrumented applications on one provider add up in the same instruments, and the SDK has nothing to say."""
    first, second = (ours(protocol, Described(), telemetry) for _ in range(2))
    for app in (first, second, first):
        protocol.get(app)

    assert [telemetry.points(name)[0].count for name in DURATIONS] == [3] * len(DURATIONS)
    assert [point.value for point in telemetry.points(ACTIVE)] == [0]


def test_views_readers_and_temporalities_work(protocol):
    """A view renames and drops attributes; a delta and a cumulative reader each see their own truth."""
    delta = dict.fromkeys((Histogram, ObservableUpDownCounter), AggregationTemporality.DELTA)
    deltas, totals = InMemoryMetricReader(preferred_temporality=delta), InMemoryMetricReader()
    view = View(instrument_name=DURATIONS[0], name="renamed", attribute_keys={STATUS[DURATIONS[0]]})
    provider = MeterProvider([deltas, totals], views=[view])
    seen = []
    described = Described(inside=lambda _: seen.append(metrics_of(deltas)[ACTIVE].data.data_points[0].value))
    app = protocol.module.instrument(protocol.build(described), meter_provider=provider)
    counts = []
    for _ in range(2):
        protocol.get(app)
        counts.append([metrics_of(reader)["renamed"].data.data_points[0] for reader in (deltas, totals)])

    assert [[point.count for point in pair] for pair in counts] == [[1, 1], [1, 2]]
    assert dict(counts[0][0].attributes) == {STATUS[DURATIONS[0]]: 200}
    assert seen == [1, 1]
    assert metrics_of(totals)[ACTIVE].data.data_points[0].value == 0
    provider.shutdown()


@pytest.mark.skipif(not NEW, reason="old conventions have no method attribute that upstream and we spell differently")
def test_known_methods_are_measured_as_the_span_has_them(protocol, telemetry, monkeypatch):
    """``OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS`` decides for span and metric alike."""
    monkeypatch.setenv("OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS", "GET,BREW")
    app = ours(protocol, Described(), telemetry)
    for method in ("BREW", "POST"):
        protocol.get(app, method=method)

    for name in ("http.server.request.duration", ACTIVE):
        assert {point["http.request.method"] for point in points_of(telemetry, name)} == {"BREW", "_OTHER"}
    assert [span.attributes["http.request.method"] for span in telemetry.requests] == ["BREW", "_OTHER"]


def test_a_route_of_default_span_details_is_measured(telemetry):
    """A route that ``default_span_details`` gives stands on span and metrics, as upstream has it."""

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def quiet(message=None):
        return {"type": "http.request"}

    details = lambda scope: ("my name", {"http.route": "/mine/{id}", "mine": 1})  # noqa: E731 - the option's own form
    instrumented = asgi.instrument(app, default_span_details=details, **telemetry.providers)
    scope = {"type": "http", "method": "GET", "path": "/mine/7", "headers": [], "query_string": b""}
    asyncio.run(instrumented(scope, quiet, quiet))

    span = telemetry.request(name="my name")
    assert (span.attributes["http.route"], span.attributes["mine"]) == ("/mine/{id}", 1)
    assert [points_of(telemetry, name)[0][ROUTE[name]] for name in DURATIONS] == ["/mine/{id}"] * len(DURATIONS)
