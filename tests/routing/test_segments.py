"""What one path segment is, told from its form alone."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from otel_middleware.routing.lexicon import lexicon
from otel_middleware.routing.segments import LOCALE_PLACE, classify

WORDS = lexicon()


def segment(text):
    return classify(text, WORDS)


@pytest.mark.parametrize(
    ("text", "label", "place"),
    [
        ("4815", "int", "{}"),
        ("-7", "int", "{}"),
        ("12.75", "float", "{}"),
        ("123e4567-e89b-12d3-a456-426614174000", "uuid", "{}"),
        ("2024-02-29", "date", "{}"),
        ("2024-02", "date", "{}"),
        ("2024-02-29T12:30:00Z", "date", "{}"),
        ("1.22.333", "version", "{}"),  # a package's
        ("10.0.0.1", "ip", "{}"),
        ("fe80::1", "ip", "{}"),
        ("ada@example.com", "email", "{}"),
        ("d670460b4b4aece5915caf5c68d12f560a9fe3e4", "hex", "{}"),
        ("1a2b3c4", "hex", "{}"),  # a shortened hash
        ("cus_9s6XKzkNRiz8i3", "token", "{}"),  # prefixed, as Stripe's
        ("SM0123456789abcdef0123456789abcdef", "token", "{}"),  # Twilio's
        ("01JABCDEFGHJKMNPQRSTVWXYZ0", "token", "{}"),  # ULID
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "token", "{}"),  # JWT
        ("ABC-1234", "token", "{}"),  # article number
        ("WEB-86", "token", "{}"),  # ticket
        ("AKOLYDHJPGEZJAPUUOJW", "token", "{}"),  # a key that happens to have no digit
        ("JpYVRpevzyjs-WVcacjln", "token", "{}"),  # the same
        ("ypheuSFZeNGRDuc2", "token", "{}"),
        ("web-apple-bcdfghjklm-x2z4k", "token", "{}"),  # pod
        ("v2FyKq81xTnd0LpWc7Zb3Q", "token", "{}"),
        ("blue moon", "slug", "{}"),  # nobody writes a blank into a route
        ("{id}", "slug", "{}"),  # would read as a placeholder
        ("a#b", "slug", "{}"),  # would read as a comment
        ("@alice", "slug", "@{}"),
        ("17.json", "int", "{}.json"),
        ("4815.tar.gz", "int", "{}.tar.gz"),
        ("12@2x.png", "int", "{}@2x.png"),
        ("app.1a2b3c4d.js", "token", "{}.js"),
        ("40.7,-73.9", "float", "{},{}"),
        ("1.5,2.5;3.5,4.5", "list", "{}"),
        ("640x480", "int", "{}x{}"),
        ("Orders(10248)", "id", "Orders({})"),  # OData
        ("Customers('ALFKI')", "id", "Customers('{}')"),
        ("Details(OrderID=1,ProductID=2)", "id", "Details(OrderID={},ProductID={})"),
        ("123:cancel", "int", "{}:cancel"),  # Google's custom methods
        ("one-two-red-blue-tiger-lily", "slug", "{}"),  # a title
        ("x" * 129, "token", "{}"),  # too long to be looked at
    ],
)
def test_values_have_a_type_and_a_place(text, label, place):
    """A value is told from its form, and keeps what is syntax around it."""
    assert segment(text) == (label, place, 0.0, None)


@pytest.mark.parametrize(
    "word",
    [
        "orders",
        "v1",
        "v2beta1",
        "k8s-clusters",
        "oauth2",
        "userProfiles",
        "chat.postMessage",
        "admin.conversations.restrictAccess.addGroup",
        "create_user",
        "thank-you",
        "configmaps",  # a compound
        "_search",
        "$process-message",
        "-",
        "stargazers",
        "warenkorb",  # German
        "robots.txt",
        "OPTIONS",
        "getUserById",
    ],
)
def test_words_of_routes_look_like_routes(word):
    """What programmers write into routes is a word, and route-like."""
    assert segment(word).label is None
    assert segment(word).likeness >= 0.9


@pytest.mark.parametrize(
    ("value", "most"),
    [
        ("jsmith", 0.35),
        ("james.smith", 0.35),
        ("tiger-lily", 0.35),
        ("user4711", 0.0),  # more digits than a static word has
        ("fix-1-2", 0.0),
        ("LAX", 0.1),
        ("über", 0.0),
        ("..", 0.0),
        ("new-order-status-report", 0.8),
    ],
)
def test_words_of_people_do_not(value, most):
    """What people choose may be a word, but is less route-like."""
    assert segment(value).label is None
    assert segment(value).likeness <= most


@pytest.mark.parametrize("tag", ["de", "pt-br", "en-US", "zh_CN"])
def test_language_tags_have_a_place_of_their_own(tag):
    """Languages are no values like others: they are gathered apart."""
    assert segment(tag).place == LOCALE_PLACE


PIECES = st.sampled_from(
    [".", ".tar", ".gz", ".json", "@2x", "@", ":", "-", "_", "(", ")", "=", ",", "'", "x", "7", "v1", "a1b2c3"]
)


@given(
    st.text(min_size=1).filter(lambda text: "/" not in text)
    | st.lists(PIECES, min_size=1, max_size=6).map("".join)  # what syntax is made of, and nothing around it
)
@example(".tar.gz")
def test_every_text_is_something(text):
    """Whatever the text is, it has a place, a likeness from 0 to 1, and no word can be read as syntax."""
    found = segment(text)

    assert 0.0 <= found.likeness <= 1.0
    assert "{}" in found.place
    assert found.label is not None or not set(text) & set(" \t\r\n{}<>#*%\\")


@given(st.text(alphabet="aB1-_.:,(){}'@x", min_size=1, max_size=40))
def test_the_answer_is_always_the_same(text):
    """Classification is pure: what was asked before does not matter."""
    assert segment(text) == classify(text, lexicon())
