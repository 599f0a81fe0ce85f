"""Tables from OpenAPI and Swagger documents: servers, methods, files, and documents that are none."""

from __future__ import annotations

import json
import sys

import pytest

from otel_middleware.errors import ConfigurationError
from otel_middleware.routing.table import RouteTable

OPERATION = {"responses": {}}
ORDERS = {"/orders": {"get": OPERATION, "post": OPERATION, "parameters": []}, "/orders/{order_id}": {"get": OPERATION}}


def openapi(paths=ORDERS, **more):
    return {"openapi": "3.1.0", "info": {}, "paths": paths, **more}


@pytest.mark.parametrize(
    ("servers", "prefixes"),
    [
        (None, [""]),  # the default server is /
        ([], [""]),
        ([{"url": "/"}], [""]),
        ([{"url": "https://api.example.com"}], [""]),
        ([{"url": "https://api.example.com/v1/"}], ["/v1"]),
        ([{"url": "/v1"}], ["/v1"]),
        ([{"url": "v1"}], ["/v1"]),  # relative to where the document is served
        ([{"url": "https://a.example.com/v1"}, {"url": "https://b.example.com/v1"}], ["/v1"]),
        ([{"url": "/v1"}, {"url": "/v2"}], ["/v1", "/v2"]),
        ([{"url": "https://x/{base}/api", "variables": {"base": {"default": "v3", "enum": ["v3"]}}}], ["/v3/api"]),
        ([{"url": "https://{tenant}.example.com/v1"}], ["/v1"]),  # a host is no prefix
        ([{"url": "https://x/a%20b"}], ["/a b"]),  # paths are matched decoded
    ],
)
def test_paths_stand_below_the_paths_of_servers(servers, prefixes):
    """Each distinct server path is put in front of each path."""
    document = openapi() if servers is None else openapi(servers=servers)

    expected = [prefix + path for path in ORDERS for prefix in prefixes]
    assert expected == list(RouteTable.from_openapi(document).templates)


def test_nearer_servers_override():
    """Servers of a path override the document's, those of an operation the path's."""
    table = RouteTable.from_openapi(
        openapi(
            {
                "/a": {"get": OPERATION},
                "/b": {
                    "servers": [{"url": "/path"}],
                    "get": OPERATION,
                    "post": {**OPERATION, "servers": [{"url": "/operation"}]},
                },
            },
            servers=[{"url": "/document"}],
        )
    )

    assert table.templates == ("/document/a", "/path/b", "/operation/b")
    assert table.match("/operation/b", "GET") is None
    assert table.match("/operation/b", "POST") == "/operation/b"


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/api/orders", "/api/orders"),
        ("HEAD", "/api/orders", "/api/orders"),
        ("DELETE", "/api/orders", None),
        ("GET", "/api/orders/1", "/api/orders/{order_id}"),
        ("GET", "/orders/1", None),
    ],
)
def test_swagger_2_has_a_base_path(method, path, expected):
    """A Swagger 2 document's paths stand below basePath and serve their operations."""
    table = RouteTable.from_openapi({"swagger": "2.0", "basePath": "/api/", "paths": ORDERS})

    assert expected == table.match(path, method)


def test_operations_are_the_methods():
    """A path serves its operations, OpenAPI 3.2's too; one without any serves everything; a reference is followed."""
    table = RouteTable.from_openapi(
        openapi(
            {
                "x-internal": "not a path",
                "/empty": {},
                "/hidden": None,
                "/elsewhere": {"$ref": "./other.yaml#/item"},
                "/shared": {"$ref": "#/components/pathItems/shared~1one"},
                "/search": {"query": OPERATION, "additionalOperations": {"COPY": OPERATION}},
            },
            components={"pathItems": {"shared/one": {"put": OPERATION}}},
        )
    )

    served = {path: [m for m in ("GET", "PUT", "QUERY", "COPY") if table.match(path, m)] for path in table.templates}
    everything = ["GET", "PUT", "QUERY", "COPY"]
    assert {
        "/empty": everything,
        "/hidden": everything,
        "/elsewhere": everything,
        "/shared": ["PUT"],
        "/search": ["QUERY", "COPY"],
    } == served


def test_webhooks_only_is_a_document_without_paths():
    """OpenAPI 3.1 allows a document without paths."""
    assert RouteTable.from_openapi({"openapi": "3.1.0"}).templates == ()


@pytest.mark.parametrize("name", ["api.json", "api.yaml", "api.yml", "api"])
def test_files_are_read_by_what_they_hold(tmp_path, name):
    """JSON and YAML files give the same table as the mapping, and settings are passed on."""
    file = tmp_path / name
    text = 'openapi: "3.0.4"\npaths:\n  /orders:\n    get: {}\n' if "y" in name else json.dumps(openapi())
    file.write_text(text, encoding="utf-8")

    table = RouteTable.from_openapi(str(file), infer=False, first_match=True)

    assert table.match("/orders", "GET") == "/orders"
    assert (table.infer, table.first_match) == (False, True)
    assert table.templates == RouteTable.from_openapi(file).templates


def test_yaml_without_its_package_names_the_extra(tmp_path, monkeypatch):
    """Where PyYAML is not installed, the error says what to install."""
    monkeypatch.setitem(sys.modules, "yaml", None)
    file = tmp_path / "api.yaml"
    file.write_text("openapi: 3.0.0\n", encoding="utf-8")

    with pytest.raises(ConfigurationError, match=r"otel-middleware\[yaml\]"):
        RouteTable.from_openapi(file)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({}, "neither openapi"),
        ({"openapi": "2.0"}, "neither openapi"),
        ({"swagger": "1.2"}, "neither openapi"),
        (openapi([]), r"paths=\[\] is no mapping"),
        (openapi({"orders": {}}), r"'orders'\]: it has no leading slash"),
        (openapi({7: {}}), r"7\]: it has no leading slash"),
        (openapi({"/a": []}), r"paths\['/a'\]: \[\] is no mapping"),
        (openapi({"/a": {"get": 7}}), r"paths\['/a'\]: get=7 is no mapping"),
        (openapi({"/a/{x": {}}), r"paths\['/a/\{x'\]: a bracket is not closed"),
        (openapi({"/a/{x}": {}, "/a/{y}": {}}), r"paths\['/a/\{y\}'\].*duplicate of paths\['/a/\{x"),
        (openapi(servers={"url": "/"}), "is no list"),
        (openapi(servers=["/v1"]), "has no url"),
        (openapi(servers=[{}]), "has no url"),
        (openapi(servers=[{"url": "/{base}"}]), "a variable without a default"),
        (openapi(servers=[{"url": "/{base}", "variables": []}]), "a variable without a default"),
        (openapi(servers=[{"url": "http://[x/"}]), "is no URL"),
    ],
)
def test_bad_documents_are_refused(document, reason):
    """What is no OpenAPI document, or makes no table, is a configuration error that says why."""
    with pytest.raises(ConfigurationError, match=reason):
        RouteTable.from_openapi(document)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("bad.json", b"{", "is no JSON"),
        ("bad.yaml", b"a: [", "neither JSON nor YAML"),
        ("list.json", b"[]", "holds no mapping"),
        ("deep.json", b"[" * 100_000, "nested too deeply|is no JSON"),
        ("latin.yaml", b"\xe9", "cannot be read"),
        ("missing.json", None, "cannot be read"),
    ],
)
def test_bad_files_are_refused(tmp_path, name, content, reason):
    """A file that cannot be read is a configuration error that names it."""
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(ConfigurationError, match=reason) as refused:
        RouteTable.from_openapi(file)
    assert name in str(refused.value)


def test_a_source_of_a_wrong_kind_is_refused():
    """Something that is neither a path nor a mapping is a configuration error."""
    with pytest.raises(ConfigurationError, match="path_or_mapping"):
        RouteTable.from_openapi(7)


def test_all_bad_paths_are_told_at_once():
    """One error holds every problem of a document's paths."""
    with pytest.raises(ConfigurationError) as refused:
        RouteTable.from_openapi(openapi({"a": {}, "/b": 7, "/c": {"get": None, "put": {}}}))

    assert len(refused.value.problems) == 3
