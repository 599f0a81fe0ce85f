"""Whom to believe: peers, callers, and what proxies forward."""

from __future__ import annotations

import dataclasses
import logging
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from otel_middleware._forwarded import Forwarded
from otel_middleware._host import host_and_port
from otel_middleware._queue_time import time_in_queue
from otel_middleware.errors import ConfigurationError
from otel_middleware.request import Request
from otel_middleware.trust import Belief, TrustPolicy

EVERYTHING = Belief(trace_context=True, baggage=True, tenant=True)
NOTHING = Belief(trace_context=False, baggage=False, tenant=False)
NOW = 1_750_000_000.5


def forwarded(hops=1, **headers):
    """What a policy reads of headers that are written with ``_`` for ``-``."""
    request = Request(headers={name.replace("_", "-"): value for name, value in headers.items()})
    return TrustPolicy(proxies=["10.0.0.0/8"], hops=hops).forwarded(request.header)


# --- whose word counts


@pytest.mark.parametrize(
    ("settings", "trusted", "untrusted"),
    [
        ({}, EVERYTHING, EVERYTHING),  # as upstream
        ({"caller": lambda request: request.header("x-key") == "ours"}, EVERYTHING, NOTHING),
        ({"trace_context": False}, NOTHING, NOTHING),  # a public endpoint
        ({"trace_context": False, "caller": lambda request: True}, NOTHING, NOTHING),  # stays one
        ({"baggage": False}, EVERYTHING._replace(baggage=False), EVERYTHING._replace(baggage=False)),
        ({"caller": lambda request: None}, NOTHING, NOTHING),  # no answer is no
        ({"caller": lambda request: 1 / 0}, NOTHING, NOTHING),  # a broken gate stays shut
        (
            {"baggage": False, "caller": lambda request: request.header("x-key")},
            EVERYTHING._replace(baggage=False),
            NOTHING,
        ),
    ],
)
def test_a_caller_is_believed_in_everything_that_is_on_or_in_nothing(settings, trusted, untrusted):
    """One gate: trace context, baggage and tenant are believed or refused together."""
    policy = TrustPolicy(**settings)

    assert trusted == policy.believes(Request(headers={"x-key": "ours"}))
    assert untrusted == policy.believes(Request())


def test_a_caller_that_raises_is_said_once(caplog):
    """One warning for the life of the policy, without what the request sent."""

    def broken(request):
        raise LookupError("tok_secret")

    policy = TrustPolicy(caller=broken)
    with caplog.at_level(logging.WARNING, "otel_middleware"):
        assert [policy.believes(Request()) for _ in range(2)] == [NOTHING, NOTHING]

    assert len(caplog.records) == 1
    assert "LookupError" in caplog.text
    assert "tok_secret" not in caplog.text


@pytest.mark.parametrize(
    ("settings", "trivial"),
    [
        ({}, True),
        ({"hops": 2}, True),  # without a proxy there is nothing to count
        ({"proxies": ["10.0.0.0/8"]}, False),
        ({"trace_context": False}, False),
        ({"baggage": False}, False),
        ({"caller": bool}, False),
    ],
)
def test_a_policy_knows_when_there_is_nothing_to_ask(settings, trivial):
    """``trivial`` says that every answer is the default's."""
    assert trivial is TrustPolicy(**settings).trivial


# --- which peer is a proxy


@pytest.mark.parametrize(
    ("proxies", "peer", "expected"),
    [
        (["10.0.0.0/8"], "10.255.0.1", True),
        (["10.0.0.0/8"], "11.0.0.1", False),
        (["10.0.0.0/8"], "::ffff:10.0.0.1", True),  # a dual-stack socket shows IPv4 like this
        (["10.0.0.0/8"], "::ffff:11.0.0.1", False),
        (["::ffff:10.0.0.0/104"], "10.0.0.1", True),  # the list may be written like this too
        (["::ffff:10.0.0.0/104"], "11.0.0.1", False),
        (["fd00::/8"], "fd12::1", True),
        (["fd00::/8"], "FD12:0:0::1", True),  # spelled otherwise
        (["fd00::/8"], "fe80::1", False),
        (["fe80::/10"], "fe80::1%eth0", True),  # the zone is not part of the address
        (["0.0.0.0/0"], "fd12::1", False),  # all of IPv4 only
        (["::/0"], "10.0.0.1", False),
        (["127.0.0.1"], "127.0.0.1", True),  # one address
        (["127.0.0.1"], "127.0.0.2", False),
        ([ip_network("10.0.0.0/8"), ip_address("::1")], "::1", True),
        (["10.0.0.0/8", "unix"], "10.0.0.1", True),
        (["unix"], None, True),  # a Unix socket has no address
        (["unix"], "", True),  # as gunicorn shows it
        (["unix"], "/run/app.sock", True),
        (["unix"], "@abstract", True),
        (["unix"], "127.0.0.1", False),
        (["unix"], "testclient", False),
        (["unix"], 7, False),  # a broken server
        (["10.0.0.0/8"], None, False),
        (["10.0.0.0/8"], "", False),
        (["10.0.0.0/8"], "/run/app.sock", False),
        (["10.0.0.0/8"], "testclient", False),
        (["10.0.0.0/8"], "10.0.0.1:80", False),
        ([], "127.0.0.1", False),
        ([], None, False),
    ],
)
def test_only_a_listed_peer_is_a_proxy(proxies, peer, expected):
    """A peer is believed when its address is in a listed network, and at every later time just the same."""
    policy = TrustPolicy(proxies=proxies)

    assert expected is policy.proxied(peer)
    assert expected is policy.proxied(peer)


networks = st.builds(
    lambda number, bits: str(ip_network((number >> (32 - bits) << (32 - bits), bits))),
    st.integers(0, 2**32 - 1),
    st.integers(0, 32),
)


@given(st.lists(networks, max_size=10), st.ip_addresses(v=4))
def test_a_peer_is_listed_when_its_bits_are(proxies, peer):
    """Membership is that of the leading bits, computed without ``ipaddress``."""

    def bits(address):
        return "".join(f"{int(part):08b}" for part in address.split("."))

    prefixes = [bits(address)[: int(length)] for address, length in (proxy.split("/") for proxy in proxies)]

    assert any(bits(str(peer)).startswith(prefix) for prefix in prefixes) is TrustPolicy(proxies=proxies).proxied(
        str(peer)
    )


def test_a_crowd_of_peers_does_not_change_an_answer():
    """More peers than are remembered are all answered rightly, the first ones again at the end."""
    policy = TrustPolicy(proxies=["10.0.0.0/16"])
    peers = [f"10.{number // 256 % 2}.{number % 256}.1" for number in range(3_000)] + ["10.0.0.1", "10.1.0.1"]

    assert [peer.startswith("10.0.") for peer in peers] == [policy.proxied(peer) for peer in peers]


# --- what the proxies forward


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),  # they say nothing
        ({"x_forwarded_for": "192.0.2.1"}, Forwarded(client="192.0.2.1")),
        ({"x_forwarded_for": "6.6.6.6, 192.0.2.1"}, Forwarded(client="192.0.2.1")),  # the left one came from outside
        ({"x_forwarded_for": "192.0.2.1:4711"}, Forwarded(client="192.0.2.1", client_port=4711)),
        ({"x_forwarded_for": "2001:DB8:0:0::1"}, Forwarded(client="2001:db8::1")),
        ({"x_forwarded_for": "[2001:db8::1]:4711"}, Forwarded(client="2001:db8::1", client_port=4711)),
        ({"x_forwarded_for": "::ffff:192.0.2.1"}, Forwarded(client="192.0.2.1")),
        ({"x_forwarded_for": "fe80::1%eth0"}, Forwarded(client="fe80::1")),  # a zone is free text
        ({"x_forwarded_for": "192.0.2.1, unknown"}, Forwarded()),  # no address in the chosen place: no client
        ({"x_forwarded_for": "192.0.2.1, "}, Forwarded()),
        ({"x_forwarded_for": "192.0.2.1, <script>"}, Forwarded()),
        ({"x_forwarded_for": "[192.0.2.1]"}, Forwarded()),
        ({"x_forwarded_for": "[2001:db8::1"}, Forwarded()),
        ({"x_forwarded_for": "192.0.2.256"}, Forwarded()),
        ({"x_forwarded_for": "\u0661.2.3.4"}, Forwarded()),  # a digit, but not one of an address
        ({"x_forwarded_for": "1" * 100_000}, Forwarded()),
        ({"x_forwarded_for": "192.0.2.1:99999"}, Forwarded(client="192.0.2.1")),  # no such port
        ({"x_forwarded_proto": "HTTPS"}, Forwarded(scheme="https")),
        ({"x_forwarded_proto": "http, https"}, Forwarded(scheme="https")),
        ({"x_forwarded_proto": "gopher"}, Forwarded()),
        ({"x_forwarded_host": "Shop.example:8443"}, Forwarded(host="shop.example", port=8443)),
        ({"x_forwarded_host": "[2001:db8::1]:8443"}, Forwarded(host="2001:db8::1", port=8443)),
        ({"x_forwarded_host": "a b"}, Forwarded()),
        ({"x_forwarded_port": "8443"}, Forwarded(port=8443)),
        ({"x_forwarded_port": "0"}, Forwarded()),
        ({"x_forwarded_port": "\u0664\u0664"}, Forwarded()),  # and these digits
        ({"x_forwarded_port": "8_443"}, Forwarded()),  # int() reads this
        ({"x_forwarded_host": "shop.example", "x_forwarded_port": "444"}, Forwarded(host="shop.example", port=444)),
        (  # the port that the client wrote behind the host
            {"x_forwarded_host": "shop.example:8443", "x_forwarded_port": "80"},
            Forwarded(host="shop.example", port=8443),
        ),
        ({"forwarded": "for=192.0.2.1"}, Forwarded(client="192.0.2.1")),
        ({"forwarded": "For=192.0.2.1;PROTO=https"}, Forwarded(client="192.0.2.1", scheme="https")),
        ({"forwarded": 'for="[2001:db8:cafe::17]:4711"'}, Forwarded(client="2001:db8:cafe::17", client_port=4711)),
        ({"forwarded": 'for="192.0.2.1:_port"'}, Forwarded(client="192.0.2.1")),  # an obfuscated port
        ({"forwarded": "for=_hidden;proto=https"}, Forwarded(scheme="https")),  # an obfuscated client
        ({"forwarded": "for=unknown"}, Forwarded()),
        (
            {"forwarded": 'host="shop.example:8443";for=192.0.2.1'},
            Forwarded("192.0.2.1", None, None, "shop.example", 8443),
        ),
        ({"forwarded": "host=shop.example:8443"}, Forwarded(host="shop.example", port=8443)),  # commonly unquoted
        ({"forwarded": r'host="sh\op.example"'}, Forwarded(host="shop.example")),  # a quoted pair
        ({"forwarded": "for=6.6.6.6;proto=http , for=192.0.2.1"}, Forwarded(client="192.0.2.1")),  # proto is not ours
        ({"forwarded": 'for="a, for=192.0.2.1'}, None),  # an open quote swallows nothing
        ({"forwarded": 'for="x, for="[2001:db8::1]"'}, None),
        ({"forwarded": "for = 192.0.2.1"}, None),
        ({"forwarded": "192.0.2.1"}, None),
        ({"forwarded": "for=192.0.2.1;for=6.6.6.6"}, Forwarded(client="192.0.2.1")),  # forbidden: the first counts
        ({"forwarded": ";;for=192.0.2.1;"}, Forwarded(client="192.0.2.1")),  # empty pairs are allowed
        ({"forwarded": "for=192.0.2.1,"}, Forwarded()),
        ({"forwarded": "for=192.0.2.1, " + "x=y," * 10_000}, None),
        ({"forwarded": "!", "x_forwarded_proto": "https"}, Forwarded(scheme="https")),  # malformed: as if absent
        ({"forwarded": "", "x_forwarded_for": ""}, None),
        ({"forwarded": "for=192.0.2.1", "x_forwarded_for": ""}, Forwarded(client="192.0.2.1")),  # empty: as if absent
        (  # a client can send Forwarded through a proxy that knows X-Forwarded-For only
            {"forwarded": "for=6.6.6.6;host=evil.example;proto=http", "x_forwarded_for": "192.0.2.1"},
            Forwarded(client="192.0.2.1"),
        ),
    ],
)
def test_what_one_proxy_forwards(headers, expected):
    """Of each header the rightmost value is our proxy's; what is malformed is as if it were absent."""
    assert expected == forwarded(**headers)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"x_forwarded_for": "6.6.6.6, 192.0.2.1, 10.0.0.7"}, Forwarded(client="192.0.2.1")),
        ({"x_forwarded_for": "192.0.2.1, 10.0.0.7"}, Forwarded(client="192.0.2.1")),
        ({"x_forwarded_for": "10.0.0.7"}, Forwarded()),  # somebody went past the outer proxy
        ({"x_forwarded_for": "unknown, 10.0.0.7"}, Forwarded()),
        ({"x_forwarded_proto": "https"}, Forwarded(scheme="https")),  # only one of them says so
        ({"x_forwarded_proto": "gopher, https, http"}, Forwarded(scheme="https")),
        ({"x_forwarded_host": "shop.example"}, Forwarded(host="shop.example")),
        ({"x_forwarded_host": "evil.example, shop.example, inner"}, Forwarded(host="shop.example")),
        ({"x_forwarded_port": "443"}, Forwarded(port=443)),
        ({"x_forwarded_port": "1, 443, 8080"}, Forwarded(port=443)),
        ({"forwarded": "for=6.6.6.6, for=192.0.2.1, for=10.0.0.7"}, Forwarded(client="192.0.2.1")),
        ({"forwarded": "for=10.0.0.7;proto=https"}, Forwarded(scheme="https")),
        ({"forwarded": "proto=http, for=192.0.2.1, for=10.0.0.7;proto=https"}, Forwarded("192.0.2.1", scheme="https")),
    ],
)
def test_what_two_proxies_forward(headers, expected):
    """The client is the second from the right; of a shorter list of schemes, hosts or ports the leftmost counts."""
    assert expected == forwarded(hops=2, **headers)


addresses = st.ip_addresses()
hosts = st.from_regex(r"[a-z]([a-z0-9-]{0,20}[a-z0-9])?(\.[a-z]{2,5}){0,2}", fullmatch=True)
ports = st.integers(1, 65_535)


@given(st.lists(addresses, min_size=1, max_size=6), st.integers(1, 6))
def test_a_chain_of_addresses_is_counted_from_the_right(chain, hops):
    """In both headers, with any addresses, the client is the hops-th from the right or nobody."""
    client = chain[-hops] if len(chain) >= hops else None
    written = str(getattr(client, "ipv4_mapped", None) or client) if client else None
    nodes = [str(address) if address.version == 4 else f'"[{address.exploded}]"' for address in chain]

    customary = forwarded(hops, x_forwarded_for=", ".join(map(str, chain)))
    standard = forwarded(hops, forwarded=", ".join(f"for={node}" for node in nodes))

    assert customary == Forwarded(client=written)
    assert standard == Forwarded(client=written)


@given(
    addresses,
    ports,
    hosts,
    ports,
    st.sampled_from(["http", "https", "ws", "wss"]),
    st.permutations(["for", "proto", "host", "by"]),
)
def test_everything_said_is_read(client, client_port, host, port, scheme, order):
    """A well-formed element is read in any order of its parameters, and equals what X-Forwarded-* would say."""
    node = f"{client}:{client_port}" if client.version == 4 else f"[{client}]:{client_port}"
    said = {"for": f'"{node}"', "proto": scheme, "host": f'"{host}:{port}"', "by": "_us"}

    standard = forwarded(forwarded=";".join(f"{name}={said[name]}" for name in order))
    customary = forwarded(
        x_forwarded_for=node, x_forwarded_proto=scheme, x_forwarded_host=host, x_forwarded_port=str(port)
    )

    written = str(getattr(client, "ipv4_mapped", None) or client)
    assert standard == Forwarded(written, client_port, scheme, host, port)
    assert standard == customary


pieces = st.lists(
    st.sampled_from(
        ['"', "\\", ",", ";", "=", "for", "host=", "[", "]", ":", "::1", " ", "\t", "1.2.3.4", "_x", "\x00"]
    )
)
texts = st.text(max_size=60) | pieces.map("".join)


@given(texts, texts, texts, texts, texts, st.integers(1, 4))
@example('for="' + "\\" * 9_001, "," * 20_000, "", ":" * 20_000, "9" * 20_000, 3)
@example(" " * 16_000 + "x", "", "", "", "", 1)
def test_nothing_forwarded_makes_a_policy_raise(standard, chain, scheme, host, port, hops):
    """Any text in any header is answered, with values that are well-formed or with none."""
    headers = {"x_forwarded_proto": scheme, "x_forwarded_host": host, "x_forwarded_port": port}

    for said in (
        forwarded(hops, forwarded=standard, **headers),
        forwarded(hops, x_forwarded_for=chain, **headers),
    ):
        if said is not None:
            assert said.client is None or ip_address(said.client)
            assert said.scheme in {None, "http", "https", "ws", "wss"}
            assert said.host is None or (len(said.host) <= 255 and said.host.isprintable())
            assert all(port is None or 1 <= port <= 65_535 for port in (said.port, said.client_port))


# --- the host that was asked


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("example.com", ("example.com", None)),
        ("Example.COM:8080", ("example.com", 8080)),
        ("example.com:", ("example.com", None)),  # RFC 9110: an empty port is allowed
        ("example.com:http", ("example.com", None)),  # the port never inside the address
        ("example.com:0", ("example.com", None)),
        ("example.com:65536", ("example.com", None)),
        ("example.com:\u0664", (None, None)),
        ("user:secret@example.com:81", ("example.com", 81)),  # userinfo is never shown
        ("a@b@example.com", ("example.com", None)),
        ("[2001:DB8::1]:8443", ("2001:db8::1", 8443)),
        ("[::ffff:1.2.3.4]", ("::ffff:1.2.3.4", None)),
        ("[2001:db8::1", (None, None)),
        ("[]", (None, None)),
        ("[:::]", (None, None)),
        ("[x", (None, None)),
        ("::1", (None, None)),  # without brackets nobody can tell a port
        ("2001:db8::1", (None, None)),
        ("a b", (None, None)),
        ("a\r\nx: y", (None, None)),
        ("a\x00", (None, None)),
        ("a:80\n", (None, None)),
        ("http://example.com", (None, None)),
        ("example.com/path", (None, None)),
        ("a" * 255, ("a" * 255, None)),
        ("a" * 256, (None, None)),
        (":80", (None, None)),
        ("", (None, None)),
        (None, (None, None)),
    ],
)
def test_a_host_is_an_address_and_a_port(host, expected):
    """What is a host is split; what is none is nothing."""
    assert expected == host_and_port(host)


@given(
    hosts | st.ip_addresses(v=4).map(str) | st.ip_addresses(v=6).map(lambda address: f"[{address}]"), st.none() | ports
)
def test_a_well_formed_host_is_parsed_as_urllib_does(host, port):
    """``urllib.parse`` is the oracle for hosts that are well-formed."""
    authority = host if port is None else f"{host}:{port}"
    url = urlsplit(f"//{authority}")

    assert host_and_port(authority) == (url.hostname, url.port)
    assert host_and_port(f"user:secret@{authority.upper()}") == (url.hostname, url.port)


@given(texts | st.text(max_size=300))
def test_no_host_makes_parsing_raise(host):
    """Any text is answered; what is shown is short, printable and holds no userinfo."""
    address, port = host_and_port(host)

    assert address is None or (0 < len(address) <= 255 and address.isprintable() and "@" not in address)
    assert port is None or 1 <= port <= 65_535


# --- how long the proxy kept it


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"x-request-start": "1750000000.25"}, 0.25),  # seconds
        ({"x-request-start": "t=1750000000.25"}, 0.25),  # as nginx and New Relic write it
        ({"x-request-start": "1750000000250"}, 0.25),  # milliseconds
        ({"x-request-start": "1750000000250.0"}, 0.25),
        ({"x-request-start": "1750000000250000"}, 0.25),  # microseconds
        ({"x-request-start": "t=1750000000250000000"}, 0.25),  # nanoseconds
        ({"x-queue-start": " t=1750000000.25 "}, 0.25),  # the other name
        ({"x-request-start": "1750000000.25", "x-queue-start": "1749999999"}, 0.25),  # the first counts
        ({"x-request-start": "(null)", "x-queue-start": "1750000000.25"}, 0.25),  # unless it is malformed
        ({"x-request-start": "1750000000.5"}, 0),
        ({"x-request-start": "1750000001"}, None),  # in the future
        ({"x-request-start": "1749996400.5"}, 3600),
        ({"x-request-start": "1749996400"}, None),  # longer than an hour
        ({"x-request-start": "0"}, None),
        ({"x-request-start": "-1"}, None),
        ({"x-request-start": "nan"}, None),
        ({"x-request-start": "1e9"}, None),
        ({"x-request-start": "9" * 400}, None),  # no float
        ({"x-request-start": "t=1750000000.25, t=1750000000"}, None),  # two headers: whose is which
        ({"x-request-start": "\u0661750000000"}, None),
        ({"x-request-start": ""}, None),
        ({}, None),
    ],
)
def test_queue_time_is_read_in_every_dialect(headers, expected):
    """Seconds since the proxy took the request; what is malformed, in the future or absurd is ignored."""
    queued = time_in_queue(Request(headers=headers).header, NOW)

    assert queued == (None if expected is None else pytest.approx(expected, abs=1e-5))


@given(texts)
def test_no_queue_header_makes_reading_raise(value):
    """Any text is answered with seconds between nothing and an hour, or not at all."""
    queued = time_in_queue(Request(headers={"x-request-start": value}).header, NOW)

    assert queued is None or 0 <= queued <= 3600


# --- while building


async def coroutine_function(request):
    return True


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"proxies": "10.0.0.0/8"}, "10.0.0.0/8"),  # its characters are no networks
        ({"proxies": 7}, "7"),
        ({"proxies": ["10.0.0.0/33"]}, "10.0.0.0/33"),
        ({"proxies": ["10.0.0.1/8"]}, "host bits"),  # which of the two is meant?
        ({"proxies": ["*"]}, "\\*"),
        ({"proxies": ["localhost"]}, "localhost"),
        ({"proxies": [None]}, "None"),
        ({"proxies": [0]}, "0"),  # ipaddress reads it as 0.0.0.0
        ({"hops": 0}, "hops"),
        ({"hops": True}, "hops"),
        ({"hops": "1"}, "hops"),
        ({"trace_context": None}, "trace_context"),
        ({"baggage": "no"}, "baggage"),
        ({"caller": "10.0.0.0/8"}, "caller"),
        ({"caller": coroutine_function}, "caller"),  # its answer would be a coroutine, which is true
    ],
)
def test_what_cannot_be_honoured_is_refused(settings, named):
    """A wrong setting is refused while building, with its argument and value."""
    with pytest.raises(ConfigurationError, match=named) as refusal:
        TrustPolicy(**settings)

    assert next(iter(settings)) in str(refusal.value)


def test_all_problems_are_named_at_once():
    """One run shows every problem, not the first."""
    with pytest.raises(ConfigurationError) as refusal:
        TrustPolicy(proxies=["x", "y"], hops=0, trace_context=1, baggage=1, caller=1)

    assert len(refusal.value.problems) == 6


def test_a_policy_can_be_read_back_and_equals_itself():
    """``repr`` is code that builds an equal policy."""
    policy = TrustPolicy(proxies=iter(["10.0.0.0/8", "unix", ip_address("::1")]), hops=2, baggage=False)

    assert policy == eval(repr(policy), {"TrustPolicy": TrustPolicy})  # noqa: S307 (our own repr)


def test_a_policy_cannot_be_changed():
    """What was decided while building holds for the life of the process."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        TrustPolicy().hops = 2
