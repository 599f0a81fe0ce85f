"""Route templates of an OpenAPI 3 or Swagger 2 document: its paths below the paths of its servers.

Source: OpenAPI Specification 3.0.4, 3.1.1 and 3.2.0, "Server Object", "Path Item Object"; Swagger 2.0, "basePath".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from otel_middleware.errors import ConfigurationError
from otel_middleware.routing.declarations import Declaration

if TYPE_CHECKING:
    from collections.abc import Iterator
    from os import PathLike

__all__ = ["declarations_of_document"]

_OPERATIONS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
_VARIABLE = re.compile(r"\{([^{}]*)\}")


class _DocumentError(ValueError):
    """A document that cannot be read as one; its text is the reason."""


def declarations_of_document(source: str | PathLike[str] | Mapping[str, Any]) -> list[Declaration]:
    """The templates of a document, or of the JSON or YAML file that holds it, in its order.

    Raises:
        ConfigurationError: it cannot be read, or is no OpenAPI 3 or Swagger 2 document; all problems of its paths.
    """
    try:
        document = source if isinstance(source, Mapping) else _read(source)
        return _declarations(document)
    except _DocumentError as problem:
        shown = "mapping" if isinstance(source, Mapping) else repr(str(source))
        raise ConfigurationError(f"path_or_mapping={shown}: {problem}") from problem


def _read(path: object) -> object:
    try:
        text = Path(path).read_text(encoding="utf-8-sig")  # type: ignore[arg-type]
    except (OSError, TypeError, ValueError) as unreadable:
        raise _DocumentError(f"it cannot be read ({unreadable})") from unreadable
    try:
        return json.loads(text)
    except RecursionError:
        raise _DocumentError("it is nested too deeply") from None
    except ValueError as malformed:
        if str(path).endswith(".json"):
            raise _DocumentError(f"it is no JSON ({malformed})") from malformed
        return _read_yaml(text)


def _read_yaml(text: str) -> object:
    try:
        import yaml  # noqa: PLC0415  optional
    except ImportError:
        raise _DocumentError("it is no JSON, and YAML needs the extra otel-middleware[yaml]") from None
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as malformed:
        raise _DocumentError(f"it is neither JSON nor YAML ({malformed})") from malformed


def _declarations(document: object) -> list[Declaration]:
    if not isinstance(document, Mapping):
        raise _DocumentError("it holds no mapping")
    prefixes = _document_prefixes(document)
    paths = document.get("paths", {})
    if not isinstance(paths, Mapping):
        raise _DocumentError(f"paths={paths!r} is no mapping")
    declared: list[Declaration] = []
    problems: list[str] = []
    for path, item in paths.items():
        if isinstance(path, str) and path.startswith("x-"):
            continue
        try:
            declared += _declarations_of_path(document, path, item, prefixes)
        except _DocumentError as problem:
            problems.append(f"paths[{path!r}]: {problem}")
    if problems:
        raise ConfigurationError(*problems)
    return declared


def _declarations_of_path(
    document: Mapping[str, Any], path: object, item: object, prefixes: list[str]
) -> Iterator[Declaration]:
    if not isinstance(path, str) or not path.startswith("/"):
        raise _DocumentError("it has no leading slash")
    for prefix, methods in _methods_by_prefix(_resolved(document, item), prefixes).items():
        narrowed = None if None in methods else frozenset(filter(None, methods))
        yield Declaration(prefix + path, narrowed, f"paths[{path!r}]")


def _document_prefixes(document: Mapping[str, Any]) -> list[str]:
    if str(document.get("swagger", "")).startswith("2"):
        return [_as_prefix(str(document.get("basePath") or ""))]
    if str(document.get("openapi", "")).startswith("3"):
        return _prefixes(document) or [""]
    raise _DocumentError("it says neither openapi: 3.x nor swagger: 2.0")


def _resolved(document: Mapping[str, Any], item: object) -> Mapping[str, Any]:
    """The path item, one reference inside the document followed."""
    reference = item.get("$ref") if isinstance(item, Mapping) else None
    if isinstance(reference, str) and reference.startswith("#/"):
        found: Any = document
        for key in reference[2:].split("/"):
            name = unquote(key).replace("~1", "/").replace("~0", "~")
            found = found.get(name) if isinstance(found, Mapping) else None
        item = found
    if item is None:
        return {}
    if not isinstance(item, Mapping):
        raise _DocumentError(f"{item!r} is no mapping")
    return item


def _methods_by_prefix(item: Mapping[str, Any], prefixes: list[str]) -> dict[str, set[str | None]]:
    """Which methods a path serves below each prefix; ``None`` stands for all, where no operation is described."""
    below = _prefixes(item) or prefixes
    found: dict[str, set[str | None]] = {}
    for method, operation in _operations(item):
        if not isinstance(operation, Mapping):
            raise _DocumentError(f"{method.lower()}={operation!r} is no mapping")
        for prefix in _prefixes(operation) or below:
            found.setdefault(prefix, set()).add(method)
    return found or {prefix: {None} for prefix in below}


def _operations(item: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    yield from ((method.upper(), item[method]) for method in _OPERATIONS if method in item)
    additional = item.get("additionalOperations")
    if isinstance(additional, Mapping):
        yield from additional.items()


def _prefixes(owner: Mapping[str, Any]) -> list[str]:
    """The distinct paths of the servers that *owner* lists, in order."""
    servers = owner.get("servers") or []
    if not isinstance(servers, list):
        raise _DocumentError(f"servers={servers!r} is no list")
    return list(dict.fromkeys(_server_prefix(server) for server in servers))


def _server_prefix(server: object) -> str:
    url = server.get("url") if isinstance(server, Mapping) else None
    if not isinstance(server, Mapping) or not isinstance(url, str):
        raise _DocumentError(f"servers: {server!r} has no url")
    variables = server.get("variables") or {}

    def default(match: re.Match[str]) -> str:
        variable = variables.get(match[1]) if isinstance(variables, Mapping) else None
        return str(variable["default"]) if isinstance(variable, Mapping) and "default" in variable else match[0]

    return _as_prefix(_path_of(_VARIABLE.sub(default, url)))


def _path_of(url: str) -> str:
    try:
        path = urlsplit(url).path
    except ValueError as malformed:
        raise _DocumentError(f"servers: url={url!r} is no URL ({malformed})") from malformed
    if "{" in path:
        raise _DocumentError(f"servers: url={url!r} has a variable without a default in its path")
    return path


def _as_prefix(path: str) -> str:
    inside = unquote(path).strip("/")
    return f"/{inside}" if inside else ""
