"""Matching agrees with matchers that we did not write: Werkzeug's, Starlette's, and plain regular expressions."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.routing import Match, Route
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule

from otel_middleware.routing.table import RouteTable

WORDS = ["a", "b", "1", "p-a", "a.j", "p-1.j", "a-b", "é x"]
METHODS = [None, ("GET",), ("POST",), ("GET", "PUT")]

paths = st.lists(st.sampled_from([*WORDS, "22"]), min_size=1, max_size=5).map(lambda parts: "/" + "/".join(parts))
asked = st.sampled_from([None, "GET", "HEAD", "POST", "PUT", "DELETE"])


def templates_of(segment_styles, tail_styles):
    """Templates whose parameters are named by their place, so that equal shapes are equal texts."""
    segment = st.sampled_from([*WORDS[:3], *segment_styles])
    body = st.lists(segment, min_size=0, max_size=3)
    tail = st.sampled_from(["", "", *tail_styles])

    def text(parts, tail):
        chosen = [*parts, tail] if tail else parts or ["a"]
        return "/" + "/".join(part.replace("NAME", f"n{at}") for at, part in enumerate(chosen))

    return st.builds(text, body, tail)


def tables(templates):
    return st.dictionaries(templates, st.sampled_from(METHODS), min_size=1, max_size=8)


WERKZEUG = templates_of(["<NAME>", "<int:NAME>", "p-<NAME>", "<NAME>.j", "<NAME>-<mNAME>"], ["<path:NAME>"])
STARLETTE = templates_of(
    ["{NAME}", "{NAME:int}", "p-{NAME}", "{NAME}.j", "{NAME}-{mNAME}"],
    ["{NAME:path}", "{NAME:path}/a", "{NAME:path}/{mNAME:int}", "p-{NAME:path}"],
)


def werkzeugs_answer(table, path, method):
    rules = [Rule(template, endpoint=template, methods=methods) for template, methods in table.items()]
    adapter = Map(rules, merge_slashes=False, redirect_defaults=False).bind("host")
    try:
        return adapter.match(path, method=method)[0]
    except (NotFound, MethodNotAllowed):
        return None


def starlettes_answer(table, path, method):
    scope = {"type": "http", "path": path, "root_path": "", "method": method}
    for template, methods in table.items():
        route = Route(template, lambda request: None, methods=methods or ["GET", "HEAD", "POST", "PUT", "DELETE"])
        if route.matches(scope)[0] is Match.FULL:
            return template
    return None


@settings(max_examples=400, deadline=None)
@given(table=tables(WERKZEUG), path=paths, method=asked.filter(bool))
def test_the_most_static_template_is_werkzeugs(table, path, method):
    """A table by default chooses the rule that a Werkzeug map chooses, and a 405 is no match."""
    assert werkzeugs_answer(table, path, method) == RouteTable(table.items()).match(path, method)


@settings(max_examples=400, deadline=None)
@given(table=tables(STARLETTE), path=paths, method=asked.filter(bool))
def test_the_first_match_is_starlettes(table, path, method):
    """With first_match a table chooses the route that Starlette's scan chooses."""
    assert starlettes_answer(table, path, method) == RouteTable(table.items(), first_match=True).match(path, method)


EXPRESSIONS = {
    "{NAME}": "[^/]+",
    "<int:NAME>": "[0-9]+",
    "{NAME:[a-z]{1,2}}": "[a-z]{1,2}",
    "<any(a,p-a):NAME>": "(?:a|p-a)",
    "p-{NAME}.j": r"p-[^/]+\.j",
    "{NAME}-{mNAME:int}": "[^/]+-[0-9]+",
    "*NAME": "[^/].*",
    "{NAME:path}/{mNAME}": "[^/].*/[^/]+",
    "{NAME:path}/a/": "[^/].*/a/",
    "{NAME:path}.j": r"(?:[^/][^/]*|[^/].*/[^/]*)\.j",
}
ANYTHING = templates_of(list(EXPRESSIONS)[:6], [*list(EXPRESSIONS)[6:], "b/"])
PARTS = re.compile(
    "|".join(re.escape(re.sub("NAME", "@", style)) for style in sorted(EXPRESSIONS, key=len, reverse=True))
)


def expression_of(template):
    """The template as one regular expression, style by style."""
    named = re.sub(r"n\d+", "@", template)
    pieces, at = [], 0
    for style in PARTS.finditer(named):
        pieces += [re.escape(named[at : style.start()]), EXPRESSIONS[style[0].replace("@", "NAME")]]
        at = style.end()
    return re.compile("".join([*pieces, re.escape(named[at:])]), re.DOTALL)


def respelled(path):
    return path[:-1] if path.endswith("/") else path + "/"


@settings(max_examples=800, deadline=None)
@given(
    templates=st.lists(ANYTHING, min_size=1, max_size=8, unique=True),
    path=st.lists(st.sampled_from([*WORDS, ""]), min_size=1, max_size=6).map(lambda parts: "/" + "/".join(parts)),
    first_match=st.booleans(),
)
def test_what_matches_is_what_expressions_match(templates, path, first_match):
    """Something matches exactly if an expression does; in order, the exact spelling first."""
    exact = [template for template in templates if expression_of(template).fullmatch(path)]
    other = [template for template in templates if expression_of(template).fullmatch(respelled(path))]
    expected = exact or (other if path != "/" and not path.endswith("//") else [])

    found = RouteTable(templates, first_match=first_match).match(path)

    assert found in ((expected[:1] if first_match else expected) or [None])
