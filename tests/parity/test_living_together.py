"""Beside others who instrument: exactly one SERVER span and one duration point a request, or one warning with what to remove."""

# ruff: noqa: PLC0415
# Optional packages are imported where they are used.

from __future__ import annotations

import logging

import pytest
from harness import Described
from opentelemetry.trace import SpanKind
from plain import DURATIONS, AsgiUpstream, WsgiUpstream, ours, upstream

from otel_middleware import asgi, wsgi

ACTIVE = "http.server.active_requests"


def said(caplog):
    """What we have warned of."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.name == "otel_middleware" and record.levelno == logging.WARNING
    ]


def measured(telemetry):
    """How many duration points there are, in all scopes."""
    return sum(point.count for point in telemetry.points(DURATIONS[0]))


def passing(app):
    """Middleware of somebody's: a plain function around the application."""

    def wsgi_middleware(environ, start_response):
        return app(environ, start_response)

    async def asgi_middleware(scope, receive, send):
        await app(scope, receive, send)

    return asgi_middleware if isinstance(app, AsgiUpstream) else wsgi_middleware


def test_upstream_around_us(protocol, telemetry, caplog):
    """Inside upstream's middleware our span is an INTERNAL child of its SERVER span, and the request is measured once."""
    wrap = {"asgi": AsgiUpstream, "wsgi": WsgiUpstream}[protocol.name]
    app = wrap(ours(protocol, Described(), telemetry, routes=["/x"]), **telemetry.providers)
    protocol.get(app, "/x", headers=[("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")])

    (server,) = telemetry.requests
    internal = next(span for span in telemetry.spans if span.name == "GET /x" and span is not server)
    assert internal.kind is SpanKind.INTERNAL
    assert internal.parent.span_id == server.context.span_id
    assert measured(telemetry) == 1
    assert [point.value for point in telemetry.points(ACTIVE)] == [0]
    assert said(caplog) == []


def test_a_server_span_of_another_kind_around_us(protocol, telemetry):
    """Under a live SERVER span that is not of HTTP (a function's, say) the request is measured: nobody else does."""
    app = ours(protocol, Described(), telemetry)
    with telemetry.tracer_provider.get_tracer("faas").start_as_current_span("invoke", kind=SpanKind.SERVER):
        protocol.get(app)

    assert [span.name for span in telemetry.requests] == ["invoke"]
    assert measured(telemetry) == 1


def test_upstream_directly_inside_is_left_out(protocol, telemetry, caplog):
    """Upstream's middleware directly around the application is left out, which is said once with what to remove."""
    app = protocol.module.instrument(upstream(protocol, Described(), telemetry), routes=["/x"], **telemetry.providers)
    for _ in range(2):
        protocol.get(app, "/x")

    assert [span.name for span in telemetry.spans] == ["GET /x", "GET /x"]
    assert measured(telemetry) == 2
    (warning,) = said(caplog)
    assert f"opentelemetry.instrumentation.{protocol.name}" in warning
    assert "remove it" in warning


def test_upstream_deeper_inside_is_named(protocol, telemetry, caplog):
    """Behind other middleware it stays, makes no second SERVER span, and is named once."""
    inner = passing(upstream(protocol, Described(), telemetry))
    app = protocol.module.instrument(inner, **telemetry.providers)
    for _ in range(2):
        protocol.get(app)

    assert len(telemetry.requests) == 2
    (warning,) = said(caplog)
    assert f"opentelemetry.instrumentation.{protocol.name}.OpenTelemetryMiddleware" in warning
    assert "should be removed" in warning


def get(app, path="/orders/7"):
    """One request to an ASGI application, by httpx."""
    import asyncio

    import httpx

    async def ask():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop.example") as client:
            return (await client.get(path)).status_code

    return asyncio.run(ask())


def native_fastapi(telemetry):
    """FastAPI, which reports by itself."""
    fastapi = pytest.importorskip("fastapi")
    pytest.importorskip("fastapi.telemetry", reason="this FastAPI has no telemetry of its own")
    app = fastapi.FastAPI(telemetry=dict(telemetry.providers, logs=False, operation_spans=False))
    app.get("/orders/{order_id}")(lambda order_id: {})
    return app


def native_starlette(telemetry):
    """Starlette with its own middleware."""
    own = pytest.importorskip("starlette.middleware.opentelemetry", reason="this Starlette has no telemetry of its own")
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    async def order(request):
        return PlainTextResponse("ok")

    middleware = [Middleware(own.OpenTelemetryMiddleware, **telemetry.providers)]
    return Starlette(routes=[Route("/orders/{order_id}", order)], middleware=middleware)


@pytest.mark.parametrize("native", [native_fastapi, native_starlette])
@pytest.mark.parametrize(("option", "servers"), [({}, 1), ({"native_telemetry": "keep"}, 2)])
def test_native_telemetry(telemetry, native, option, servers):
    """Suppressed by default, kept when asked for; an excluded request is silent, and both protocols of naming agree."""
    app = asgi.instrument(native(telemetry), excluded_urls="healthz", **option, **telemetry.providers)
    assert get(app) == 200
    if servers == 1:
        assert get(app, "/healthz") == 404

    assert [span.name for span in telemetry.requests] == ["GET /orders/{order_id}"] * servers
    assert measured(telemetry) == (servers if native is native_fastapi else 1)  # Starlette's measures nothing


def test_native_telemetry_around_us(telemetry):
    """In FastAPI's own list of middleware its telemetry stands around us: one SERVER span, measured once."""
    fastapi = pytest.importorskip("fastapi")
    pytest.importorskip("fastapi.telemetry", reason="this FastAPI has no telemetry of its own")
    app = fastapi.FastAPI(telemetry=dict(telemetry.providers, logs=False, operation_spans=False))
    app.add_middleware(asgi.instrument, **telemetry.providers)
    app.get("/orders/{order_id}")(lambda order_id: {})
    assert get(app) == 200

    assert len(telemetry.requests) == 1
    assert measured(telemetry) == 1


def contrib_fastapi(telemetry, wrap, before):
    """FastAPI and its instrumentor."""
    fastapi = pytest.importorskip("fastapi")
    contrib = pytest.importorskip("opentelemetry.instrumentation.fastapi")
    app = fastapi.FastAPI()
    app.get("/orders/{order_id}")(lambda order_id: {})
    instrument = lambda: contrib.FastAPIInstrumentor.instrument_app(app, **telemetry.providers)  # noqa: E731
    return in_order(app, instrument, lambda: asgi.instrument(app, **wrap), before), get


def contrib_starlette(telemetry, wrap, before):
    """Starlette and its instrumentor."""
    pytest.importorskip("starlette")
    contrib = pytest.importorskip("opentelemetry.instrumentation.starlette")
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    async def order(request):
        return PlainTextResponse("ok")

    app = Starlette(routes=[Route("/orders/{order_id}", order)])
    instrument = lambda: contrib.StarletteInstrumentor.instrument_app(app, **telemetry.providers)  # noqa: E731
    return in_order(app, instrument, lambda: asgi.instrument(app, **wrap), before), get


def contrib_flask(telemetry, wrap, before):
    """Flask and its instrumentor."""
    flask = pytest.importorskip("flask")
    contrib = pytest.importorskip("opentelemetry.instrumentation.flask")
    app = flask.Flask("shop")
    app.get("/orders/<order_id>")(lambda order_id: "ok")
    instrument = lambda: contrib.FlaskInstrumentor().instrument_app(app, **telemetry.providers)  # noqa: E731

    def surround():
        app.wsgi_app = wsgi.instrument(app.wsgi_app, **wrap)

    in_order(app, instrument, surround, before)
    return app, lambda flask_app: flask_app.test_client().get("/orders/7").status_code


def in_order(app, instrument, surround, before):
    if before:
        instrument()
    surrounded = surround()
    if not before:
        instrument()
    return surrounded or app


@pytest.mark.parametrize("before", [True, False], ids=["instrumented before", "instrumented after"])
@pytest.mark.parametrize("contrib", [contrib_fastapi, contrib_starlette, contrib_flask])
def test_instrumentors_of_the_framework(telemetry, caplog, contrib, before):
    """With the framework's instrumentor in the process there is one SERVER span, ours, and one warning that names it."""
    app, ask = contrib(telemetry, telemetry.providers, before)
    for _ in range(2):
        assert ask(app) == 200

    servers = telemetry.requests
    assert [span.attributes.get("otel_middleware.route.source") for span in servers] == ["framework", "framework"]
    inner = [span for span in telemetry.spans if span.kind is SpanKind.INTERNAL and "http" not in span.name.split()[2:]]
    assert {span.parent.span_id for span in inner} == {span.context.span_id for span in servers}
    (warning,) = said(caplog)
    assert "opentelemetry-instrumentation-" in warning
    assert "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS" in warning


def test_without_others_nothing_is_said(protocol, telemetry, caplog):
    """An application that nobody else instruments gets no warning."""
    protocol.get(ours(protocol, Described(), telemetry))

    assert said(caplog) == []
