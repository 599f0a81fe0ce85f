"""What is given back without a closer look is what the closer look would not change: the quick way and the full one agree."""

from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_middleware import Sanitizer
from otel_middleware.sanitization import DEFAULT_QUERY_KEYS, DEFAULT_VALUE_PATTERNS, EMAIL

LONG = "c0ffee" * 5
JWT = f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.{LONG}"

# What stands for each default pattern, assembled so that scanners of source code do not take them for real ones.
LOOKS = {
    "pem": f"-----BEGIN PRIVATE KEY-----{LONG}-----END PRIVATE KEY-----",
    "jwt": JWT,
    "bearer": "Bearer hunter7Secret",
    "basic": "Basic dXNlcjpodW50ZXI3U2VjcmV0",
    "aws": "AKIA" + "IOSFODNN7EXAMPLE",
    "gcp": "AIza" + "Sy" + LONG + "abc",
    "azure": "Qx7" + "8Q~" + LONG + "wxyz",
    "github": "ghp_" + LONG + "abcdef",
    "gitlab": "glpat-" + LONG,
    "slack": "xoxb-" + LONG,
    "slack hook": "https://hooks.slack.com/services/T0/B0/" + LONG,
    "stripe": "sk_live_" + LONG,
    "npm": "npm_" + LONG + "abcdef",
    "card": "4111111111111111",
    "card in groups": "4111 1111 1111 1111",
}

words = st.sampled_from(
    [
        *(
            "token",
            "sig",
            "key",
            "code",
            "api",
            "Token",
            "pass",
            "word",
            "access",
            "id",
            "KEY",
            "sess",
            "ion",
            "authorization",
        ),
        *(
            "a",
            "b1",
            "12",
            "x",
            "page",
            "sort",
            "2026-01-01",
            "device",
            "evice",
            "ode",
            "monkey",
            "reset",
            "https:",
            "http:",
        ),
        *(
            "eyJ",
            "Bearer",
            "Basic",
            "hmac",
            "1111",
            "ann@x.example",
            "status",
            "MQ",
            "next",
            "aaaaaaaaaaaaaaaaaaaaaaaa",
            "é",
            "K",
        ),
    ]
)
marks = st.sampled_from(
    [*"=&;+-_., []/:?\"'{}()<>!*~$@#\\|^%`\t", "=", "=", "=", "&", "&", "://", "=>", " = ", " : ", '":"']
)
escapes = st.sampled_from(
    [quote(mark, safe="") for mark in "=&;+, []/:?\"'{}()!*$@#\\\n"]
    + ["%2D", "%5F", "%2e", "%74", "%2574", "%253D", "%C3%A9"]
)
texts = st.lists(st.one_of(words, marks, words, escapes), max_size=10).map("".join)
queries = st.lists(st.tuples(words, st.sampled_from("=:+-"), texts).map("".join), min_size=1, max_size=5).map("&".join)
anything = st.one_of(texts, queries)


class NeverClear:
    """A screen that sends everything to the closer look."""

    searches_all = False

    def clears(self, *_args, **_options):
        return False

    pairs = path = prose = clears


def without_screens(**options):
    """A sanitizer that looks at everything closely."""
    sanitizer = Sanitizer(**options)
    scanner = sanitizer._scanner
    scanner.query_screen = scanner.text_screen = scanner.looks._screen = NeverClear()
    return sanitizer


def keep_codes(rule, _name, _value):
    return rule == "code"


OPTIONS = {
    "defaults": {},
    "hashed": {"hashed_with": "k"},
    "keep": {"keep": keep_codes},
    "paths": {"paths": ["/reset/{token}"]},
    "all": {"query": "all"},
    "emails": {"values": (*DEFAULT_VALUE_PATTERNS, EMAIL)},
    "own keys": {"query_keys": DEFAULT_QUERY_KEYS | {"12", "2026-01-01", "evice"}},
}
BOTH = {name: (Sanitizer(**options), without_screens(**options)) for name, options in OPTIONS.items()}


@pytest.mark.parametrize("options", OPTIONS)
@settings(max_examples=200, deadline=None)
@given(anything)
def test_the_quick_way_says_and_counts_what_the_full_one_does(options, text):
    """Text for text, and count for count."""
    quick, full = BOTH[options]
    for sink in ("query", "path", "url", "text"):
        assert getattr(quick, sink)(text) == getattr(full, sink)(text)
    assert quick.redactions() == full.redactions()


@settings(deadline=None)
@given(
    anything, st.sampled_from(sorted(LOOKS)), st.sampled_from(["", "x-", "a_", " ", "%2F", "%41", "&v=", "/"]), anything
)
def test_a_look_is_never_overlooked(before, look, edge, after):
    """Wherever a default pattern matches, the quick way looks closely."""
    text = before + edge + LOOKS[look] + after
    screen = BOTH["defaults"][0]._scanner.looks._screen
    found = [value for value in DEFAULT_VALUE_PATTERNS if value.regex.search(text)]

    assert not found or not screen.clears(text)
    assert all(value.hint.search(text) for value in found)


@settings(deadline=None)
@given(anything, st.sampled_from(sorted(LOOKS)), anything, st.booleans())
def test_a_look_in_a_query_is_never_overlooked(before, look, after, encoded):
    """Written or percent-encoded, in any neighbourhood, the quick way masks what the full one does."""
    secret = quote(LOOKS[look], safe="") if encoded else LOOKS[look].replace(" ", "+")
    query = f"{before}&v={secret}&{after}"

    quick, full = BOTH["defaults"]

    assert quick.query(query) == full.query(query)


@pytest.mark.parametrize(
    "query",
    [
        "token)x=a",  # a part of a key ends at any other character
        "(sig)=a",
        "pass/word=a",  # and a key is also read without them
        "x=a+sig=b",  # a pair in a value
        "%2Code=a",  # digits of an escape that read as letters
        "%2Device_code=a",
        "pass%26word=a",
        "x=pass%2Cword:a",
        "n=%2Fx%3Fc%2Fode%3D1",  # a key of a URL in a value
        "n=%2Fx%3Fa%3Fpass%3Fword%3D1",
        "n=a%26sig%3D2",
        "e=u%3Ap%40h",
    ],
)
def test_odd_keys_are_masked_all_the_same(query):
    """Each was once, or could be, taken for clean by a quick look."""
    quick, full = BOTH["defaults"]

    assert quick.query(query) == full.query(query) != query


@pytest.mark.parametrize(
    "query",
    [
        "page=2&sort=created_at&order=desc",
        "filter=status%3Aopen&fields=id,name&from=2026-01-01",
        "q=caf%C3%A9+cr%C3%A8me&page=2",
        "filter[status]=open&page%5Bsize%5D=25",
        "from=2024-05-01T12:30:00Z&tz=Europe%2FBerlin",
        "redirect=%2Fcart%3Fstep%3D2&page=2",
        "email=ann%40example.com&name=Ann%20Lee",
    ],
)
def test_ordinary_queries_need_no_closer_look(query):
    """They are found clean by the screen alone."""
    assert Sanitizer()._scanner.query_screen.clears(query)


def test_sanitizers_with_the_same_keys_share_what_is_made_of_them():
    """A second one compiles nothing."""
    assert Sanitizer()._scanner.keys is Sanitizer(hashed_with="k")._scanner.keys
