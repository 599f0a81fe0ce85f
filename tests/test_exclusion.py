"""Which requests are left alone."""

from __future__ import annotations

import logging
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_middleware.errors import ConfigurationError
from otel_middleware.exclusion import Exclusion
from otel_middleware.request import Request


@pytest.mark.parametrize(
    ("option", "path", "expected"),
    [
        ("healthz", "/healthz", True),  # searched, not matched
        ("healthz", "/a/healthz/b", True),
        ("healthz", "/health", False),
        ("^/health$", "/health", True),
        ("^/health$", "/health/more", False),
        ("healthz,metrics", "/metrics", True),  # a comma separates
        (" healthz , metrics ", "/metrics", True),  # blanks around it do not count
        ("healthz,,", "/orders", False),  # an empty one would match everything
        (["^/a{1,2}$"], "/aa", True),  # a comma inside an item of a sequence is the pattern's own
        (("^/a$", "^/b$"), "/b", True),
        ("(?i)HEALTH,metrics", "/health", True),  # a flag holds for its own pattern
        ("(?i)HEALTH,metrics", "/METRICS", False),
        (["(a)\\1", "(b)\\1"], "/bb", True),  # a group number counts within its own pattern
        (["(?P<n>x)", "(?P<n>y)"], "/y", True),  # and so does a group's name
        (["a|b", "c"], "/c", True),  # an alternative ends with its own pattern
    ],
)
def test_a_path_is_searched_for_each_pattern(option, path, expected):
    """Each pattern means in a list what it means alone."""
    assert expected is Exclusion.of(option).path(path)


@given(
    st.lists(st.sampled_from(["healthz", "^/a", "b$", "c|d", "[ef]+", "(g)h", "(?i)I", "x{2}"]), min_size=1),
    st.text("/abcdefghiIx"),
)
def test_many_patterns_are_searched_as_each_alone_would_be(patterns, path):
    """However patterns are joined, the answer is that of searching one after the other."""
    assert any(re.search(pattern, path) for pattern in patterns) is Exclusion.of(patterns).path(path)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("://internal[.:/]", True),  # the host, asked for explicitly
        ("^https://", True),
        ("://internal:8080/status$", False),  # the query belongs to the URL
        (r"://internal:8080/status\?full=1$", True),
        ("internal", False),  # in the path alone
    ],
)
def test_only_a_pattern_with_a_scheme_separator_sees_the_whole_url(pattern, expected):
    """A forged Host header excludes nothing unless a pattern asks for the whole URL."""
    exclusion = Exclusion.of(pattern)
    request = Request(scheme="https", host="internal:8080", path="/status", query="full=1")

    assert expected is (exclusion.path(request.path) or exclusion.request(request))
    assert ("://" in pattern) is exclusion.needs_request


def test_a_request_without_host_and_query_has_a_url_too():
    """A pattern over the URL never fails for what the request does not have."""
    assert Exclusion.of("http:///x$").request(Request(path="/x"))


def test_a_callable_decides_by_the_request():
    """A callable sees the method and the headers, which a path does not tell."""
    exclusion = Exclusion.of(lambda request: request.method == "OPTIONS")

    assert exclusion.needs_request
    assert not exclusion.path("/anything")
    assert exclusion.request(Request(method="OPTIONS"))
    assert not exclusion.request(Request(method="GET"))


def test_a_callable_that_raises_excludes_nothing_and_is_said_once(caplog):
    """A broken predicate costs one warning, no telemetry, and repeats nothing that the request sent."""

    def broken(request):
        raise LookupError("tok_secret")

    exclusion = Exclusion.of(broken)

    with caplog.at_level(logging.WARNING, "otel_middleware"):
        assert [exclusion.request(Request()) for _ in range(2)] == [False, False]
    assert len(caplog.records) == 1
    assert "LookupError" in caplog.text
    assert "tok_secret" not in caplog.text


@pytest.mark.parametrize("option", ["", " , ", [], ()])
def test_nothing_to_exclude_is_no_exclusion(option, monkeypatch):
    """An empty option excludes nothing, whatever the environment says."""
    monkeypatch.setenv("OTEL_PYTHON_EXCLUDED_URLS", "healthz")

    assert Exclusion.of(option) is None


@pytest.mark.parametrize(
    ("environment", "excluded"),
    [
        ({}, None),
        ({"OTEL_PYTHON_EXCLUDED_URLS": "general"}, "/general"),
        ({"OTEL_PYTHON_WSGI_EXCLUDED_URLS": "special", "OTEL_PYTHON_EXCLUDED_URLS": "general"}, "/special"),
        ({"OTEL_PYTHON_WSGI_EXCLUDED_URLS": "", "OTEL_PYTHON_EXCLUDED_URLS": "general"}, None),  # set, to nothing
    ],
)
def test_without_an_option_the_first_variable_that_is_set_counts(environment, excluded, monkeypatch):
    """The environment is read while building, the protocol's own variable first."""
    names = ("OTEL_PYTHON_WSGI_EXCLUDED_URLS", "OTEL_PYTHON_EXCLUDED_URLS")
    for name in names:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    exclusion = Exclusion.of(None, names)
    for name in names:
        monkeypatch.setenv(name, "later")

    paths = ("/general", "/special", "/later")
    assert [excluded == path for path in paths] == [bool(exclusion and exclusion.path(path)) for path in paths]


def test_every_broken_pattern_is_named():
    """All broken patterns are refused at once, each by itself."""
    with pytest.raises(ConfigurationError) as refusal:
        Exclusion.of(["fine", "(", "[a"])

    assert len(refusal.value.problems) == 2
    assert "'('" in refusal.value.problems[0]
    assert "'[a'" in refusal.value.problems[1]


async def coroutine_function(request):
    return True


@pytest.mark.parametrize(
    "option",
    [
        7,
        [b"bytes"],
        [1],
        {"a": 1},
        coroutine_function,  # its answer would be a coroutine, which is true
    ],
)
def test_what_is_no_pattern_and_no_predicate_is_refused(option):
    """An option of another type is refused by its value while building."""
    with pytest.raises(ConfigurationError, match="excluded_urls"):
        Exclusion.of(option)


def test_repr_shows_the_patterns():
    """A person sees what is excluded."""
    assert repr(Exclusion.of("a, ://b")) == "Exclusion(('a', '://b'), predicate=None)"
