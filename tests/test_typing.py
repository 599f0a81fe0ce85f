"""What a type checker tells a user: nothing of right code, and of each slip the line that it is on."""

from __future__ import annotations

import ast
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import otel_middleware
from otel_middleware import _instrument, asgi, wsgi

PACKAGE = Path(otel_middleware.__file__).parent
README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"(?:<!-- (continues|needs \w+) -->\n)?^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
AS_IN_README = (
    "# mypy: allow-untyped-defs, allow-untyped-calls, allow-incomplete-defs, "
    'disable-error-code="import-not-found,import-untyped"\n'
)

RIGHT = """
from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from functools import partial
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from flask import Flask
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from opentelemetry.instrumentation.wsgi import OpenTelemetryMiddleware as WsgiOpenTelemetryMiddleware
from opentelemetry.trace import Span
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

import otel_middleware
from otel_middleware import (
    ErrorStatuses,
    InferredRoutes,
    Request,
    Response,
    RouteTable,
    Sanitizer,
    TenantFromClaim,
    TenantFromHeader,
    Tenants,
    TrustPolicy,
    asgi,
    first_of,
    wsgi,
)
from otel_middleware.sanitization import DEFAULT_QUERY_KEYS
from otel_middleware.testing import Telemetry

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


# Applications, however their author types them: the name goes on to stand for the same.
async def app(scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})


async def of_starlette(scope: Scope, receive: Receive, send: Send) -> None: ...


async def otherwise_named(_scope: Any, _receive: Any, _send: Any) -> None: ...


def shop(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [])
    return [b"hello"]


def listed(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    return [b"hello"]


app = asgi.instrument(app, routes=["/orders/{order_id}"], tenant=TenantFromHeader("x-tenant-id"))
app = otel_middleware.instrument(app)
of_starlette = asgi.instrument(of_starlette)
of_starlette = otel_middleware.instrument(of_starlette)
otherwise_named = asgi.instrument(otherwise_named)
shop = wsgi.instrument(shop, routes=["/orders/{order_id}"], tenant=TenantFromHeader("x-tenant-id"))
shop = otel_middleware.instrument(shop)
listed = wsgi.instrument(listed)

served: ASGIApp = asgi.instrument(FastAPI())
served = otel_middleware.instrument(Starlette())
answering: WSGIApplication = wsgi.instrument(Flask("shop"))
answering = otel_middleware.instrument(Flask("shop"))

# In a middleware list.
Starlette(middleware=[Middleware(asgi.instrument, tenant=TenantFromHeader("x-tenant-id"))])
FastAPI(middleware=[Middleware(asgi.instrument)])
Starlette(middleware=[Middleware(otel_middleware.instrument, routes=["/orders/{order_id}"])])
fastapi = FastAPI()
fastapi.add_middleware(asgi.instrument)
fastapi.add_middleware(asgi.instrument, tenant=TenantFromHeader("x-tenant-id"))
fastapi.add_middleware(otel_middleware.instrument)
fastapi.add_middleware(asgi.TenantMiddleware, TenantFromHeader("x-tenant-id"))
fastapi.add_middleware(asgi.ErrorStatusMiddleware)
fastapi.add_middleware(asgi.RouteTemplateMiddleware, ["/orders/{order_id}"])
partial(asgi.instrument, routes=["/orders/{order_id}"])(fastapi)

# By hand.
inner = asgi.TenantMiddleware(asgi.RouteTemplateMiddleware(app, ["/orders/{order_id}"]), TenantFromHeader("x-tenant-id"))
served = asgi.SanitizationMiddleware(OpenTelemetryMiddleware(asgi.ErrorStatusMiddleware(inner)))
within = wsgi.TenantMiddleware(wsgi.RouteTemplateMiddleware(shop, ["/orders/{order_id}"]), TenantFromHeader("x-tenant-id"))
answering = wsgi.SanitizationMiddleware(WsgiOpenTelemetryMiddleware(wsgi.ErrorStatusMiddleware(within)))

# In an attribute: that it is a method's is all that is left to be said.
flask = Flask("shop")
flask.wsgi_app = wsgi.instrument(flask.wsgi_app)  # type: ignore[method-assign]
flask.wsgi_app = otel_middleware.instrument(flask.wsgi_app)  # type: ignore[method-assign]


# Hooks, as upstream types them and wider.
def hook(span: Span, scope: dict[str, Any]) -> None: ...
def wide_hook(span: Span, scope: MutableMapping[str, Any]) -> None: ...
def wider_hook(span: Span, scope: Mapping[str, Any]) -> None: ...
def message_hook(span: Span, scope: dict[str, Any], message: dict[str, Any]) -> None: ...
def asgi_response_hook(span: Span, scope: dict[str, Any], status: int, headers: list[tuple[bytes, bytes]]) -> None: ...
def wsgi_response_hook(span: Span, environ: WSGIEnvironment, status: str, headers: list[tuple[str, str]]) -> None: ...
def details(scope: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "GET", {}


asgi.instrument(app, server_request_hook=hook, server_response_hook=asgi_response_hook, default_span_details=details)
asgi.instrument(app, server_request_hook=wide_hook, client_request_hook=message_hook, client_response_hook=message_hook)
asgi.instrument(app, server_request_hook=wider_hook)
wsgi.instrument(shop, server_request_hook=hook, server_response_hook=wsgi_response_hook)
otel_middleware.instrument(shop, server_request_hook=wide_hook, server_response_hook=wsgi_response_hook)


# Every form of every option.
def template_of(scope: Mapping[str, Any]) -> str | None:
    return None


def tenant_of(request: Request) -> str | None:
    return request.header("x-tenant-id")


def is_error(response: Response) -> bool | None:
    return response.status == 404


def more(response: Response) -> Mapping[str, str]:
    return {"shop.kind": "book"}


templates: Iterable[str] = ("/orders/{order_id}",)
asgi.instrument(app, routes=None, tenant=None, sanitizer=None, excluded_urls=None, exclude_spans=None, metric_attributes=None)
asgi.instrument(app, routes=templates, tenant=tenant_of, errors=is_error, metric_attributes=more, native_telemetry="keep")
asgi.instrument(app, routes=template_of, excluded_urls=["^/healthz$"], exclude_spans=["send"], native_telemetry="suppress")
asgi.instrument(app, routes=RouteTable(templates, infer=False), excluded_urls=lambda request: request.path == "/healthz")
asgi.instrument(app, http_capture_headers_server_request=["x-a"], http_capture_headers_server_response=("x-b",), exclude_spans=[])
wsgi.instrument(shop, routes=InferredRoutes(max_templates=500), errors=ErrorStatuses(errors=["422", 425, range(500, 600)]))
wsgi.instrument(shop, trust=TrustPolicy(proxies=["10.0.0.0/8"]), http_capture_headers_sanitize_fields=["x-a"], excluded_urls="a,b")
wsgi.instrument(shop, errors=lambda response: None, tenant=lambda request: request.host, routes=lambda environ: environ["a"])
otel_middleware.instrument(
    app,
    tenant=Tenants(first_of(TenantFromHeader("x-tenant-id"), TenantFromClaim("org_id")), on_metrics=True),
    sanitizer=Sanitizer(query_keys=DEFAULT_QUERY_KEYS | {"voucher"}, paths=["/share/{key}", re.compile("s")]),
    exclude_spans=("receive",),
    native_telemetry="keep",
)
Sanitizer(query="listed", exceptions="redacted"), Sanitizer(query="all", exceptions="type"), Sanitizer(query=None, exceptions="full")


def test_orders(telemetry: Telemetry, options: dict[str, Any]) -> None:
    asgi.instrument(app, **telemetry.providers, **options)
    wsgi.instrument(shop, **telemetry.providers, **options)
    otel_middleware.instrument(shop, **telemetry.providers)
"""

WRONG = """
from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI
from opentelemetry.trace import Span
from starlette.middleware import Middleware

import otel_middleware
from otel_middleware import ErrorStatuses, Request, Response, RouteTable, Sanitizer, TenantFromHeader, asgi, wsgi


async def app(scope: Any, receive: Any, send: Any) -> None: ...
def shop(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    return []


async def waits(asked: Any) -> str:
    return "/"


async def slow_hook(span: Span, scope: dict[str, Any]) -> None: ...
def long_hook(span: Span, scope: dict[str, Any], status: int) -> None: ...


asgi.instrument(app, routs=["/orders/{order_id}"])  # E
wsgi.instrument(shop, routs=["/orders/{order_id}"])  # E
otel_middleware.instrument(app, routs=["/orders/{order_id}"])  # E
otel_middleware.instrument(shop, tennant=TenantFromHeader())  # E
FastAPI(middleware=[Middleware(asgi.instrument, routs=[])])  # E
FastAPI().add_middleware(asgi.instrument, routs=[])  # E
FastAPI().add_middleware(asgi.instrument, routes=7)  # E
FastAPI().add_middleware(otel_middleware.instrument, routs=[])  # E
FastAPI().add_middleware(wsgi.instrument)  # E
wsgi.instrument(shop, exclude_spans=["send"])  # E

asgi.instrument(shop)  # E
wsgi.instrument(app)  # E
asgi.instrument("app")  # E
otel_middleware.instrument("app")  # E
asgi.instrument(FastAPI()).add_middleware(asgi.ErrorStatusMiddleware)  # E
otel_middleware.instrument(FastAPI()).routes  # E
asgi.TenantMiddleware(shop, TenantFromHeader())  # E
wsgi.TenantMiddleware(app, TenantFromHeader())  # E
asgi.SanitizationMiddleware(app)  # E

asgi.instrument(app, routes=7)  # E
asgi.instrument(app, routes=waits)  # E
asgi.instrument(app, routes=RouteTable)  # E
asgi.instrument(app, tenant="x-tenant-id")  # E
asgi.instrument(app, tenant=waits)  # E
asgi.instrument(app, tenant=TenantFromHeader)  # E
asgi.instrument(app, sanitizer="off")  # E
asgi.instrument(app, errors={404})  # E
asgi.instrument(app, errors=None)  # E
asgi.instrument(app, errors=ErrorStatuses)  # E
asgi.instrument(app, trust=True)  # E
asgi.instrument(app, excluded_urls=5)  # E
asgi.instrument(app, excluded_urls=waits)  # E
asgi.instrument(app, http_capture_headers_server_request="x-a")  # E
asgi.instrument(app, server_request_hook=slow_hook)  # E
asgi.instrument(app, server_request_hook=long_hook)  # E
asgi.instrument(app, tracer_provider="jaeger")  # E
asgi.instrument(app, metric_attributes={})  # E
asgi.instrument(app, native_telemetry="both")  # E
asgi.instrument(app, exclude_spans="send")  # E
asgi.instrument(app, exclude_spans=["sent"])  # E
wsgi.instrument(shop, errors={404})  # E
wsgi.instrument(shop, native_telemetry="both")  # E
wsgi.instrument(shop, http_capture_headers_server_response="x-a")  # E
otel_middleware.instrument(app, errors={404})  # E
otel_middleware.instrument(app, native_telemetry="both")  # E
otel_middleware.instrument(app, exclude_spans=["sent"])  # E
otel_middleware.instrument(shop, server_request_hook=slow_hook)  # E
Sanitizer(query="none")  # E
Sanitizer(exceptions="types")  # E
"""


def blocks():
    """The python blocks of the README, joined with those that continue them."""
    found = []
    for block in BLOCK.finditer(README):
        if block[1] == "continues":
            found[-1] += "\n" + block[2]
        else:
            found.append(block[2])
    return found


@pytest.fixture(scope="module")
def modules():
    """Source by module."""
    readme = {f"readme_{number}": AS_IN_README + code for number, code in enumerate(blocks())}
    return {"right": RIGHT, "wrong": WRONG, **readme}


@pytest.fixture(scope="module")
def found(modules, tmp_path_factory):
    """What ``mypy --strict`` has against each of the modules: what it says, by the number of the line."""
    for needed in ("mypy", "fastapi", "flask", "starlette"):
        pytest.importorskip(needed)
    folder = tmp_path_factory.mktemp("typed")
    for name, source in modules.items():
        (folder / f"{name}.py").write_text(source, encoding="utf-8")
    # What is installed mypy finds by itself, and complains of being told.
    ours = {} if "site-packages" in PACKAGE.parts else {"MYPYPATH": str(PACKAGE.parent)}
    # In silence what is imported, our own files among it, is read and not judged.
    options = "--strict --follow-imports=silent --config-file= --cache-dir=cache --no-pretty --no-color".split()
    command = [sys.executable, "-m", "mypy", *options, *(f"{name}.py" for name in modules)]
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **ours}, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 1, done.stdout + done.stderr
    told = {name: {} for name in modules}
    for name, line, message in re.findall(r"^(\w+)\.py:(\d+): error: (.*)$", done.stdout, re.MULTILINE):
        told[name][int(line)] = message
    return told


def test_right_code_is_right(found):
    """Every way to instrument, typed, and every form of an option: no complaint."""
    assert found["right"] == {}


def test_each_slip_is_found(found):
    """Names and values that are none, of every way to instrument: a complaint on each line, and on no other."""
    assert list(found["wrong"]) == [n for n, line in enumerate(WRONG.splitlines(), 1) if line.endswith("  # E")]


def test_code_of_the_readme_is_right(found, modules):
    """As it stands there, without annotations: all but a method that is assigned to, and an empty queue of anything."""
    complained_of = {
        source.splitlines()[line - 1]
        for name, source in modules.items()
        if name.startswith("readme_")
        for line in found[name]
    }

    assert complained_of == {"app.wsgi_app = instrument(app.wsgi_app)", "later = asyncio.Queue()"}


def test_the_one_for_both_has_the_options_of_the_two():
    """The types of its options are those of the protocols, word by word."""
    [options] = [
        node
        for node in ast.walk(ast.parse(Path(_instrument.__file__).read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and node.name == "InstrumentOptions"
    ]
    told = {each.target.id: ast.unparse(each.annotation) for each in options.body if isinstance(each, ast.AnnAssign)}
    of_asgi, of_wsgi = (
        {
            name: parameter.annotation.replace("Environ", "dict[str, Any]")
            for name, parameter in inspect.signature(module.instrument).parameters.items()
            if parameter.kind is inspect.Parameter.KEYWORD_ONLY
        }
        for module in (asgi, wsgi)
    )

    assert told == of_asgi
    assert of_wsgi == {name: annotation for name, annotation in of_asgi.items() if name in of_wsgi}
