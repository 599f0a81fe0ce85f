"""Whose request it is, and what of that may be shown."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import json
import logging
from base64 import urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_middleware.errors import ConfigurationError
from otel_middleware.request import Request
from otel_middleware.tenancy import (
    TenantFromClaim,
    TenantFromHeader,
    TenantFromHost,
    TenantFromPath,
    Tenants,
    first_of,
)


def from_header(value, name="x-tenant-id"):
    return Request(headers={name: value})


def token(claims, signature="c2ln"):
    body = claims if isinstance(claims, str) else json.dumps(claims)
    parts = ['{"alg":"HS256"}', body]
    return ".".join([urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts] + [signature])


# --- what is shown


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("acme", "acme"),
        ("a", "a"),
        ("a" * 64, "a" * 64),
        ("A.b_c:d@e-9", "A.b_c:d@e-9"),
        ("a" * 65, "unknown"),  # too long: never cut
        ("", "unknown"),
        ("-acme", "unknown"),  # an option to somebody's shell
        ("acme\n", "unknown"),  # a line break at the end fits "$" but not from end to end
        ("acme, evil", "unknown"),  # two headers
        ("<script>", "unknown"),
        ("\u0430cme", "unknown"),  # a Cyrillic letter that looks like "a"
        ("_other", "unknown"),  # the name of the rest on metrics
    ],
)
def test_a_tenant_is_shown_whole_or_not_at_all(value, expected):
    """What fits the pattern is shown as it is, anything else as ``unknown``."""
    assert expected == Tenants(TenantFromHeader()).of(from_header(value))


def test_a_request_that_names_no_tenant_is_unknown():
    """A missing tenant is shown by the owner's word for it."""
    assert Tenants(TenantFromHeader(), unknown="nobody").of(Request()) == "nobody"


def test_only_allowed_tenants_are_shown():
    """A list of tenants leaves no room for others, however well-formed."""
    tenants = Tenants(TenantFromHeader(), allowed=["acme"])

    assert [tenants.of(from_header(name)) for name in ("acme", "umbrella")] == ["acme", "unknown"]


def test_the_pattern_is_the_owners():
    """A pattern of the owner's replaces ours and is matched from end to end."""
    tenants = Tenants(TenantFromHeader(), pattern="[0-9]+")

    assert [tenants.of(from_header(name)) for name in ("42", "42a")] == ["42", "unknown"]


@pytest.mark.parametrize("key", ["key", b"key"])
def test_a_hashed_tenant_is_the_keyed_hash_and_unknown_stays_readable(key):
    """Independently computed: the first 16 hexadecimal digits of HMAC-SHA-256; what is no tenant is not hashed."""
    tenants = Tenants(TenantFromHeader(), hashed_with=key)

    assert hmac.new(b"key", b"acme", hashlib.sha256).hexdigest()[:16] == tenants.of(from_header("acme"))
    assert tenants.of(from_header("<script>")) == "unknown"


def test_a_hashed_tenant_may_hold_any_character():
    """A custom pattern that lets lone surrogates through does not make hashing raise."""
    assert Tenants(TenantFromHeader(), pattern="(?s).+", hashed_with="key").of(from_header("\udc80")) != "unknown"


def test_the_key_is_shown_nowhere():
    """Neither ``repr`` nor an error message reveals the key."""
    assert "s3cret" not in repr(Tenants(TenantFromHeader(), hashed_with="s3cret"))
    with pytest.raises(ConfigurationError) as refusal:
        Tenants(TenantFromHeader(), hashed_with=["s3cret"])
    assert "s3cret" not in str(refusal.value)


@pytest.mark.parametrize("tenant", [None, 7, b"acme", ["acme"], object()])
def test_what_the_application_sets_is_validated_too(tenant):
    """``validated`` answers for any value, and what is no text is unknown."""
    assert Tenants(TenantFromHeader()).validated(tenant) == "unknown"


def test_a_policy_that_raises_is_said_once_and_names_nobody(caplog):
    """One warning for the life of the policy, without what the request sent, and the request goes on."""

    def broken(request):
        raise KeyError(request.header("authorization"))

    tenants = Tenants(broken)
    request = from_header("Bearer tok_secret", "authorization")

    with caplog.at_level(logging.WARNING, "otel_middleware"):
        assert [tenants.of(request) for _ in range(3)] == ["unknown"] * 3
    assert [(record.name, record.levelno) for record in caplog.records] == [("otel_middleware", logging.WARNING)]
    assert "KeyError" in caplog.text
    assert "test_tenancy.py" in caplog.text
    assert "tok_secret" not in caplog.text


def test_an_exit_is_no_failure_of_a_policy():
    """What is no ``Exception`` (SystemExit, a gevent timeout) passes."""

    def leaves(request):
        raise SystemExit

    with pytest.raises(SystemExit):
        Tenants(leaves).of(Request())


# --- on metrics


@given(st.lists(st.text(min_size=1, max_size=4), max_size=60), st.integers(0, 5))
def test_metrics_show_at_most_so_many_tenants(values, most):
    """Whatever is sent: the first *most* names and ``unknown`` are shown, all others are ``_other``."""
    tenants = Tenants(TenantFromHeader(), pattern="(?s).+", max_on_metrics=most)
    first = list(dict.fromkeys(value for value in values if value != "unknown"))[:most]

    shown = [tenants.on_metrics_value(value) for value in values]

    assert [value if value in {*first, "unknown"} else "_other" for value in values] == shown


def test_forged_tenants_cannot_fill_the_memory():
    """Of 100,000 forged names the first hundred are shown, and trying again does not help the others."""
    tenants = Tenants(TenantFromHeader(), max_on_metrics=100)

    shown = {tenants.on_metrics_value(tenants.of(from_header(f"t{number}"))) for number in range(100_000)}
    shown.add(tenants.on_metrics_value(tenants.of(Request())))

    assert {*(f"t{number}" for number in range(100)), "unknown", "_other"} == shown
    assert tenants.on_metrics_value("t99999") == "_other"


def test_the_bound_holds_between_threads():
    """Threads that compete for the one place at the same moment never share it, and the name that got it keeps it."""
    start = Barrier(4)

    def shown(bound, name):
        start.wait()
        return bound.on_metrics_value(name)

    with ThreadPoolExecutor(4) as pool:
        for _ in range(200):
            bound = Tenants(TenantFromHeader(), max_on_metrics=1)
            names = set(pool.map(shown, [bound] * 4, "abcd")) - {"_other"}
            assert len(names) == 1
            assert names == set(map(bound.on_metrics_value, "abcd")) - {"_other"}


@pytest.mark.parametrize("key", [None, "key"])
def test_allowed_tenants_always_keep_their_name_on_metrics(key):
    """The bound is against strangers: listed tenants are shown however many there are, hashed or not."""
    names = [f"t{number}" for number in range(10)]
    tenants = Tenants(TenantFromHeader(), allowed=names, hashed_with=key, max_on_metrics=0)
    shown = [tenants.of(from_header(name)) for name in names]

    assert shown == [tenants.on_metrics_value(name) for name in shown]
    assert tenants.on_metrics_value("t10") == "_other"
    assert tenants.on_metrics_value("unknown") == "unknown"


# --- where it is read


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("acme.example.com", "acme"),
        ("acme.example.com:8443", "acme"),
        ("ACME.Example.COM", "acme"),  # names are the same in any case
        ("acme.example.com.", "acme"),  # fully qualified
        ("user@acme.example.com", "acme"),  # userinfo is never the tenant
        ("acme.example.com@evil.com", None),
        ("acme@example.com", None),
        ("example.com", None),
        (".example.com", None),
        ("a.b.example.com", None),  # one label deep
        ("acmeexample.com", None),  # not a subdomain
        ("acme.example.com.evil.com", None),
        ("[2001:db8::1]:8443", None),
        ("[x", None),
        ("", None),
        (None, None),
    ],
)
def test_the_subdomain_is_the_tenant(host, expected):
    """Exactly one label before the domain names the tenant."""
    assert expected == TenantFromHost("Example.com")(Request(host=host))


@pytest.mark.parametrize(
    ("template", "path", "expected"),
    [
        ("/t/{tenant}/...", "/t/acme/orders/7", "acme"),
        ("/t/{tenant}/...", "/t/acme", "acme"),  # any rest, also none
        ("/t/{tenant}/...", "/t/acme/", "acme"),
        ("/t/{tenant}/...", "/t//orders", None),
        ("/t/{tenant}/...", "/x/t/acme", None),
        ("/t/{tenant}/...", "/t/ac\nme/\n", "ac\nme"),  # a line break is a character; Tenants refuses it
        ("/t/{tenant}", "/t/acme", "acme"),
        ("/t/{tenant}", "/t/acme/orders", None),
        ("/{tenant}.json", "/acme.json", "acme"),  # a part of a segment
        ("/{tenant}.json", "/acmeXjson", None),  # a dot is a dot
        ("/a+b/{tenant}/...", "/a+b/acme/x", "acme"),
    ],
)
def test_a_segment_of_the_path_is_the_tenant(template, path, expected):
    """What stands in the placeholder's place is the tenant, when all the rest is the template's."""
    assert expected == TenantFromPath(template)(Request(path=path))


@pytest.mark.parametrize(
    ("claims", "claim", "expected"),
    [
        ({"org_id": "acme"}, "org_id", "acme"),
        ({"org_id": 42}, "org_id", "42"),
        ({"org": {"id": "acme"}}, "org.id", "acme"),
        ({"https://shop.example/org": "acme"}, "https://shop.example/org", "acme"),  # dots in a claim's own name
        ({"org.id": "flat", "org": {"id": "nested"}}, "org.id", "flat"),  # the plain name first
        ({"org_id": True}, "org_id", None),  # yes is no name
        ({"org_id": ["acme"]}, "org_id", None),
        ({"org_id": None}, "org_id", None),
        ({"org": "acme"}, "org.id", None),
        ({}, "org_id", None),
        ("[1]", "org_id", None),  # JSON, but no claims
        ("{", "org_id", None),  # no JSON
        ("[" * 9_000, "org_id", None),  # deeper than a parser follows
        ("1" * 9_000, "org_id", None),  # longer than a number is read
    ],
)
def test_a_claim_is_the_tenant(claims, claim, expected):
    """Text and whole numbers are read, whatever else the token holds is none."""
    request = from_header(f"Bearer {token(claims)}", "authorization")

    assert expected == TenantFromClaim(claim)(request)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (f"bearer  {token({'org': 'acme'})}", "acme"),  # the scheme in any case (RFC 9110 section 11.1)
        (token({"org": "acme"}), "acme"),  # alone, as gateways send it
        (token({"org": "acme"}).replace(".", "==."), "acme"),  # padded, as AWS load balancers do
        (token({"org": "acme"}, signature=""), "acme"),  # unsigned: the signature is not looked at
        (f"Basic {token({'org': 'acme'})}", None),
        (f"{token({'org': 'acme'})}.more", None),
        (f"Bearer {token({'org': 'acme'})}, Bearer {token({'org': 'evil'})}", None),  # two headers
        (f"Bearer {token({'org': 'acme', 'pad': 'x' * 20_000})}", None),  # too long to be read
        ("Bearer a.!!!!.c", None),  # no base64url
        ("Bearer a.\u00e9.c", None),
        ("Bearer", None),
        ("", None),
    ],
)
def test_a_token_is_read_only_where_one_is(value, expected):
    """A header that is no single, reasonably long token names no tenant."""
    assert expected == TenantFromClaim("org")(from_header(value, "authorization"))


@given(st.text(max_size=200) | st.builds(token, st.text(max_size=50)), st.sampled_from(["", "Bearer "]))
def test_no_token_makes_a_policy_raise(value, scheme):
    """Any text is answered with a tenant or none."""
    tenant = TenantFromClaim("a.b")(from_header(scheme + value, "authorization"))

    assert tenant is None or isinstance(tenant, str)


@pytest.mark.parametrize(
    ("verify", "expected"),
    [
        (lambda token: True, "acme"),  # genuine: its claims are read
        (lambda token: {"org": "verified"}, "verified"),  # the claims that it verified
        (lambda token: False, None),
        (lambda token: None, None),
        (lambda token: "yes", None),  # neither a mapping nor True
        (lambda token: 1 / 0, None),  # raises
    ],
)
def test_a_token_that_is_not_verified_names_nobody(verify, expected):
    """With ``verify`` only what it vouches for is read."""
    policy = TenantFromClaim("org", header="X-Token", verify=verify)

    assert expected == policy(from_header(token({"org": "acme"}), "x-token"))


def test_a_verify_that_raises_is_said_once(caplog):
    """Many libraries raise for a bad token: one warning, without the token, and never an exception."""

    def refuses(token):
        raise ValueError(token)

    policy = TenantFromClaim("org", verify=refuses)
    with caplog.at_level(logging.WARNING, "otel_middleware"):
        assert [policy(from_header("tok_secret.b.c", "authorization")) for _ in range(2)] == [None, None]

    assert len(caplog.records) == 1
    assert "tok_secret" not in caplog.text


# --- several, and whom to believe


def raises(request):
    raise RuntimeError


def test_the_first_that_names_a_tenant_counts():
    """Policies are asked in their order until one names a tenant."""
    policy = first_of(TenantFromHeader("x-a"), first_of(TenantFromHeader("x-b"), TenantFromHost("example.com")))

    assert policy(Request(headers={"x-a": "a", "x-b": "b"})) == "a"
    assert policy(Request(headers={"x-b": "b"}, host="c.example.com")) == "b"
    assert policy(Request(host="c.example.com")) == "c"
    assert policy(Request()) is None


def test_one_of_several_that_raises_does_not_silence_the_others(caplog):
    """A broken policy counts as no opinion, so the next is asked."""
    assert Tenants(first_of(raises, TenantFromHeader())).of(from_header("acme")) == "acme"
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    ("policy", "claimed"),
    [
        (TenantFromHeader(), True),  # the sender says so about itself
        (TenantFromClaim("org"), True),
        (TenantFromClaim("org", verify=lambda token: True), False),  # somebody vouches for it
        (TenantFromHost("example.com"), False),  # whose site is asked for, not who asks
        (TenantFromPath("/{tenant}/..."), False),
        (first_of(TenantFromHeader(), TenantFromHost("example.com")), False),  # one of them is no claim
        (first_of(TenantFromHeader(), lambda request: "x"), True),  # a plain callable may read anything
    ],
)
def test_a_policy_says_whether_it_reads_a_claim(policy, claimed):
    """``claimed`` tells what an untrusted caller could forge about itself."""
    assert claimed is policy.claimed


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (TenantFromHeader(), "unknown"),
        (lambda request: request.header("x-tenant-id"), "unknown"),
        (TenantFromHost("example.com"), "site"),
        (first_of(TenantFromHeader(), TenantFromHost("example.com")), "site"),
    ],
)
def test_a_claim_is_not_read_of_an_untrusted_caller(policy, expected):
    """What a caller that is not believed says about itself is not even read; what it asks for is."""
    request = Request(headers={"x-tenant-id": "forged"}, host="site.example.com")

    assert expected == Tenants(policy).of(request, believed=False)


# --- while building


async def coroutine_function(request):
    return "acme"


@pytest.mark.parametrize(
    ("build", "named"),
    [
        (lambda: Tenants("x-tenant-id"), "policy"),
        (lambda: Tenants(TenantFromHeader), "policy"),  # the class itself, a slip
        (lambda: Tenants(coroutine_function), "policy"),
        (lambda: Tenants.wrapping(7), "policy"),
        (lambda: Tenants(str.lower, allowed="acme"), "allowed"),  # its letters are meant by nobody
        (lambda: Tenants(str.lower, allowed=7), "allowed"),
        (lambda: Tenants(str.lower, allowed=["acme inc"]), "acme inc"),  # could never be shown
        (lambda: Tenants(str.lower, allowed=[7]), "7"),
        (lambda: Tenants(str.lower, pattern="("), "pattern"),
        (lambda: Tenants(str.lower, pattern=None), "pattern"),
        (lambda: Tenants(str.lower, unknown=""), "unknown"),
        (lambda: Tenants(str.lower, hashed_with=""), "hashed_with"),
        (lambda: Tenants(str.lower, hashed_with=7), "hashed_with"),
        (lambda: Tenants(str.lower, on_metrics="yes"), "on_metrics"),
        (lambda: Tenants(str.lower, max_on_metrics=-1), "max_on_metrics"),
        (lambda: Tenants(str.lower, max_on_metrics=True), "max_on_metrics"),
        (lambda: Tenants(str.lower, in_baggage=None), "in_baggage"),
        (lambda: Tenants(str.lower, attribute="tenant id"), "attribute"),
        (lambda: TenantFromHeader("x tenant"), "x tenant"),
        (lambda: TenantFromHeader(""), "name"),
        (lambda: TenantFromHeader(None), "None"),
        (lambda: TenantFromHost("https://example.com"), "https://example.com"),
        (lambda: TenantFromHost("example.com:80"), "example.com:80"),
        (lambda: TenantFromHost("*.example.com"), "example.com"),
        (lambda: TenantFromHost("-"), "domain"),
        (lambda: TenantFromHost(None), "None"),
        (lambda: TenantFromPath("/t/..."), "template"),  # no placeholder
        (lambda: TenantFromPath("t/{tenant}"), "template"),  # no leading slash
        (lambda: TenantFromPath("/{tenant}/{tenant}"), "template"),
        (lambda: TenantFromPath("/{tenant}/{id}"), "template"),
        (lambda: TenantFromPath("/.../{tenant}"), "template"),  # the rest is at the end
        (lambda: TenantFromPath(None), "template"),
        (lambda: TenantFromClaim(""), "claim"),
        (lambda: TenantFromClaim("org", header=":"), "header"),
        (lambda: TenantFromClaim("org", verify="key"), "verify"),
        (lambda: TenantFromClaim("org", verify=coroutine_function), "verify"),  # its answer would be a coroutine
        (first_of, "first_of"),
        (lambda: first_of(TenantFromHeader(), "x"), "'x'"),
    ],
)
def test_what_cannot_be_honoured_is_refused(build, named):
    """A wrong setting is refused while building, with its argument or value."""
    with pytest.raises(ConfigurationError, match=named.replace("*", "[*]")):
        build()


def test_all_problems_are_named_at_once():
    """One run shows every problem, not the first."""
    with pytest.raises(ConfigurationError) as refusal:
        Tenants(None, unknown="", hashed_with=b"", max_on_metrics=-1, attribute="", pattern="(")

    assert len(refusal.value.problems) == 6


def test_an_option_is_wrapped_once():
    """A policy becomes ``Tenants``, ``Tenants`` stay themselves."""
    tenants = Tenants(TenantFromHeader())

    assert tenants is Tenants.wrapping(tenants)
    assert tenants == Tenants.wrapping(TenantFromHeader("X-Tenant-Id"))


def test_tenants_cannot_be_changed():
    """What was decided while building holds for the life of the process."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        Tenants(TenantFromHeader()).unknown = "x"


def test_repr_shows_how_policies_were_combined():
    """A person reads back what was built."""
    policy = first_of(TenantFromHeader(), TenantFromHost("example.com"))

    assert repr(policy) == "first_of(TenantFromHeader(name='x-tenant-id'), TenantFromHost(domain='example.com'))"
