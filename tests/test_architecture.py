"""The rules of the house, held by tests."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import otel_middleware
from otel_middleware import asgi, wsgi

PACKAGE = Path(otel_middleware.__file__).parent
ASGI_ONLY = {"client_request_hook", "client_response_hook", "exclude_spans", "default_span_details"}
POLICIES = ["errors", "exclusion", "request", "sanitization", "status", "tenancy", "trust"]


def imports_of(path):
    """Modules that *path* imports when it is imported itself: not under TYPE_CHECKING, not inside of functions."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def source_of(module):
    """The file of a module of ours, by its dotted name inside the package."""
    path = PACKAGE.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def test_protocols_export_the_same_names():
    """``asgi`` and ``wsgi`` have the same ``__all__``."""
    assert asgi.__all__ == wsgi.__all__


@pytest.mark.parametrize("name", asgi.__all__)
def test_protocols_take_the_same_parameters(name):
    """Names, order and kinds of parameters are the same, but for the options that only ASGI has."""
    of_asgi, of_wsgi = (
        [(parameter.name, parameter.kind) for parameter in inspect.signature(getattr(module, name)).parameters.values()]
        for module in (asgi, wsgi)
    )
    assert [pair for pair in of_asgi if pair[0] not in ASGI_ONLY] == of_wsgi


def test_protocol_folders_mirror_each_other():
    """The same files stand in both; message spans and sessions are ASGI's alone, bodies are WSGI's."""
    of_asgi, of_wsgi = ({path.name for path in (PACKAGE / name).glob("*.py")} for name in ("asgi", "wsgi"))
    assert of_asgi - {"_message_spans.py", "_session.py"} == of_wsgi - {"_body.py", "_given.py"}


@pytest.mark.parametrize(("folder", "other"), [("asgi", "wsgi"), ("wsgi", "asgi")])
def test_protocols_never_import_each_other(folder, other):
    """Neither folder imports the other."""
    found = {name for path in (PACKAGE / folder).glob("*.py") for name in imports_of(path)}
    assert not [name for name in found if name.startswith(f"otel_middleware.{other}")]


@pytest.mark.parametrize("policy", POLICIES)
def test_policies_are_pure(policy):
    """A policy imports the standard library and other pure modules of ours, never opentelemetry."""
    seen, waiting = set(), [policy]
    while waiting:
        module = waiting.pop()
        seen.add(module)
        for name in imports_of(source_of(module)):
            top = name.partition(".")[0]
            if top == "otel_middleware":
                inner = name.partition(".")[2]
                waiting += [inner] if inner and inner not in seen else []
            else:
                assert top in sys.stdlib_module_names, f"{module} imports {name}"


def test_only_sdk_imports_the_sdk():
    """``opentelemetry.sdk`` is imported by ``otel_middleware.sdk`` alone (the test kit imports it where it is used)."""
    found = {
        path.relative_to(PACKAGE).parts[0]
        for path in PACKAGE.rglob("*.py")
        for name in imports_of(path)
        if name.startswith("opentelemetry.sdk")
    }
    assert found - {"cli"} == {"sdk"}


def test_import_needs_nothing_optional():
    """Importing the package and both protocols imports no SDK, no framework and no optional package."""
    optional = ["opentelemetry.sdk", "starlette", "werkzeug", "fastapi", "flask", "yaml", "rich", "typer", "pytest"]
    code = (
        "import sys, otel_middleware, otel_middleware.asgi, otel_middleware.wsgi;"
        f"print([name for name in {optional!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def loaded_by(code):
    """The modules that *code* adds to those of a fresh interpreter."""
    counted = f"import sys; before = set(sys.modules)\n{code}\nprint(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", counted], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_importing_the_package_loads_next_to_nothing():
    """No module of ours but itself, nothing of OpenTelemetry, none of the standard library's heavy modules."""
    loaded = loaded_by("import otel_middleware")
    assert {name for name in loaded if name.startswith("otel_middleware")} == {"otel_middleware"}
    assert not loaded & {"opentelemetry", "asyncio", "dataclasses", "inspect", "ipaddress", "json", "logging"}


@pytest.mark.parametrize(("protocol", "other"), [("asgi", "wsgi"), ("wsgi", "asgi")])
def test_a_protocol_is_imported_without_what_a_stack_may_not_need(protocol, other):
    """Learning, tables, frameworks and the sanitizer come with the stack that uses them, the other protocol never."""
    upstream = loaded_by(f"import opentelemetry.instrumentation.{protocol}")
    loaded = loaded_by(f"import otel_middleware.{protocol}") - upstream
    assert not loaded & {f"otel_middleware.{other}", f"opentelemetry.instrumentation.{other}", "json", "hmac"}
    assert not loaded & {
        *("otel_middleware.routing.inference", "otel_middleware.routing.learner", "otel_middleware.routing.table"),
        *("otel_middleware.frameworks.flask", "otel_middleware.frameworks.django", "otel_middleware.sanitization"),
        *("otel_middleware.cli", "otel_middleware.attach", "otel_middleware.sdk", "otel_middleware.testing"),
    }


APP = "from otel_middleware import RouteTable, asgi\nasync def app(scope, receive, send): ...\n"


@pytest.mark.parametrize(
    ("stack", "absent"),
    [
        ("instrument(app)", "otel_middleware.wsgi"),
        ("instrument(app, routes=RouteTable([], infer=False))", "otel_middleware.routing.inference"),
        ("RouteTemplateMiddleware(app)", "otel_middleware.sanitization"),
    ],
)
def test_a_stack_loads_what_it_uses(stack, absent):
    """Learning is not loaded where it is switched off, nor the sanitizer where nobody redacts."""
    assert absent not in loaded_by(f"{APP}asgi.{stack}")


def test_nothing_is_left_to_import_in_the_first_request():
    """A stack that was built has all that a request needs: serving one imports no module of ours."""
    code = APP + (
        "import sys\nstack = asgi.instrument(app)\nbefore = set(sys.modules)\n"
        "scope = {'type': 'http', 'method': 'GET', 'path': '/orders/7', 'headers': [], 'query_string': b'token=1'}\n"
        "try: stack(scope, None, None).send(None)\nexcept StopIteration: pass\n"
        "late = [name for name in set(sys.modules) - before if name.startswith('otel_middleware')]\n"
        "assert not late, late"
    )
    loaded_by(code)


def test_every_public_name_is_found_where_it_lives():
    """Each name of ``__all__`` is imported when it is asked for and listed by ``dir``; any other is an ``AttributeError``."""
    assert all(getattr(otel_middleware, name) is not None for name in otel_middleware.__all__)
    assert set(otel_middleware.__all__) <= set(dir(otel_middleware))
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        _ = otel_middleware.Nonsense


def test_public_names_are_the_contract():
    """The package exports exactly the names of the contract."""
    assert set(otel_middleware.__all__) == {
        *("instrument", "RouteTable", "InferredRoutes", "set_route", "Tenants", "TenantFromHeader", "TenantFromHost"),
        *("TenantFromPath", "TenantFromClaim", "first_of", "set_tenant", "ErrorStatuses", "record_error", "Sanitizer"),
        *("TrustPolicy", "server_span", "Request", "Response", "ConfigurationError", "bound", "__version__"),
    }


def test_tests_state_their_property():
    """Every test has a docstring."""
    silent = [
        f"{path.name}:{node.name}"
        for path in Path(__file__).parent.rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and node.name.startswith("test_")
        and ast.get_docstring(node) is None
    ]
    assert silent == []
