"""Hooks in both protocols; upstream's spans of single messages, its client hooks and span details on ASGI."""

from __future__ import annotations

import asyncio
import functools
import logging

import pytest
from harness import Asgi, Described
from opentelemetry.trace import SpanKind, StatusCode, get_current_span
from plain import AsgiUpstream, ours

from otel_middleware import ConfigurationError, asgi
from otel_middleware.testing import Telemetry

PATH, TEMPLATE = "/orders/7", "/orders/{id}"


@pytest.fixture
def plain():
    """Telemetry of plain upstream."""
    kit = Telemetry()
    yield kit
    kit.tracer_provider.shutdown()
    kit.meter_provider.shutdown()


def talking(status, tracer):
    """An HTTP application that receives twice and answers in two pieces, the second inside a span of its own."""

    async def app(scope, receive, send):
        await receive()
        await receive()
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        with tracer.start_as_current_span("own"):
            await send({"type": "http.response.body", "body": b"b"})

    return app


async def chatting(scope, receive, send):
    """A websocket application that echoes."""
    await receive()
    await send({"type": "websocket.accept"})
    await receive()
    await send({"type": "websocket.send", "text": "hello"})
    await send({"type": "websocket.close", "code": 1000})


def run(app, scope, received):
    waiting = list(received)

    async def receive():
        return {"type": waiting.pop(0)}

    async def send(message): ...

    asyncio.run(app(scope, receive, send))


def described(telemetry):
    """Name, attributes, status and parent's name of each span that is not the server's, in the order of their end."""
    names = {span.context.span_id: span.name for span in telemetry.spans}
    neutral = {"HTTP /ws": "WS /ws", f"GET {PATH}": f"GET {TEMPLATE}"}

    def said(name):
        return next((name.replace(theirs, mine) for theirs, mine in neutral.items() if theirs in name), name)

    return [
        (said(span.name), span.kind, dict(span.attributes), span.status.status_code, said(names[span.parent.span_id]))
        for span in telemetry.spans
        if span.kind is not SpanKind.SERVER
    ]


HTTP = Asgi().request(path=PATH)
WEBSOCKET = {"type": "websocket", "path": "/ws", "scheme": "ws", "headers": [], "query_string": b""}


@pytest.mark.parametrize("excluded", [[], ["receive"], ["send"], None])
@pytest.mark.parametrize("status", [200, 404, 503])
def test_spans_of_messages_are_upstreams(telemetry, plain, excluded, status):
    """Names (but for the template in place of the path), kinds, attributes, statuses and parents are plain upstream's."""
    for kit, wrap in (
        (plain, functools.partial(AsgiUpstream, exclude_spans=excluded)),
        (telemetry, functools.partial(asgi.instrument, exclude_spans=excluded, routes=[TEMPLATE])),
    ):
        app = talking(status, kit.tracer_provider.get_tracer("app"))
        run(wrap(app, **kit.providers), dict(HTTP), ["http.request", "http.disconnect"])

    assert described(telemetry) == described(plain)
    assert len(described(plain)) == 1 + 2 * ("receive" not in (excluded or ())) + 3 * ("send" not in (excluded or ()))


def test_spans_of_websocket_messages_are_upstreams(telemetry, plain):
    """The same of a websocket's messages."""
    for kit, wrap in (
        (plain, functools.partial(AsgiUpstream, exclude_spans=None)),
        (telemetry, functools.partial(asgi.instrument, exclude_spans=None, routes=["/ws"])),
    ):
        run(wrap(chatting, **kit.providers), dict(WEBSOCKET), ["websocket.connect", "websocket.receive"])

    assert described(telemetry) == described(plain)
    assert len(described(plain)) == 5


def test_by_default_no_message_has_a_span(telemetry):
    """A hundred chunks are one span."""
    run(asgi.instrument(chatting, **telemetry.providers), dict(WEBSOCKET), ["websocket.connect", "websocket.receive"])

    assert len(telemetry.spans) == 1


def test_client_hooks_get_what_upstream_gives_them(telemetry, plain):
    """A client hook implies its spans, and gets the span that is current, the application's scope and the message itself."""
    seen = {}

    def noting(kit, name):
        def hook(span, scope, message):
            seen.setdefault((kit, name), []).append((get_current_span() is span, scope["path"], message["type"]))
            span.set_attribute("hooked", message["type"])

        return hook

    for kit, wrap in ((plain, AsgiUpstream), (telemetry, functools.partial(asgi.instrument, routes=[TEMPLATE]))):
        app = talking(200, kit.tracer_provider.get_tracer("app"))
        hooks = {f"client_{name}_hook": noting(kit, name) for name in ("request", "response")}
        run(wrap(app, **hooks, **kit.providers), dict(HTTP), ["http.request", "http.disconnect"])

    for name in ("request", "response"):
        assert seen[telemetry, name] == seen[plain, name]
    assert described(telemetry) == described(plain)


def broken(*_args):
    raise RuntimeError("token=s3cr3t")


@pytest.mark.parametrize("name", ["server_request_hook", "server_response_hook"])
def test_a_hook_that_raises_is_said_once(protocol, telemetry, caplog, name):
    """It costs the request nothing and is said once, without the text of its error."""
    hook = functools.partial(broken)
    app = ours(protocol, Described(), telemetry, **{name: hook})
    answers = [protocol.get(app) for _ in range(3)]

    assert [answer.status for answer in answers] == [200, 200, 200]
    assert [span.status.status_code for span in telemetry.requests] == [StatusCode.UNSET] * 3
    said = [record.getMessage() for record in caplog.records if record.name == "otel_middleware"]
    assert len(said) == 1
    assert name in said[0]
    assert "s3cr3t" not in said[0]


@pytest.mark.parametrize("name", ["client_request_hook", "client_response_hook", "default_span_details"])
def test_a_raising_hook_of_asgi_is_said_once(telemetry, caplog, name):
    """The same of the hooks that only ASGI has."""
    app = asgi.instrument(chatting, **{name: functools.partial(broken)}, **telemetry.providers)
    for _ in range(2):
        run(app, dict(WEBSOCKET), ["websocket.connect", "websocket.receive"])

    assert len(telemetry.requests) == 2
    assert [record.levelno for record in caplog.records if record.name == "otel_middleware"] == [logging.WARNING]


async def coroutine_function(*args): ...


class AsyncCall:
    async def __call__(self, *args): ...


@pytest.mark.parametrize("hook", [coroutine_function, functools.partial(coroutine_function), AsyncCall(), "hook", 7])
@pytest.mark.parametrize("name", ["server_request_hook", "server_response_hook", "metric_attributes"])
def test_async_hooks_are_refused(protocol, name, hook):
    """A hook that would never be awaited, or is none, is refused while building, by name."""
    with pytest.raises(ConfigurationError, match=name):
        protocol.module.instrument(protocol.build(Described()), **{name: hook})


def test_hooks_see_unsampled_requests_and_websockets(telemetry):
    """A request hook is called once per connection, websockets included, with the SERVER span."""
    seen = []
    app = asgi.instrument(
        chatting, server_request_hook=lambda span, scope: seen.append((span.name, scope["type"])), **telemetry.providers
    )
    run(app, dict(WEBSOCKET), ["websocket.connect", "websocket.receive"])

    assert seen == [("WS", "websocket")]


@pytest.mark.parametrize(
    ("details", "name", "attributes"),
    [
        (("mine", {"a": 1}), "mine", {"a": 1}),
        (("mine", None), "mine", {}),
        (("mine", "no mapping"), "mine", {}),
        (("mine", 7), "mine", {}),
        (("", {"a": 1}), f"GET {TEMPLATE}", {"a": 1}),  # no name: ours
        (None, f"GET {TEMPLATE}", {}),
        ("mine", f"GET {TEMPLATE}", {}),
    ],
)
def test_span_details_name_the_span(telemetry, details, name, attributes):
    """The name and attributes that ``default_span_details`` gives stand; what is no such pair counts as nothing."""
    app = talking(200, telemetry.tracer_provider.get_tracer("app"))
    instrumented = asgi.instrument(
        app,
        default_span_details=lambda scope: details,
        routes=[TEMPLATE],
        exclude_spans=["receive"],
        **telemetry.providers,
    )
    run(instrumented, dict(HTTP), ["http.request", "http.disconnect"])

    (span,) = telemetry.requests
    assert span.name == name
    assert attributes.items() <= span.attributes.items()
    assert sum(span.name == f"{name} http send" for span in telemetry.spans) == 3
