"""Bad input is a clear error while building, with every problem at once."""

from __future__ import annotations

import re

import pytest
from harness import Described

import otel_middleware
from otel_middleware import ConfigurationError, asgi, bound, wsgi


async def asgi_app(scope, receive, send): ...


def wsgi_app(environ, start_response): ...


async def waits(_asked): ...


APPS = {"asgi": asgi_app, "wsgi": wsgi_app}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"routes": "/orders"}, ["routes", "'/orders'"]),
        ({"routes": ["orders/{id}"]}, ["orders/{id}"]),
        ({"routes": ["/a/{"]}, ["/a/{"]),
        ({"routes": 7}, ["routes", "7"]),
        ({"routes": waits}, ["routes", "coroutine", "waits"]),
        ({"excluded_urls": waits}, ["excluded_urls", "waits"]),
        ({"tenant": "x-tenant-id"}, ["tenant", "'x-tenant-id'"]),
        ({"sanitizer": "off"}, ["sanitizer", "'off'"]),
        ({"errors": {404}}, ["errors", "{404}"]),
        ({"trust": True}, ["trust", "True"]),
        ({"excluded_urls": "a,(b"}, ["excluded_urls", "(b"]),
        ({"excluded_urls": 5}, ["excluded_urls", "5"]),
        ({"http_capture_headers_server_request": "x-a"}, ["http_capture_headers_server_request", "'x-a'"]),
        ({"http_capture_headers_server_response": ["("]}, ["http_capture_headers_server_response", "'('"]),
        ({"server_request_hook": asgi_app}, ["server_request_hook", "coroutine"]),
        ({"metric_attributes": {}}, ["metric_attributes", "{}"]),
        ({"metric_attributes": dict}, ["metric_attributes", "one argument"]),
        ({"server_request_hook": lambda span: None}, ["server_request_hook", "two arguments"]),
        ({"tenant": lambda: "acme"}, ["tenant", "one argument"]),
        ({"errors": lambda response, status: None}, ["errors"]),
        ({"routes": lambda: "/"}, ["routes", "one argument"]),
        ({"excluded_urls": lambda: True}, ["excluded_urls", "one argument"]),
        ({"native_telemetry": "both"}, ["native_telemetry", "'both'"]),
        ({"tracer_provider": "jaeger"}, ["tracer_provider", "'jaeger'"]),
        ({"tenants": 1}, ["tenants=1"]),
    ],
)
def test_each_wrong_option_is_named(protocol, options, words):
    """The error names the argument and its value."""
    with pytest.raises(ConfigurationError) as caught:
        protocol.module.instrument(APPS[protocol.name], **options)

    assert len(caught.value.problems) == 1
    assert all(word in str(caught.value) for word in words), str(caught.value)


@pytest.mark.parametrize(
    ("option", "hint"),
    [
        ("excluded_url", "did you mean excluded_urls?"),
        ("routs", "did you mean routes?"),
        ("response_hook", "did you mean server_response_hook?"),
        ("tracer", "did you mean tracer_provider?"),
        ("colour", "unknown option colour=None"),
    ],
)
def test_an_unknown_option_is_said_with_what_was_meant(protocol, option, hint):
    """A slip, or the name that upstream has for it."""
    with pytest.raises(ConfigurationError) as caught:
        protocol.module.instrument(APPS[protocol.name], **{option: None})

    assert str(caught.value).rstrip(")").endswith(hint)


def test_an_application_of_the_other_protocol_is_refused():
    """Where it is clear: each request would fail. What takes anything is taken at its word."""
    with pytest.raises(ConfigurationError, match="no WSGI application"):
        wsgi.instrument(asgi_app)
    with pytest.raises(ConfigurationError, match="no ASGI application"):
        asgi.instrument(wsgi_app)
    assert callable(asgi.instrument(lambda *arguments: None))
    assert callable(wsgi.instrument(lambda *arguments: None))
    assert callable(asgi.instrument(lambda scope: None)), "ASGI 2"


def test_all_problems_come_at_once(protocol):
    """A non-callable application, a wrong policy, a malformed template and an unknown option are four problems of one error."""
    with pytest.raises(ConfigurationError) as caught:
        protocol.module.instrument("app", tenant=5, routes=["x"], colour="red")

    assert len(caught.value.problems) == 4
    for word in ("'app'", "5", "'x'", "colour='red'"):
        assert word in str(caught.value)


@pytest.mark.parametrize("name", ["ErrorStatusMiddleware", "RouteTemplateMiddleware", "TenantMiddleware"])
def test_classes_check_their_arguments(protocol, name):
    """Each class by itself says what is wrong with its application and its policy, both at once."""
    with pytest.raises(ConfigurationError) as caught:
        getattr(protocol.module, name)(None, 5)

    assert len(caught.value.problems) == 2


def test_sanitization_says_where_it_belongs(protocol):
    """Around anything but upstream's own middleware it cannot work, and says where it belongs."""
    with pytest.raises(ConfigurationError, match="directly around an opentelemetry") as caught:
        protocol.module.SanitizationMiddleware(APPS[protocol.name], sanitizer="no")

    assert "sanitizer" in str(caught.value)


@pytest.mark.parametrize("wrong", ["send", ["sent"], 14, True])
def test_asgi_only_options(wrong):
    """Options of ASGI alone are checked there with all others, and unknown to WSGI."""
    wrong = {"exclude_spans": wrong}
    with pytest.raises(ConfigurationError, match=r"native_telemetry.*exclude_spans"):
        asgi.instrument(asgi_app, **wrong, native_telemetry="maybe")
    with pytest.raises(ConfigurationError, match="unknown option exclude_spans"):
        wsgi.instrument(wsgi_app, **wrong)


class AsyncCallable:
    async def __call__(self, scope, receive, send): ...


class SyncCallable:
    def __call__(self, environ, start_response): ...


@pytest.mark.parametrize(
    ("app", "module"),
    [
        (asgi_app, asgi),
        (AsyncCallable(), asgi),
        (lambda scope, receive, send: None, asgi),
        (wsgi_app, wsgi),
        (SyncCallable(), wsgi),
        (SyncCallable().__call__, wsgi),
    ],
)
def test_protocol_is_told_from_the_application(app, module):
    """``otel_middleware.instrument`` calls the right one of the two."""
    assert type(otel_middleware.instrument(app)) is type(module.instrument(APPS[module.__name__.rpartition(".")[2]]))


@pytest.mark.parametrize("app", [lambda *args: None, lambda scope: None, "app"])
def test_unclear_protocol_is_an_error(app):
    """When it cannot tell, the error names both."""
    with pytest.raises(ConfigurationError) as caught:
        otel_middleware.instrument(app)

    assert "ASGI" in str(caught.value)
    assert "WSGI" in str(caught.value)


def test_environment_is_read_when_building(protocol, telemetry, monkeypatch):
    """Environment variables are read at construction: exclusion, capture, sanitised fields."""
    described = Described(headers=(("x-out", "1"), ("content-length", "2")))
    prefix = "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS"
    monkeypatch.setenv(f"OTEL_PYTHON_{protocol.name.upper()}_EXCLUDED_URLS", "healthz, readyz")
    monkeypatch.setenv(f"{prefix}_SERVER_REQUEST", "x-in,x-secret.*")
    monkeypatch.setenv(f"{prefix}_SERVER_RESPONSE", "x-out")
    monkeypatch.setenv(f"{prefix}_SANITIZE_FIELDS", "secret")
    app = protocol.module.instrument(protocol.build(described), **telemetry.providers)
    for name in ("SERVER_REQUEST", "SERVER_RESPONSE", "SANITIZE_FIELDS"):
        monkeypatch.delenv(f"{prefix}_{name}")
    protocol.get(app, "/readyz")
    protocol.get(app, "/", headers=[("x-in", "a"), ("x-secret-thing", "b"), ("x-else", "c")])

    captured = {key: value for key, value in telemetry.request().attributes.items() if ".header." in key}
    assert captured == {
        "http.request.header.x_in": ("a",),
        "http.request.header.x_secret_thing": ("[REDACTED]",),
        "http.response.header.x_out": ("1",),
    }


@pytest.mark.parametrize("value", [None, 3, "work"])
def test_bound_takes_a_callable(value):
    """Anything else is refused where it is given, not where it is called."""
    with pytest.raises(ConfigurationError, match=re.escape(repr(value))):
        bound(value)


@pytest.mark.parametrize(
    ("policy", "name"),
    [
        (otel_middleware.Sanitizer(), "replacement"),
        (otel_middleware.Sanitizer(), "query"),
        (otel_middleware.RouteTable(["/a"]), "infer"),
        (otel_middleware.RouteTable(["/a"]), "templates"),
        (otel_middleware.TrustPolicy(), "hops"),
        (otel_middleware.ErrorStatuses(), "errors"),
        (otel_middleware.Tenants(otel_middleware.TenantFromHeader()), "pattern"),
        (otel_middleware.TenantFromHeader(), "name"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_policies_are_immutable(policy, name):
    """No attribute of a policy can be set or deleted once it is built."""
    with pytest.raises(AttributeError):
        setattr(policy, name, None)
    with pytest.raises(AttributeError):
        delattr(policy, name)
