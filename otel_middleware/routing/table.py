"""Declared route templates: which of them does a path match?"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from otel_middleware._frozen import Frozen
from otel_middleware.errors import ConfigurationError
from otel_middleware.routing.declarations import Declaration, declaration_of, place_of
from otel_middleware.routing.openapi import declarations_of_document
from otel_middleware.routing.reviewed import declarations_of_file
from otel_middleware.routing.templates import MAX_SEGMENTS, Tail, is_static, segments_of
from otel_middleware.routing.trie import Leaf, Node, Route, search

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from os import PathLike
    from typing import Any

    from otel_middleware.routing.declarations import Entry

__all__ = ["RouteTable"]

MAX_PATH = 8192


class RouteTable(Frozen):
    """Route templates that somebody has declared, in the styles of all frameworks.

    A placeholder is one segment that is not empty: ``/orders/{id}``, ``/orders/<id>``, ``/orders/:id``. It may have a
    converter: ``{id:int}``, ``<int:id>``, ``{year:[0-9]{4}}`` (int, float, uuid, str, any and expressions narrow what
    it accepts, an unknown one narrows nothing), and text around it: ``/@{user}``, ``/files/{name}.json``, ``/{a}-{b}``.
    ``{path:path}``, ``<path:p>`` and ``*path`` are one segment or more, and segments may follow.

    Args:
        templates: Entries: ``"/orders/{id}"``, ``"GET,POST /orders/{id}"`` or ``("/orders/{id}", ["GET", "POST"])``.
            Without methods an entry serves all of them. Two entries of one shape may stand for different methods.
        infer: Whether paths that no template matches may be named by inference (``InferredRoutes``).
        first_match: Whether the first declared of several matching templates wins, as in Starlette. By default it is
            the most static one, segment by segment, as in Werkzeug and OpenAPI.

    Attributes:
        templates: The templates as declared, without methods, in order, each once.

    Raises:
        ConfigurationError: malformed or duplicate entries, all of them, each with its reason.
    """

    __slots__ = ("_deep", "_static", "_trie", "first_match", "infer", "templates")

    def __init__(
        self,
        templates: Iterable[Entry],
        *,
        infer: bool = True,
        first_match: bool = False,
    ) -> None:
        problems = [
            f"{name}={value!r} is neither True nor False"
            for name, value in (("infer", infer), ("first_match", first_match))
            if not isinstance(value, bool)
        ]
        self.infer = infer
        self.first_match = first_match
        self._static: dict[str, Leaf] = {}
        self._trie = Node(0)
        self._deep = Node(0)
        self.templates = self._declare(_entries(templates, problems), problems)
        if problems:
            raise ConfigurationError(*problems)
        self._settle()
        self._made = True

    @classmethod
    def from_openapi(
        cls,
        path_or_mapping: str | PathLike[str] | Mapping[str, Any],
        *,
        infer: bool = True,
        first_match: bool = False,
    ) -> RouteTable:
        """Declare what an OpenAPI 3 or Swagger 2 document describes.

        Paths stand below the path of each server (``servers`` of the document, the path or the operation, variables by
        their defaults; ``basePath``), and serve the methods of their operations.

        Args:
            path_or_mapping: The document, or a JSON or YAML file; YAML needs ``otel-middleware[yaml]``.
            infer: As in the constructor.
            first_match: As in the constructor.

        Raises:
            ConfigurationError: the file cannot be read, it is no such document, or its paths make no table.
        """
        return cls(declarations_of_document(path_or_mapping), infer=infer, first_match=first_match)

    @classmethod
    def from_file(cls, path: str | PathLike[str], *, infer: bool = True, first_match: bool = False) -> RouteTable:
        """Declare the routes of a reviewed file, written by ``InferredRoutes.export()`` or the command ``routes``.

        UTF-8, one route a line: methods if there are any, the template, ``#`` and a comment. Lines that begin with
        ``#`` and blank lines mean nothing. Equal lines are one route, so routes are merged by giving them one name;
        and one name may stand twice in a template.

        Raises:
            ConfigurationError: the file cannot be read, or lines are malformed or contradict, each with its number.
        """
        return cls(declarations_of_file(path), infer=infer, first_match=first_match)

    def match(self, path: str, method: str | None = None) -> str | None:
        """The template that *path* matches, as it was declared, or ``None``.

        A trailing slash more or less is forgiven where the exact spelling matches nothing. Paths of more than 8192
        characters or 64 segments match only templates with a path parameter.

        Args:
            path: Decoded, with its leading slash. An encoded slash has become a slash and separates segments.
            method: Upper case; GET's templates serve HEAD. ``None`` asks for any. Where templates match for other
                methods only, the answer is ``None``: such a 405 belongs to no route.
        """
        leaf = self._static.get(path)
        if leaf is not None and not leaf.contested and (route := leaf.of(method)) is not None:
            return route.template
        if path[:1] not in ("/", "") or (len(path) > MAX_PATH and not self._deep.children()):
            return None
        segments = path.split("/")
        found = self._find(leaf, path, segments, method)
        if found is None and path != "/" and path[-2:] != "//":
            path, segments = _respelled(path, segments)
            found = self._find(self._static.get(path), path, segments, method)
        return None if found is None else found.template

    def _find(self, leaf: Leaf | None, path: str, segments: list[str], method: str | None) -> Route | None:
        static = None if leaf is None else leaf.of(method)
        if static is not None and leaf is not None and not leaf.contested:
            return static
        trie = self._trie if len(path) <= MAX_PATH and len(segments) <= MAX_SEGMENTS + 1 else self._deep
        before = inf if static is None else static.number
        return search(trie, segments, method, first_match=self.first_match, before=before) or static

    def _declare(self, entries: list[object], problems: list[str]) -> tuple[str, ...]:
        declared: dict[str, None] = {}
        for number, entry in enumerate(entries):
            try:
                declaration = declaration_of(entry)
                declared[declaration.template] = None
                rival = self._add(declaration, number)
            except ValueError as malformed:  # noqa: PERF203
                problems.append(f"{place_of(entry, number)}: {malformed}")
            else:
                if rival is not None:
                    first = place_of(entries[rival.number], rival.number)
                    problems.append(f"{place_of(entry, number)}: it is a duplicate of {first}")
        return tuple(declared)

    def _add(self, declaration: Declaration, number: int) -> Route | None:
        """Take one template in, or return the route that stands in its place."""
        template, methods = declaration.template, declaration.methods
        route = Route(template, methods, number)
        if is_static(template):
            leaf = self._static.get(template) or self._static.setdefault(template, Leaf(route))
            return leaf.add(route)
        segments = segments_of(template, unique_names=declaration.unique_names)
        if Tail in map(type, segments):
            self._deep.add(segments, route)
        return self._trie.add(segments, route)

    def _settle(self) -> None:
        for trie in (self._trie, self._deep):
            trie.settle({})
        if self.first_match:
            for path, leaf in self._static.items():
                earlier = search(self._trie, path.split("/"), None, first_match=True, before=leaf.last)
                leaf.contested = earlier is not None

    def __repr__(self) -> str:
        return f"<RouteTable of {len(self.templates)} templates>"


def _respelled(path: str, segments: list[str]) -> tuple[str, list[str]]:
    """With a trailing slash where there was none, and without one where there was."""
    return (path[:-1], segments[:-1]) if path[-1:] == "/" else (path + "/", [*segments, ""])


def _entries(templates: object, problems: list[str]) -> list[object]:
    if isinstance(templates, (str, bytes)):
        problems.append(f"templates={templates!r} is a string: pass a list of templates")
        return []
    try:
        return list(templates)  # type: ignore[call-overload, no-any-return]
    except TypeError:
        problems.append(f"templates={templates!r} is no iterable of templates")
        return []
