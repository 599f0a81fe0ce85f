"""What a sanitizer masks, what it leaves alone, and that nothing makes it raise."""

import logging
import random
import re
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_middleware import ConfigurationError, Sanitizer
from otel_middleware._redaction.queries import Queries
from otel_middleware.sanitization import (
    DEFAULT_HEADERS,
    DEFAULT_QUERY_KEYS,
    DEFAULT_VALUE_PATTERNS,
    EMAIL,
    MAX_INPUT,
    MAX_LENGTH,
    ValuePattern,
)

SEMCONV_KEYS = (
    "X-Amz-Signature",
    "X-Amz-Credential",
    "X-Amz-Security-Token",
    "AWSAccessKeyId",
    "Signature",
    "sig",
    "X-Goog-Signature",
)
S = "hunter7Secret"
LONG = "c0ffee" * 5
JWT = f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.{LONG}"
CARD = "4111111111111111"

# What stands for each default pattern, assembled so that scanners of source code do not take them for real ones.
LOOKS = {
    "pem": f"-----BEGIN PRIVATE KEY-----\n{LONG}\n-----END PRIVATE KEY-----",
    "jwt": JWT,
    "bearer": f"Bearer {S}",
    "basic": "Basic dXNlcjpodW50ZXI3U2VjcmV0",
    "aws": "AKIA" + "IOSFODNN7EXAMPLE",
    "gcp": "AIza" + "Sy" + LONG + "abc",
    "azure": "Qx7" + "8Q~" + LONG + "wxyz",
    "github": "ghp_" + LONG + "abcdef",
    "gitlab": "glpat-" + LONG,
    "slack": "xoxb-" + LONG,
    "stripe": "sk_live_" + LONG,
    "npm": "npm_" + LONG + "abcdef",
    "card": CARD,
}


@pytest.fixture(scope="module")
def sanitizer():
    return Sanitizer()


# -- queries ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ""),  # nothing to do
        ("a=1&b=2", "a=1&b=2"),  # nothing secret
        (f"q=OpenTelemetry&sig={S}", "q=OpenTelemetry&sig=REDACTED"),  # semconv's own example
        (f"a=1&sig={S}&b=2", "a=1&sig=REDACTED&b=2"),  # order is kept
        (f"SIG={S}", "SIG=REDACTED"),  # any case
        (f"s%69g={S}", "s%69g=REDACTED"),  # one decoding
        (f"s%2569g={S}", "s%2569g=REDACTED"),  # two decodings
        (f"s%252569g={S}", "s%252569g=REDACTED"),  # three decodings
        (f"a=1;sig={S};b=2", "a=1;sig=REDACTED;b=2"),  # `;` separates for some servers
        (f"token={S};{S}&b=2", "token=REDACTED;REDACTED&b=2"),  # and belongs to the value for others
        (f"sig={S}&sig=x", "sig=REDACTED&sig=REDACTED"),  # repeated
        ("sig=", "sig=REDACTED"),  # empty
        ("sig&token", "sig&token"),  # without a value there is nothing to mask
        ("&&=&a", "&&=&a"),  # odd, kept as it is
        (f"a[token]={S}", "a[token]=REDACTED"),  # brackets
        (f"a%5Btoken%5D[]={S}", "a%5Btoken%5D[]=REDACTED"),  # encoded brackets
        (f"accessToken={S}", "accessToken=REDACTED"),  # camelCase
        (f"x-api-key={S}", "x-api-key=REDACTED"),  # dashes
        (f"reset_token={S}", "reset_token=REDACTED"),  # last word
        (f"resettoken={S}", "resettoken=REDACTED"),  # last word, glued
        (f"password2={S}", "password2=REDACTED"),  # digits behind
        (f"next=https://x/?token={S}&b=2", "next=https://x/?token=REDACTED&b=2"),  # a URL inside
        (f"next=%2Fx%3Ftoken%3D{S}%26b%3D2&c=3", "next=%2Fx%3Ftoken%3DREDACTED%26b%3D2&c=3"),  # an encoded one
        (f"next=https%3A%2F%2Fu%3A{S}%40h%2F", "next=https%3A%2F%2FREDACTED%3AREDACTED%40h%2F"),  # userinfo in one
        (f'f={{"token":"{S}","a":1}}', 'f={"token":"REDACTED","a":1}'),  # JSON
        (f"f=%7B%22token%22%3A%22{S}%22%7D", "f=%7B%22token%22%3A%22REDACTED%22%7D"),  # encoded JSON
        (f"a=1%26sig={S}", "a=1%26sig=REDACTED"),  # an encoded separator
        ("a=%23&sig=S", "a=%23&sig=REDACTED"),  # an encoded hash does not end the query
        ("q=a%20b%2Fc+d&sig=S", "q=a%20b%2Fc+d&sig=REDACTED"),  # encodings of other pairs are kept
        (f"v={JWT}&a=1", "v=REDACTED&a=1"),  # by its looks
        (JWT, "REDACTED"),  # by its looks, without a key
        ("v=4111+1111+1111+1111", "v=REDACTED"),  # a card number in groups
        ("v=4111%201111%201111%201111", "v=REDACTED"),  # the same, encoded
        ("page_token=abc&sort_key=a&country_code=de&author=x", "page_token=abc&sort_key=a&country_code=de&author=x"),
    ],
)
def test_a_query_loses_its_secrets_and_nothing_else(sanitizer, query, expected):
    """Values of secret keys and secrets by their looks are masked; every other byte stays in its place."""
    assert sanitizer.query(query) == expected


@pytest.mark.parametrize("key", sorted(DEFAULT_QUERY_KEYS | set(SEMCONV_KEYS)))
@pytest.mark.parametrize(
    "spell", [str, str.upper, str.lower, lambda key: f"a[{key}]", lambda key: key.replace("_", "-"), quote]
)
def test_every_default_key_is_found_in_every_spelling(sanitizer, key, spell):
    """A listed key matches in any case, with dashes, in brackets and percent-encoded."""
    assert sanitizer.query(f"{spell(key)}={S}") == f"{spell(key)}=REDACTED"


def test_the_seven_keys_of_semantic_conventions_are_defaults():
    """Nothing that semantic conventions ask for can be forgotten."""
    assert set(SEMCONV_KEYS) <= DEFAULT_QUERY_KEYS


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("all", "a=REDACTED&sig=REDACTED&c"),  # as .NET does
        ("listed", "a=1&sig=REDACTED&c"),
        (None, "a=1&sig=2&c"),
    ],
)
def test_the_mode_says_which_values_are_masked(mode, expected):
    """All, the listed, or none."""
    assert Sanitizer(query=mode).query("a=1&sig=2&c") == expected


def test_query_keys_replace_the_defaults():
    """A list given is the whole list, as semantic conventions rule for theirs."""
    assert (
        Sanitizer(query_keys=["voucher"]).query("voucher=a&x_voucher=b&sig=c") == "voucher=REDACTED&x_voucher=b&sig=c"
    )


words = st.text("abcdefghijklmnopqrstuvwxyzXYZ0123456789", min_size=1, max_size=12)
pieces = st.lists(
    st.sampled_from(
        [
            "token",
            "sig",
            "key",
            "code",
            "api",
            "Token",
            "%74",
            "%2574",
            "%20",
            "%2C",
            "%3D",
            "%26",
            "+",
            "-",
            "_",
            ".",
            "[",
            "]",
            "=",
            "/",
            ":",
            "?",
            "a",
            "b1",
            "12",
            "&",
            ";",
            '"',
            "'",
            "{",
            "}",
            ",",
            " ",
            "@",
            "x=",
            "eyJ",
            "Bearer",
            "reset",
            "%",
            "é",
        ]
    ),
    max_size=12,
).map("".join)


@given(st.lists(st.tuples(words, words)), st.sampled_from(["token", "SIG", "api-key"]), words)
def test_pairs_that_are_not_masked_stay(pairs, key, value):
    """Around a secret, every harmless pair stays byte for byte and in order."""
    sanitizer = Sanitizer(query_keys=("token", "sig", "api_key"), values=())
    harmless = [f"{k}x={v}" for k, v in pairs]

    shown = sanitizer.query("&".join([*harmless, f"{key}={value}", *harmless]))

    assert shown == "&".join([*harmless, f"{key}=REDACTED", *harmless])


# -- paths and URLs --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/orders/4815", "/orders/4815"),
        (f"/a;jsessionid={S}/b", "/a;jsessionid=REDACTED/b"),  # matrix parameter
        (f"/x/sig={S}/d", "/x/sig=REDACTED/d"),  # a segment with a key
        (f"/reset/{LONG}", "/reset/REDACTED"),  # a link that was mailed
        (f"/password-reset/confirm/MQ/{LONG}/", "/password-reset/confirm/MQ/REDACTED/"),  # Django's
        ("/reset/short", "/reset/short"),  # no secret is that short
        (f"/resets-of-the-year/{'slug-' * 6}", f"/resets-of-the-year/{'slug-' * 6}"),  # another word
        (f"/v/{JWT}/x", "/v/REDACTED/x"),  # by its looks
        (f"/v/{quote(JWT.replace('e', '%65'))}", "/v/REDACTED"),  # the same, encoded twice
        (f"/go/https://u:{S}@h/?token={S}", "/go/https://REDACTED:REDACTED@h/?token=REDACTED"),  # a URL inside
        (f"/go/https:/u:{S}@h/", "/go/https:/REDACTED:REDACTED@h/"),  # as proxies merge slashes
        (f"/go/https%3A%2F%2Fu%3A{S}%40h/", "/go/https://REDACTED:REDACTED@h/"),  # encoded
        (f"http://u:{S}@h/x?token={S}", "http://REDACTED:REDACTED@h/x?token=REDACTED"),  # absolute form
        ("/@user/post", "/@user/post"),  # no userinfo
        ("/a%20b/c%2Fd", "/a%20b/c%2Fd"),  # encodings stay
    ],
)
def test_a_path_loses_its_secrets_and_nothing_else(sanitizer, path, expected):
    """Matrix parameters, mailed links, looks and URLs inside are masked; everything else stays."""
    assert sanitizer.path(path) == expected


@pytest.mark.parametrize(
    ("declared", "path", "expected"),
    [
        ("/reset/{token}", f"/reset/{S}", "/reset/REDACTED"),
        ("/reset/{token}", f"/RESET/{S}/", "/RESET/REDACTED/"),  # routers that fold case, and redirect slashes
        ("/reset/{token}", f"/reset/{S}/done", "/reset/REDACTED/done"),  # all that is below
        ("/reset/{token}", f"/r%65set/{S}", "/reset/REDACTED"),  # encoded
        ("/reset/{token}", "/reset", "/reset"),
        ("/u/{user}/k/{key:str}", "/u/ann/k/abc", "/u/REDACTED/k/REDACTED"),  # every placeholder
        ("/f/{rest:path}", "/f/a/b/c", "/f/REDACTED"),
        ("/f/<path:rest>", "/f/a/b/c", "/f/REDACTED"),
        ("/f/<int:n>", "/f/12/x", "/f/REDACTED/x"),
        ("/f/:n", "/f/12/x", "/f/REDACTED/x"),
        (re.compile(r"/k/(\w+)"), "/a/k/abc/d", "/a/k/REDACTED/d"),  # groups are secrets
        (re.compile(r"k\d+"), "/a/k12/d", "/a/REDACTED/d"),  # without groups, the match
    ],
)
def test_declared_paths_say_which_segments_are_secrets(declared, path, expected):
    """Placeholders of a template and groups of a regex are masked, in paths, URLs and text alike."""
    sanitizer = Sanitizer(paths=[declared])

    assert sanitizer.path(path) == expected
    assert sanitizer.url(f"https://h{path}?a=1") == f"https://h{expected}?a=1"
    assert sanitizer.text(f"no such page: {path}") == f"no such page: {expected}"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            f"https://user:{S}@h/x?token={S}&a=1#id_token={S}",
            "https://REDACTED:REDACTED@h/x?token=REDACTED&a=1#id_token=REDACTED",
        ),
        (f"//user:{S}@h/", "//REDACTED:REDACTED@h/"),  # without a scheme
        (f"user:{S}@h", "REDACTED:REDACTED@h"),  # a forged Host
        (f"https://{S}@h/", "https://REDACTED:REDACTED@h/"),  # a token for a user
        (f"https://user:a/{S}@h/", "https://REDACTED:REDACTED@h/"),  # a slash in the password
        (f"redis://:{S}@h:6379/0", "redis://REDACTED:REDACTED@h:6379/0"),
        (f"https:\\\\user:{S}@h/", "https:\\\\REDACTED:REDACTED@h/"),  # browsers read `\` as `/`
        ("http://h:80/a@b", "http://h:80/a@b"),
        ("https://[::1]:8000/", "https://[::1]:8000/"),
        ("[x", "[x"),  # cannot be parsed
        ("http://[x", "http://[x"),
        ("https://h/#/route?a=1", "https://h/#/route?a=1"),
        (f"https://h/#/route?token={S}", "https://h/#/route?token=REDACTED"),
    ],
)
def test_a_url_loses_its_secrets_and_nothing_else(sanitizer, url, expected):
    """Userinfo is written as semantic conventions do; path, query and fragment as if they stood alone."""
    assert sanitizer.url(url) == expected


# -- headers and prose -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "Cookie",
        "set-cookie",
        "Authorization",
        "proxy_authorization",
        "X-API-Key",
        "x_apikey",
        "x-csrf-token",
        "X-Amz-Signature",
        "x-session-id",
        "x-client-secret",
        "x-password",
        "x-credential-id",
        "www-authenticate",
    ],
)
def test_headers_with_a_secrets_name_are_redacted_whole(sanitizer, name):
    """The name decides, in any case and with dashes or underscores."""
    assert sanitizer.header(name, "anything") == "[REDACTED]"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("referer", f"https://h/cb?code={S}&x=1", "https://h/cb?code=REDACTED&x=1"),
        ("location", f"/reset/{LONG}?next=/", "/reset/REDACTED?next=/"),
        ("link", f"<https://u:{S}@h/?a=1>; rel=next", "<https://REDACTED:REDACTED@h/?a=1>; rel=next"),
        ("refresh", f"0;url=https://h/?token={S}", "0;url=https://h/?token=REDACTED"),
        ("baggage", f"user=1,session_id={S},region=eu", "user=1,session_id=REDACTED,region=eu"),
        ("x-original-url", f"/a?sig={S}", "/a?sig=REDACTED"),
        ("x-forwarded-uri", f"/a?n=https%3A%2F%2Fh%2F%3Fsig%3D{S}", "/a?n=https%3A%2F%2Fh%2F%3Fsig%3DREDACTED"),
        ("x-data", f'{{"password": "{S}", "n": 1}}', '{"password": "REDACTED", "n": 1}'),
        ("user-agent", f"curl/8 ({JWT})", "curl/8 (REDACTED)"),
    ],
)
def test_other_headers_are_read_as_prose(sanitizer, name, value, expected):
    """URLs are read as URLs, pairs by their keys, the rest by its looks."""
    assert sanitizer.header(name, value) == expected


def test_headers_replace_the_defaults():
    """Parts of names or regexes say which headers are redacted whole."""
    sanitizer = Sanitizer(headers=["X-Mine", re.compile("^x-.*-id$")])

    assert [sanitizer.header(name, "v") for name in ("x_mine_2", "x-any-id", "cookie")] == [
        "[REDACTED]",
        "[REDACTED]",
        "v",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"login failed: password={S} for ann", "login failed: password=REDACTED for ann"),
        (f"password: {S}", "password: REDACTED"),
        (f"api_key => '{S}'", "api_key => 'REDACTED'"),
        (f"{{'token': '{S}', 'a': 1}}", "{'token': 'REDACTED', 'a': 1}"),  # a dict
        (f"(b'authorization', b'Bearer {S}')", "(b'authorization', b'REDACTED')"),  # a header of ASGI
        (f'"{{\\"token\\": \\"{S}\\"}}"', '"{\\"token\\": \\"REDACTED\\"}"'),  # JSON in JSON
        (f'{{"token": "a\\"{S}"}}', '{"token": "REDACTED"}'),  # an escaped quote
        (f'{{"token": ["{S}"], "a": 1}}', '{"token": REDACTED, "a": 1}'),  # a list
        (f'{{"token": "{S}', '{"token": "REDACTED'),  # cut off
        (f"Authorization: Custom a, {S}", "Authorization: REDACTED"),  # the whole line
        (f"token: Bearer {S} refused", "token: REDACTED refused"),
        (f"GET https://u:{S}@h/a?b=1 failed", "GET https://REDACTED:REDACTED@h/a?b=1 failed"),
        (f"connect ann:{S}@db:5432", "connect REDACTED:REDACTED@db:5432"),
        (f"f(token={S}, n=1)", "f(token=REDACTED, n=1)"),
        ("HTTP status code: 404", "HTTP status code: 404"),
        ("mail to mailto:ann@example.com", "mail to mailto:ann@example.com"),
        ("image app:1.2@sha256:0a1b", "image app:1.2@sha256:0a1b"),
        ("bearer token required, basic authentication refused", "bearer token required, basic authentication refused"),
        ("two\r\nlines\x00", "two lines "),
    ],
)
def test_prose_loses_its_secrets_and_stays_readable(sanitizer, text, expected):
    """Pairs in any notation are masked by their keys, and the sentence around them stays."""
    assert sanitizer.text(text) == expected


def test_a_url_in_prose_is_read_as_a_url(sanitizer):
    """Its keys match by their parts, as a query's do."""
    assert sanitizer.text("at https://x.example/?token]b=1") == "at https://x.example/?token]b=REDACTED"


def test_lines_are_kept_only_when_asked(sanitizer):
    """One line by default: nobody can forge a line of a log."""
    assert sanitizer.text("a\nb") == "a b"
    assert sanitizer.text("a\nb", multiline=True) == "a\nb"


@pytest.mark.parametrize("before", ["/a/", "https://x.example/", "/", "=", " ", "%2F"])
@pytest.mark.parametrize("ending", ["==", "%3D%3D"])
def test_an_azure_key_is_found_behind_whatever_stands_there(sanitizer, before, ending):
    """A slash is a character of base64, and yet begins a segment."""
    key = "A" * 40 + "b1" * 23 + ending
    for sink in (sanitizer.path, sanitizer.url, sanitizer.text, sanitizer.query):
        assert key not in sink(f"{before}{key}")
    assert key not in sanitizer.query(f"v={before}{key}&page=2")


@pytest.mark.parametrize("kind", sorted(LOOKS))
@pytest.mark.parametrize(
    "around",
    ["{}", "see {} now", "({})", '"{}"', "x={}", "/v/{}", "https://h/v/{}?a=1", "a={}&b=1"],
)
def test_secrets_are_known_by_their_looks_wherever_they_stand(sanitizer, kind, around):
    """Each default pattern is found in prose, headers, paths, queries and URLs."""
    look = LOOKS[kind]
    secret = look.split(" ")[1] if kind in ("bearer", "basic") else LONG if LONG in look else look
    text = around.format(look)

    for shown in (
        sanitizer.text(text),
        sanitizer.header("x-a", text),
        sanitizer.path(text),
        sanitizer.query(text),
        sanitizer.url(text),
    ):
        assert secret not in unquote(shown)


def test_a_pattern_of_the_users_may_stand_on_an_escape():
    """What it matches as written, and not decoded, is masked in a query too."""
    own = ValuePattern("ref", re.compile(r"%2Fref~([A-Z0-9]{16,})"), hint=re.compile("%2Fref~"), distinct=True)
    assert Sanitizer(values=(own,)).query("q=%2Fref~ABCDEFGHIJKLMNOP12&a=1") == "q=%2Fref~REDACTED&a=1"


def test_email_addresses_are_masked_only_when_asked():
    """They are personal, not secret."""
    asked = Sanitizer(values=(*DEFAULT_VALUE_PATTERNS, EMAIL))

    assert Sanitizer().text("for ann@example.com") == "for ann@example.com"
    assert asked.text("for ann@example.com") == "for REDACTED"
    assert asked.query("m=ann%40example.com&a=1") == "m=REDACTED&a=1"


@pytest.mark.parametrize(
    "pattern",
    [r"K\d{4}", re.compile(r"K\d{4}"), r"<(K\d{4})>", ValuePattern("kid", re.compile(r"K\d{4}"))],
)
def test_own_patterns_are_found_in_short_values_too(pattern):
    """A pattern of the user's is searched everywhere; its group is the secret when it has one."""
    sanitizer = Sanitizer(values=[pattern])

    assert "K1234" not in sanitizer.query("a=<K1234>") + sanitizer.path("/<K1234>") + sanitizer.text("<K1234>")
    assert sanitizer.query("a=K12") == "a=K12"


def test_an_own_pattern_may_be_anchored_to_one_value():
    """``^`` and ``$`` mean the value of a parameter, not the query."""
    assert Sanitizer(values=[r"^K\d{4}$"]).query("a=K1234&b=xK1234") == "a=REDACTED&b=xK1234"


def test_a_distinct_pattern_of_ones_own_is_found_by_its_hint():
    """Without clues the hint is what is looked for."""
    own = ValuePattern("kid", re.compile(r"kid-[a-z0-9]{16}"), hint=re.compile("kid-"), distinct=True)

    assert (
        Sanitizer(values=[own]).query("a=kid-0123456789abcdef&b=0123456789abcdef0") == "a=REDACTED&b=0123456789abcdef0"
    )


def test_a_distinct_pattern_needs_a_hint():
    """Otherwise it would never be searched."""
    with pytest.raises(ConfigurationError, match="distinct pattern has no hint: 'kid'"):
        ValuePattern("kid", re.compile("K"), distinct=True)


def test_card_numbers_pass_luhn_and_belong_to_a_scheme(sanitizer):
    """Other long numbers, such as times and identifiers, are left alone."""
    numbers = "4111111111111112 1700000000000 1234567812345670 0000000000000000 41111111-1111-1111-1111-111111111111"

    assert sanitizer.text(numbers) == numbers
    assert sanitizer.text("3782 822463 10005") == "REDACTED"


ORDINARY_QUERIES = [
    "id=550e8400-e29b-41d4-a716-446655440000&v=1.2.3",
    "from=2024-05-01T12:30:00Z&to=2024-05-31&tz=Europe%2FBerlin",
    "commit=9fceb02d0ae598e95dc970b74767f19372d61af8&path=src/main.py",
    "q=how+to+reset+a+password&lang=en-GB&page=2",
    "keyword=monkey&zipcode=10115&country_code=de&sort_key=name&author=ann&authority=x&design=1&assignee=bob&tokenize=1",
    "next_page_token=abc&cursor=eyJpZCI6MTB9&max_tokens=100&token_type=x&status_code=200&partition_key=3",
    "ts=1700000000000&id=175928847299117063&n=1234567890123456",
    "utm_source=newsletter&utm_campaign=spring_sale_2024_final_reminder&gclid=Cj0KCQiA1rSsBhDHARIsANB4EJb",
    "email=ann%40example.com&name=Ann%20Lee&filter[status]=open&filter[]=a",
    "bbox=13.0883,52.3383,13.7611,52.6755&redirect=/home&url=https%3A%2F%2Fexample.com%2Fa%3Fb%3D1",
]
ORDINARY_PATHS = [
    "/",
    "/static/app.9fceb02d0ae598e95dc970b74767f19372d61af8.js",
    "/assets/index-BkW3sD9f.css",
    "/v1/orders/550e8400-e29b-41d4-a716-446655440000/items/12",
    "/2024/05/31/how-to-reset-a-password-without-losing-your-mind",
    "/docs/1.24.3/api/token-bucket/index.html",
    "/users/@ann/posts/175928847299117063",
    "/reset/done/",
    "/magic-kingdom/space-mountain-fastpass-tour",
    "/img/hero@2x.png",
    "/npm/@scope/pkg@1.2.3/dist/a.min.js",
    "/sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
]
ORDINARY_HEADERS = [
    (
        "user-agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
    ),
    ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"),
    ("accept-language", "en-GB,en;q=0.9,de;q=0.8"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("if-none-match", '"33a64df551425fcc55e4d42a148795d9f25f89d4"'),
    ("etag", 'W/"5f3b-18c1b2a3c4d"'),
    ("date", "Wed, 21 Oct 2015 07:28:00 GMT"),
    ("content-type", "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW"),
    ("content-disposition", 'attachment; filename="report-2024-05.pdf"'),
    ("cache-control", "public, max-age=31536000, immutable"),
    ("host", "api.example.com:8443"),
    ("forwarded", 'for="[2001:db8:cafe::17]:4711";proto=https;host=example.com'),
    ("sec-ch-ua", '"Chromium";v="120", "Not?A_Brand";v="8"'),
    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    ("x-request-id", "550e8400-e29b-41d4-a716-446655440000"),
    ("referer", "https://example.com/orders/4815?expand=items&page=2#top"),
    ("strict-transport-security", "max-age=63072000; includeSubDomains; preload"),
    ("content-security-policy", "default-src 'self'; img-src https://*.example.com data:"),
    ("server-timing", 'db;dur=53.2, app;desc="render";dur=47.2'),
]

# Of CDNs, Git hosts, maps, paginated and OData APIs, persisted queries, analytics, Kubernetes and crawlers.
ORDINARY_QUERIES += [
    "v=4f3a9b2c1d5e6f708192a3b4c5d6e7f8",
    "w=640&h=480&fit=crop&auto=format,compress&dpr=2&q=75",
    "ixlib=react-9.5.2&ixid=M3wxMjA3fDB8MHxwaG90by1wYWdlfHx8fGVufDB8fHx8fA%3D%3D",
    "service=git-upload-pack",
    "ref=refs%2Fheads%2Ffeature%2Flogin-form&path=src/auth/session.py",
    "sha=da39a3ee5e6b4b0d3255bfef95601890afd80709&per_page=100",
    "bbox=-0.489,51.28,0.236,51.686&zoom=12&center=51.5074%2C-0.1278&key_type=x",
    "ll=51.5074,-0.1278&z=14&sll=51.5,-0.12&t=m",
    "cursor=eyJpZCI6MTIzLCJjcmVhdGVkX2F0IjoiMjAyNC0wMS0wMSJ9",
    "after=Y3Vyc29yOnYyOpK5MjAyNC0wMS0wMVQwMDowMDowMCswMDowMM4AAAAB&first=50",
    "page%5Bafter%5D=WzE3MTY5MDUwMDAsIjEyMyJd&page%5Bsize%5D=25",
    "pageToken=CAEQAA&maxResults=50",
    "$filter=Price%20gt%2020%20and%20contains(Name,%27Milk%27)&$select=Name,Price&$top=10&$skiptoken=X%2710%27",
    "$filter=startswith(Code,'AB')&$orderby=Code desc&$count=true",
    "operationName=GetUser&variables=%7B%22id%22%3A%2242%22%7D&extensions=%7B%22persistedQuery%22%3A%7B%22version%22%3A1%2C%22sha256Hash%22%3A%22ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38%22%7D%7D",
    "v=1&tid=G-ABC123DEF4&cid=1234567890.1700000000&sct=1&seg=0&dl=https%3A%2F%2Fshop.example%2Fcart&dt=Cart&en=page_view&_p=123456",
    "utm_source=newsletter&utm_campaign=spring_sale&gclid=EAIaIQobChMI0-abc_DEF123&fbclid=IwAR0abcDEF123",
    "sort=-created_at&filter[status]=active&filter[country_code]=DE&include=author,comments.author",
    "start=2024-01-01T00:00:00Z&end=2024-12-31T23:59:59%2B02:00&tz=Europe/Berlin",
    "phone=%2B4930123456&zip_code=10115&country_code=de&lang_code=en&error_code=404&postal_code=10115",
    "ids=550e8400-e29b-41d4-a716-446655440000,6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    "isbn=9783161484100&ean=4006381333931&imei=490154203237518",
    "keyword=passport&category=keys&q=how+to+reset+password",
    "q=token+ring&type=basic&plan=basic+monthly&q2=basic+income",
    "author=jane&authored_by=jo&authority=city&tokenizer=standard&sessions=3&keys=a,b",
    "_=1700000000000&callback=jQuery35100123456789012345_1700000000000",
    "nextPageToken=abc&page_token=CAEQAA&sync_token=xyz&pagination_token=abc",
    "width=1024&quality=80&url=https%3A%2F%2Fcdn.example%2Fa%2Fb.jpg%3Fw%3D100",
    "monkey=1&turkey=2&hotkey=3&keyboard=us&sort_key=name&partition_key=42&primary_key=id&foreign_key=x",
    "query=SELECT+1&step=15s&time=1700000000.123&match[]=up",
]
ORDINARY_PATHS += [
    "/assets/application-4f3a9b2c1d5e6f708192a3b4c5d6e7f8.js",
    "/_next/static/chunks/pages/_app-8f2a0b3c4d5e6f70.js",
    "/static/media/logo.6ce24c58023cc2f8fd88fe9d219db6c6.svg",
    "/npm/@babel/core@7.24.0/lib/index.js",
    "/v2/library/nginx/manifests/sha256:9b1f5e6c7d8a9b0c1d2e3f405162738495a6b7c8d9e0f1a2b3c4d5e6f7081920",
    "/v2/library/nginx/blobs/sha256:9b1f5e6c7d8a9b0c1d2e3f405162738495a6b7c8d9e0f1a2b3c4d5e6f7081920",
    "/git/org/repo.git/info/refs",
    "/org/repo/commit/da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "/org/repo/blob/main/src/auth/token_service.py",
    "/tiles/12/2047/1362.png",
    "/maps/@51.5074,-0.1278,14z",
    "/maps/place/Berlin/@52.5065133,13.1445612,11z",
    "/odata/Products(1)/Name",
    "/odata/Orders(OrderID=1,ProductID=2)",
    "/odata/Users('jane')/Groups",
    "/api/v1/namespaces/kube-system/pods/coredns-5d78c9869d-abcde",
    "/api/v1/namespaces/default/secrets",
    "/api/v1/namespaces/default/serviceaccounts/default/token",
    "/healthz",
    "/livez/ping",
    "/.well-known/openid-configuration",
    "/.well-known/acme-challenge/x",
    "/users/550e8400-e29b-41d4-a716-446655440000/orders/01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "/files/2024/12/31/report-2024-12-31T23-59-59.pdf",
    "/image/upload/w_400,h_400,c_crop,g_face,r_max/w_200/sample.jpg",
    "/password/reset",
    "/reset-password/new",
    "/auth/login",
    "/oauth/authorize",
    "/session/new",
    "/books/9783161484100",
    "/orders/4815162342108",
    "/products/sku-4006381333931",
    "/a/b;v=1.2/c;lang=en",
    "/matrix;page=2;size=50/items",
    "/isbn/978-3-16-148410-0",
    "/docs/basic/authentication-and-authorization",
    "/keys/public/ed25519",
    "/user@example.com/profile",
    "/~jane/public_html/index.html",
]
ORDINARY_HEADERS += [
    ("user-agent", "kube-probe/1.29"),
    ("user-agent", "Prometheus/2.51.0"),
    ("user-agent", "curl/8.5.0"),
    ("user-agent", "Wget/1.21.4"),
    ("user-agent", "python-requests/2.31.0"),
    ("user-agent", "Python/3.11 aiohttp/3.9.3"),
    ("user-agent", "okhttp/4.12.0"),
    ("user-agent", "Go-http-client/2.0"),
    ("user-agent", "Java/17.0.10"),
    ("user-agent", "Apache-HttpClient/4.5.14 (Java/17.0.10)"),
    ("user-agent", "ELB-HealthChecker/2.0"),
    ("user-agent", "GoogleHC/1.0"),
    ("user-agent", "Amazon CloudFront"),
    ("user-agent", "Googlebot/2.1 (+http://www.google.com/bot.html)"),
    ("user-agent", "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"),
    ("user-agent", "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)"),
    (
        "user-agent",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.0; +https://openai.com/gptbot)",
    ),
    ("user-agent", "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"),
    (
        "user-agent",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) Version/17.4 Mobile/15E148 Safari/604.1",
    ),
    (
        "user-agent",
        "Mozilla/5.0 (Linux; Android 14; SM-S918B Build/UP1A.231005.007; wv) Version/4.0 Chrome/122.0.6261.90 Mobile Safari/537.36",
    ),
    ("user-agent", "git/2.44.0"),
    (
        "user-agent",
        "docker/25.0.3 go/go1.21.6 git-commit/f417435 os/linux UpstreamClient(Docker-Client/25.0.3 \\(linux\\))",
    ),
    ("user-agent", "Dalvik/2.1.0 (Linux; U; Android 13; Pixel 7 Build/TQ3A.230901.001)"),
    (
        "user-agent",
        "Terraform/1.7.4 (+https://www.terraform.io) terraform-provider-aws/5.40.0 (+https://registry.terraform.io/providers/hashicorp/aws)",
    ),
    ("user-agent", "aws-sdk-go-v2/1.25.2 os/linux lang/go#1.21.7 md/GOOS#linux md/GOARCH#amd64 api/s3#1.51.1"),
    ("user-agent", "Boto3/1.34.49 md/Botocore#1.34.49 ua/2.0 os/linux#5.10 md/arch#x86_64 lang/python#3.11.8"),
    (
        "user-agent",
        "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0; SLCC2; .NET CLR 2.0.50727; .NET CLR 3.5.30729)",
    ),
    ("user-agent", "PostmanRuntime/7.36.3"),
    ("user-agent", "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"),
    ("user-agent", "Datadog Agent/7.51.0"),
    ("user-agent", "okhttp/3.14.9 (basic; build 12345)"),
    ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"),
    ("accept-language", "en-GB,en;q=0.9,de;q=0.8"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("cache-control", "public, max-age=31536000, immutable"),
    ("etag", 'W/"5e15153d-120f"'),
    ("if-none-match", '"33a64df551425fcc55e4d42a148795d9f25f89d4"'),
    ("content-type", "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW"),
    ("sec-ch-ua", '"Chromium";v="124", "Google Chrome";v="124", "Not-A.Brand";v="99"'),
    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("sec-websocket-protocol", "graphql-transport-ws, graphql-ws"),
    ("sec-websocket-protocol", "v4.channel.k8s.io, v5.channel.k8s.io"),
    ("sec-websocket-protocol", "mqtt, ocpp1.6, v12.stomp"),
    ("sec-websocket-extensions", "permessage-deflate; client_max_window_bits"),
    ("x-request-id", "550e8400-e29b-41d4-a716-446655440000"),
    ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ("tracestate", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE,dd=s:1;o:rum"),
    ("baggage", "userId=alice,serverNode=DF%2028,isProduction=false"),
    ("x-forwarded-for", "203.0.113.195, 2001:db8:85a3::8a2e:370:7334"),
    ("forwarded", 'for="[2001:db8::1]:4711";proto=https;by=203.0.113.43;host=shop.example'),
    ("x-amzn-trace-id", "Root=1-67891233-abcdef012345678912345678"),
    ("x-b3-traceid", "80f198ee56343ba864fe8b2a57d3eff7"),
    ("cf-ray", "8671f2d3cabc1234-FRA"),
    ("link", '<https://api.example/items?page=2&per_page=100>; rel="next"'),
    ("location", "/orders/550e8400-e29b-41d4-a716-446655440000?status=created"),
    ("server-timing", "db;dur=53, app;dur=47.2"),
    ("strict-transport-security", "max-age=63072000; includeSubDomains; preload"),
    (
        "content-security-policy",
        "default-src 'self'; script-src 'self' https://cdn.example 'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='",
    ),
    ("range", "bytes=0-1023"),
    ("host", "shop.example:8443"),
    ("x-forwarded-host", "shop.example"),
    ("origin", "https://shop.example"),
    ("priority", "u=1, i"),
    ("date", "Tue, 15 Nov 1994 08:12:31 GMT"),
    ("alt-svc", 'h3=":443"; ma=86400'),
    ("via", "1.1 vegur, 1.1 varnish"),
    ("x-cache", "Hit from cloudfront"),
    ("nel", '{"report_to":"default","max_age":2592000}'),
    ("content-disposition", 'attachment; filename="report.pdf"'),
    ("x-forwarded-uri", "/a/b?page=2"),
    ("host", "[2001:db8::1]:8080"),
    ("x-kubernetes-pf-flowschema-uid", "1a2b3c4d-1111-2222-3333-444455556666"),
]
ORDINARY_TEXTS = [
    "could not connect to server: Connection refused",
    "KeyError: 'order_id'",
    "invalid literal for int() with base 10: 'abc'",
    "HTTPConnectionPool(host='db.example', port=443): Max retries exceeded with url: /v1/items?page=2",
    'relation "users" does not exist at character 15',
    'duplicate key value violates unique constraint "users_pkey"',
    "Key (id)=(42) already exists.",
    "Expecting value: line 1 column 1 (char 0)",
    "token expired",
    "Unexpected token < in JSON at position 0",
    'authentication failed for user "app"',
    "No session found",
    "status code: 404, request id: 1a2b3c",
    "the key is missing: key 'name'",
    "password must be at least 8 characters",
    "basic authentication is required",
]


@pytest.mark.parametrize("query", ORDINARY_QUERIES)
def test_ordinary_queries_are_left_alone(sanitizer, query):
    """No false alarm on identifiers, hashes, dates, slugs and harmless keys."""
    assert sanitizer.query(query) == query


@pytest.mark.parametrize("path", ORDINARY_PATHS)
def test_ordinary_paths_are_left_alone(sanitizer, path):
    """No false alarm on hashes in asset names, UUIDs, versions and slugs."""
    assert sanitizer.path(path) == path
    assert sanitizer.url(f"https://example.com{path}") == f"https://example.com{path}"


@pytest.mark.parametrize(("name", "value"), ORDINARY_HEADERS)
def test_ordinary_headers_are_left_alone(sanitizer, name, value):
    """No false alarm on what browsers, proxies, probes and servers send."""
    assert sanitizer.header(name, value) == value


@pytest.mark.parametrize("text", ORDINARY_TEXTS)
def test_ordinary_messages_are_left_alone(sanitizer, text):
    """No false alarm on what exceptions say that talk about tokens, keys and sessions."""
    assert sanitizer.text(text) == text


def test_a_clean_value_is_the_very_object_that_came_in(sanitizer):
    """Nothing is built when nothing is masked."""
    query, path, text = "page=2&sort=name", "/orders/4815", "could not connect"

    assert sanitizer.query(query) is query
    assert sanitizer.path(path) is path
    assert sanitizer.text(text) is text


# -- hostile input ---------------------------------------------------------------------------------------------------

anything = st.text(st.characters(exclude_categories=()), max_size=60)


@given(st.one_of(anything, pieces))
def test_whatever_comes_in_what_goes_out_can_be_exported(text):
    """Nothing raises; the output is UTF-8 and has no CR, LF or NUL."""
    sanitizer = Sanitizer(hashed_with="k")
    sinks = (sanitizer.query, sanitizer.path, sanitizer.url, sanitizer.text)

    for shown in [*(sink(text) for sink in sinks), sanitizer.header("x-a", text), sanitizer.header(text, text)]:
        shown.encode()
        assert not set(shown) & {"\r", "\n", "\0"}


@given(st.one_of(anything, pieces))
def test_control_characters_are_encoded_where_nothing_is_masked_too(text):
    """With everything switched off a line is still one line."""
    shown = Sanitizer(query=None, values=(), query_keys=(), headers=()).query(text)

    shown.encode()
    assert not set(shown) & {"\r", "\n", "\0"}


@pytest.mark.parametrize("sink", ["query", "path", "url", "text"])
def test_output_is_bounded_and_no_secret_is_cut_in_half(sanitizer, sink):
    """Input is cut back to a separator before it is read, output after it was masked."""
    filler = ("token=" + "x" * 1000 + "& ") * (MAX_INPUT // 1010)
    text = "/" * (sink == "path") + filler + "&a=" + JWT * 200

    shown = getattr(sanitizer, sink)(text)

    assert len(shown) <= MAX_LENGTH
    assert "eyJ" not in shown


def test_urls_nested_without_end_are_masked_at_last(sanitizer):
    """What lies deeper than is looked is not shown."""
    assert S not in sanitizer.text("https://h/?a=" * 50 + f"https://u:{S}@h/")
    assert S not in sanitizer.path("/a:" * 50 + f"//u:{S}@h/")


def decoded(text):
    """*text* as the most zealous of readers would see it."""
    for _ in range(8):
        text = unquote(text)
    return text


holders = st.sampled_from(
    [
        "token={}",
        "x=1&access_token={}&y=2",
        "x=1;sig={}",
        "a[password]={}",
        "https://h/p?x=1&api_key={}",
        "https://u:{}@h/p",
        "/cart;jsessionid={}/x",
        "https://h/cb#id_token={}",
        '{{"user": {{"password": "{}"}}}}',
        "{{'secret': '{}'}}",
        "authorization: Bearer {}",
    ]
)
wrappers = st.lists(
    st.tuples(st.sampled_from(["next=%s", "https://h/?next=%s", "a=1&u=%s", "/go?to=%s", "%s"]), st.integers(1, 2)),
    max_size=2,
)


@given(holders)
def test_masking_twice_is_masking_once(holder):
    """A second sanitizer changes and counts nothing."""
    first, second = Sanitizer(), Sanitizer()
    for sink in ("query", "text", "url", "path"):
        once = getattr(first, sink)(holder.format(S))
        assert getattr(second, sink)(once) == once
    assert second.redactions() == {}


@given(holders, wrappers)
def test_a_secret_within_values_within_values_is_found(holder, wrapped):
    """Whatever holds it, percent-encoded up to three times in all, no sink lets it through."""
    sanitizer = Sanitizer()
    text, encodings = holder.format(S), 0
    for wrapper, times in wrapped:
        if encodings + times <= 3:
            encodings += times
            for _ in range(times):
                text = quote(text, safe="")
            text = wrapper % text

    for shown in (sanitizer.query("q=" + text), sanitizer.url("https://h/?q=" + text), sanitizer.text("see " + text)):
        assert S not in decoded(shown)
    assert S not in decoded(sanitizer.header("x-a", text))


# -- settings --------------------------------------------------------------------------------------------------------


def test_equal_secrets_have_equal_hashes_and_other_keys_other_ones():
    """Hashes can be joined, within one key only."""
    one, two = Sanitizer(hashed_with="k"), Sanitizer(hashed_with=b"l")
    hashed = one.query(f"token={S}").removeprefix("token=")

    assert re.fullmatch("hmac:[0-9a-f]{16}", hashed)
    assert one.text(f"password: {S}") == f"password: {hashed}"
    assert one.header("x-api-key", S) == hashed
    assert two.header("x-api-key", S) != hashed
    assert one.query(f"token={hashed}") == f"token={hashed}"


def test_the_key_of_the_hash_is_not_shown():
    """Neither in the repr nor in a complaint."""
    assert "tops3cret" not in repr(Sanitizer(hashed_with="tops3cret"))


def test_keep_sees_what_would_be_masked_and_why():
    """It is told the rule, the key or name, and the value, and keeps by saying True."""
    seen = []
    sanitizer = Sanitizer(keep=lambda *told: seen.append(told) or told[1] == "code")

    assert sanitizer.query("code=a&X-Sig=b&Access_Token=c") == "code=a&X-Sig=b&Access_Token=REDACTED"
    assert sanitizer.header("X-Api-Key", "d") == "[REDACTED]"
    assert sanitizer.text(f"id {JWT}") == "id REDACTED"
    assert seen == [
        ("code", "code", "a"),
        ("access_token", "Access_Token", "c"),
        ("api-key", "X-Api-Key", "d"),
        ("jwt", "", JWT),
    ]


@pytest.mark.parametrize("answer", [None, 1, "yes"])
def test_only_true_keeps(answer):
    """A veto is said clearly or not at all."""
    assert Sanitizer(keep=lambda *_: answer).query("sig=a") == "sig=REDACTED"


def test_a_keep_that_raises_masks_and_is_told_once(caplog):
    """It fails closed, and its own message, which may hold the secret, is not logged."""
    sanitizer = Sanitizer(keep=lambda rule, key, value: [][int(value, 36)])

    assert sanitizer.query("a=1&sig=zz&token=y") == "a=1&sig=REDACTED&token=REDACTED"
    (told,) = (record.getMessage() for record in caplog.records)
    assert told.startswith("keep raised IndexError (")
    assert told.endswith("): what it was asked about is masked")
    assert "zz" not in told


def test_an_error_inside_masks_the_whole_value(monkeypatch):
    """It fails closed in every sink."""

    def broken(_):
        raise RuntimeError(S)

    sanitizer = Sanitizer(values=[ValuePattern("broken", re.compile("."), broken)])

    assert sanitizer.query(f"a={S}") == sanitizer.path(f"/{S}") == sanitizer.url(f"http://{S}/") == "REDACTED"
    assert sanitizer.text(S) == "REDACTED"
    assert sanitizer.header("x-a", S) == "[REDACTED]"
    assert S not in sanitizer.exception(ValueError(S))
    assert sanitizer.redactions()["query", "error"] == 1


def test_the_mask_can_be_chosen():
    """The replacement stands in values, and in brackets for headers redacted whole."""
    sanitizer = Sanitizer(replacement="***")

    assert sanitizer.query("sig=a") == "sig=***"
    assert sanitizer.header("cookie", "a") == "[***]"
    assert sanitizer.url("http://u:p@h/") == "http://***:***@h/"


@pytest.mark.parametrize("pattern", ["(", "a{99999999999999999999}", "(" * 5_000 + ")" * 5_000])
def test_a_pattern_that_cannot_be_compiled_is_a_problem_of_the_settings(pattern):
    """Whatever ``re`` raises: an error of its own, an overflow, a recursion."""
    with pytest.raises(ConfigurationError, match="values: "):
        Sanitizer(values=[pattern])


def test_wrong_settings_are_named_all_at_once():
    """Every problem names its argument and, the hash key apart, its value."""
    with pytest.raises(ConfigurationError) as raised:
        Sanitizer(
            query="some",
            query_keys=["--"],
            headers="cookie",
            paths=["reset/{token}", "/reset", "/a/{b"],
            values=["(", 3],
            exceptions="no",
            replacement="a&b",
            hashed_with=b"",
            keep="x",
        )

    assert [problem.split()[0].rstrip(":") for problem in raised.value.problems] == (
        [
            "query",
            "exceptions",
            "query_keys",
            "headers",
            "paths",
            "paths",
            "paths",
            "values",
            "values",
            "replacement",
            "hashed_with",
            "keep",
        ]
    )


# -- provenance and self-test ----------------------------------------------------------------------------------------


def test_redactions_are_counted_by_place_and_rule(sanitizer):
    """A clean value counts nothing; a masked one counts once, under the rule as it was listed."""
    sanitizer = Sanitizer(paths=["/r/{x}"])
    for query in ("a=1", "ACCESS-TOKEN=1&sig=2", "sig=3"):
        sanitizer.query(query)
    sanitizer.path("/r/1")
    sanitizer.header("Set-Cookie", "a")
    sanitizer.text(f"{JWT} http://u:p@h/")

    assert sanitizer.redactions() == {
        ("query", "access_token"): 1,
        ("query", "sig"): 2,
        ("path", "/r/{x}"): 1,
        ("header", "cookie"): 1,
        ("text", "jwt"): 1,
        ("text", "userinfo"): 1,
    }


def test_the_books_are_bounded_by_the_settings():
    """A caller cannot make them grow."""
    sanitizer = Sanitizer()
    for number in range(200):
        sanitizer.query(f"x{number}_token=a&a[{number}][code]=b")

    assert sanitizer.redactions() == {("query", "token"): 200, ("query", "code"): 200}


def test_a_debug_line_names_key_and_rule_and_not_the_value(caplog):
    """What was masked can be found out without showing it."""
    with caplog.at_level(logging.DEBUG, logger="otel_middleware"):
        Sanitizer().query(f"Access_Token={S}&a%0A[token]={S}")

    assert [record.getMessage() for record in caplog.records] == [
        "redacted in query: key Access_Token, rule access_token",
        "redacted in query: key (not shown), rule token",
    ]


def test_the_defaults_pass_their_own_check(sanitizer):
    """No canary survives any sink, and checking counts nothing."""
    before = sanitizer.redactions()

    assert sanitizer.check() == []
    assert sanitizer.redactions() == before


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"query": None}, "query: token"),
        ({"query_keys": ()}, "text: password"),
        ({"headers": ()}, "header: authorization"),
        ({"values": ()}, "path: jwt"),
        ({"exceptions": "full"}, "exception: message"),
        ({"keep": lambda *_: True}, "url: userinfo"),
    ],
)
def test_what_is_switched_off_survives_the_check(options, expected):
    """The check says what these settings let through."""
    assert expected in Sanitizer(**options).check()


def test_the_defaults_are_sets_that_can_be_added_to():
    """Adding to a default is an expression, not a copy."""
    sanitizer = Sanitizer(query_keys=DEFAULT_QUERY_KEYS | {"voucher"}, headers=DEFAULT_HEADERS | {"x-mine"})

    assert sanitizer.query("voucher=1&sig=2") == "voucher=REDACTED&sig=REDACTED"
    assert sanitizer.header("x-mine", "a") == sanitizer.header("cookie", "a") == "[REDACTED]"


WORDS = [
    "page",
    "lang",
    "token",
    "access_token",
    "resetToken",
    "x",
    "",
    "a.b",
    "q%74",
    "code",
    "flag",
    "s3",
    "é",
    "user_password_hash",
]
VALUES = [
    "",
    "1",
    "en",
    "dGhpcyBpcyBzZWNyZXQ",
    "REDACTED",
    "a;b",
    "a%20b",
    "x" * 12,
    "x" * 13,
    "ghp_" + "a" * 36,
    "eyJ",
    "a=b",
    "\x07",
    "é",
    "4111111111111111",
    "a@b.example",
]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"query": "all"},
        {"query": None},
        {"replacement": "***"},
        {"values": (*DEFAULT_VALUE_PATTERNS, EMAIL)},
        {"values": ["x+"]},
        {"hashed_with": "key"},
        {"keep": lambda rule, name, value: value == "1"},
    ],
)
def test_a_query_of_words_is_masked_as_any_other(monkeypatch, settings):
    """The short way of queries of short words gives what the long way gives, and counts the same."""
    draw = random.Random(7)  # noqa: S311
    queries = [
        "&".join(
            draw.choice(WORDS) + draw.choice(("=", "=", "=", "")) + draw.choice(VALUES)
            for _ in range(draw.randint(1, 4))
        )
        for _ in range(3_000)
    ]
    short, long = Sanitizer(**settings), Sanitizer(**settings)
    taken = list(map(short.query, queries))
    monkeypatch.setattr(Queries, "masked_words", lambda *_: None)

    assert taken == list(map(long.query, queries))
    assert short.redactions() == long.redactions()
