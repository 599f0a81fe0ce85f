"""Server, client and peer in every combination, in both protocols and all three modes of semantic conventions."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import NamedTuple

import pytest
from harness import Described

from otel_middleware import TrustPolicy

MODE = os.environ.get("OTEL_SEMCONV_STABILITY_OPT_IN", "http")
OLD, NEW = MODE != "http", MODE in ("http", "http/dup")
PEER = ("192.0.2.7", 50312)
BOUND = ("127.0.0.1", 8000)
PROXIED = TrustPolicy(proxies=["192.0.2.0/24", "unix"])
TWO_HOPS = TrustPolicy(proxies=["192.0.2.0/24"], hops=2)
NOBODY = TrustPolicy()


class Expected(NamedTuple):
    """What is to be reported; ``None`` stands for no attribute."""

    server: tuple = ("shop.example", 8080)
    authority: str | None = "shop.example:8080"
    scheme: str = "http"
    client: tuple = PEER
    peer: tuple = PEER


def carrier_of(protocol, host="shop.example:8080", headers=(), scheme="http", peer=PEER, bound=BOUND, target=None):
    """A request with these; ``None`` for what the server does not tell."""
    carrier = protocol.request(path="/x", headers=headers)
    if protocol.name == "asgi":
        lines = [line for line in carrier["headers"] if line[0] != b"host"]
        carrier["headers"] = lines if host is None else [(b"host", host.encode("latin-1")), *lines]
        carrier |= {"scheme": scheme, "client": peer, "server": bound}
        if target is not None:
            carrier["path"] = target
        return carrier
    carrier["wsgi.url_scheme"] = scheme
    carrier["REMOTE_ADDR"], carrier["REMOTE_PORT"] = ("", None) if peer is None else (peer[0], str(peer[1]))
    carrier["SERVER_NAME"], carrier["SERVER_PORT"] = (bound[0], "" if bound[1] is None else str(bound[1]))
    carrier["HTTP_HOST"] = host
    if host is None:
        del carrier["HTTP_HOST"]
    if target is not None:
        carrier["REQUEST_URI"] = target
    return carrier


def attributes(expected):
    """The attributes that the mode of this process reports."""
    (address, port), (client, client_port), (peer, peer_port) = expected.server, expected.client, expected.peer
    shown = {"network.peer.address": peer, "network.peer.port": peer_port}
    if NEW:
        shown |= {"server.address": address, "server.port": port, "url.scheme": expected.scheme}
        shown |= {"client.address": client, "client.port": client_port, "url.path": "/x"}
    if OLD:
        shown |= {"http.scheme": expected.scheme, "http.host": expected.authority}
        shown |= {"net.host.name": address, "net.host.port": port}
        shown |= {"net.peer.ip": peer, "net.peer.port": peer_port}
        shown |= {"http.client_ip": client if client != peer else None, "http.target": "/x"}
    return shown


def forwarded(**headers):
    return {"headers": [(f"x-forwarded-{name}", value) for name, value in headers.items()]}


def standard(value, **more):
    return {"headers": [("forwarded", value)], **more}


CLIENT = ("203.0.113.9", None)
UNIX = {"peer": None, "bound": ("/run/app.sock", None)}
CASES = {
    # Host
    "host with port": (NOBODY, {}, Expected()),
    "host": (NOBODY, {"host": "shop.example"}, Expected(("shop.example", 80), "shop.example")),
    "host of https": (
        NOBODY,
        {"host": "shop.example", "scheme": "https"},
        Expected(("shop.example", 443), "shop.example", "https"),
    ),
    "default port, written": (NOBODY, {"host": "shop.example:80"}, Expected(("shop.example", 80), "shop.example")),
    "the other scheme's port": (
        NOBODY,
        {"host": "shop.example:80", "scheme": "https"},
        Expected(("shop.example", 80), "shop.example:80", "https"),
    ),
    "upper case": (NOBODY, {"host": "SHOP.Example:81"}, Expected(("shop.example", 81), "shop.example:81")),
    "empty port": (NOBODY, {"host": "shop.example:"}, Expected(("shop.example", 80), "shop.example")),
    "ipv4": (NOBODY, {"host": "198.51.100.1:81"}, Expected(("198.51.100.1", 81), "198.51.100.1:81")),
    "ipv6 with port": (NOBODY, {"host": "[2001:db8::1]:8443"}, Expected(("2001:db8::1", 8443), "[2001:db8::1]:8443")),
    "ipv6": (NOBODY, {"host": "[2001:db8::1]"}, Expected(("2001:db8::1", 80), "[2001:db8::1]")),
    "userinfo": (NOBODY, {"host": "user:secret@shop.example:81"}, Expected(("shop.example", 81), "shop.example:81")),
    # without a usable one: where the server is bound
    "no host": (NOBODY, {"host": None}, Expected(BOUND, "127.0.0.1:8000")),
    "empty host": (NOBODY, {"host": ""}, Expected(BOUND, "127.0.0.1:8000")),
    "garbage": (NOBODY, {"host": "<a b>"}, Expected(BOUND, "127.0.0.1:8000")),
    "open bracket": (NOBODY, {"host": "[x"}, Expected(BOUND, "127.0.0.1:8000")),
    "no host, ipv6": (NOBODY, {"host": None, "bound": ("::1", 8000)}, Expected(("::1", 8000), "[::1]:8000")),
    # a target in absolute form stands in place of Host (RFC 9112 section 3.2.2)
    "absolute": (NOBODY, {"target": "http://other.example:81/x"}, Expected(("other.example", 81), "other.example:81")),
    "absolute, no port": (
        NOBODY,
        {"target": "HTTP://other.example/x"},
        Expected(("other.example", 80), "other.example"),
    ),
    "absolute, userinfo": (
        NOBODY,
        {"target": "http://u:p@other.example/x"},
        Expected(("other.example", 80), "other.example"),
    ),
    "absolute, garbage": (NOBODY, {"target": "http://[x/x"}, Expected(BOUND, "127.0.0.1:8000")),
    # Unix sockets
    "unix": (NOBODY, UNIX, Expected(client=(None, None), peer=(None, None))),
    "unix, no host": (
        NOBODY,
        {**UNIX, "host": None},
        Expected((None, None), None, client=(None, None), peer=(None, None)),
    ),
    "unix, forwarded": (
        PROXIED,
        {**UNIX, **forwarded(**{"for": "203.0.113.9", "proto": "https"})},
        Expected(scheme="https", client=CLIENT, peer=(None, None)),
    ),
    "unix, not listed": (
        TWO_HOPS,
        {**UNIX, **forwarded(**{"for": "203.0.113.9"})},
        Expected(client=(None, None), peer=(None, None)),
    ),
    # X-Forwarded-*
    "for": (PROXIED, forwarded(**{"for": "6.6.6.6, 203.0.113.9"}), Expected(client=CLIENT)),
    "for, ipv6 with port": (PROXIED, forwarded(**{"for": "[2001:db8::9]:77"}), Expected(client=("2001:db8::9", 77))),
    "for, garbage": (PROXIED, forwarded(**{"for": "203.0.113.9, unknown"}), Expected()),
    "for, two hops": (TWO_HOPS, forwarded(**{"for": "6.6.6.6, 203.0.113.9, 10.0.0.7"}), Expected(client=CLIENT)),
    "for, chain too short": (TWO_HOPS, forwarded(**{"for": "6.6.6.6"}), Expected()),
    "proto": (PROXIED, forwarded(proto="https"), Expected(scheme="https")),
    "proto, host without port": (
        PROXIED,
        {"host": "shop.example", **forwarded(proto="https")},
        Expected(("shop.example", 443), "shop.example", "https"),
    ),
    "proto, garbage": (PROXIED, forwarded(proto="gopher"), Expected()),
    "host, forwarded": (PROXIED, forwarded(host="front.example"), Expected(("front.example", 80), "front.example")),
    "host and proto": (
        PROXIED,
        forwarded(host="front.example", proto="https"),
        Expected(("front.example", 443), "front.example", "https"),
    ),
    "host with port and proto": (
        PROXIED,
        forwarded(host="front.example:444", proto="https"),
        Expected(("front.example", 444), "front.example:444", "https"),
    ),
    "host, proto and port": (
        PROXIED,
        forwarded(host="front.example", proto="https", port="444"),
        Expected(("front.example", 444), "front.example:444", "https"),
    ),
    "host, ipv6": (PROXIED, forwarded(host="[2001:db8::2]:81"), Expected(("2001:db8::2", 81), "[2001:db8::2]:81")),
    "host, garbage": (PROXIED, forwarded(host="<a>", proto="https"), Expected(scheme="https")),
    "port": (PROXIED, forwarded(port="444"), Expected(("shop.example", 444), "shop.example:444")),
    "port and proto": (
        PROXIED,
        forwarded(port="443", proto="https"),
        Expected(("shop.example", 443), "shop.example", "https"),
    ),
    "everything": (
        PROXIED,
        forwarded(**{"for": "203.0.113.9", "host": "front.example", "proto": "https", "port": "8443"}),
        Expected(("front.example", 8443), "front.example:8443", "https", CLIENT),
    ),
    "everything, from a stranger": (
        TrustPolicy(proxies=["10.0.0.0/8"]),
        forwarded(**{"for": "203.0.113.9", "host": "front.example", "proto": "https", "port": "8443"}),
        Expected(),
    ),
    # Forwarded
    "forwarded": (
        PROXIED,
        standard('for="203.0.113.9:77";proto=https;host=front.example'),
        Expected(("front.example", 443), "front.example", "https", ("203.0.113.9", 77)),
    ),
    "forwarded, obfuscated": (PROXIED, standard("for=_hidden;proto=https"), Expected(scheme="https")),
    "forwarded, malformed": (PROXIED, standard('for="203.0.113.9'), Expected()),
    "forwarded, no host": (
        PROXIED,
        standard("for=203.0.113.9;host=front.example", host=None),
        Expected(("front.example", 80), "front.example", client=CLIENT),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_every_combination(protocol, telemetry, case):
    """Each attribute is what semantic conventions ask for or is not there; the metric's scheme is the span's."""
    trust, request, expected = CASES[case]
    app = protocol.module.instrument(protocol.build(Described()), trust=trust, **telemetry.providers)
    answer = protocol.call(app, carrier_of(protocol, **request))

    span = telemetry.request()
    wanted = attributes(expected)
    assert (answer.status, answer.error) == (200, None)
    assert wanted == {key: span.attributes.get(key) for key in wanted}
    assert "secret" not in span.to_json()
    assert None not in span.attributes.values()
    for metric, scheme in (("http.server.duration", "http.scheme"), ("http.server.request.duration", "url.scheme")):
        for point in telemetry.points(metric):
            assert point.attributes[scheme] == expected.scheme == span.attributes[scheme]


@pytest.mark.parametrize(
    ("scheme", "proto", "expected"),
    [("ws", "https", "wss"), ("ws", "http", "ws"), ("ws", "wss", "wss"), ("wss", "http", "ws"), ("ws", None, "ws")],
)
def test_a_websockets_scheme_stays_one(telemetry, scheme, proto, expected):
    """A proxy says http or https of the upgrade; the scheme of the URL is ws or wss, with its own default port."""
    from harness import Asgi  # noqa: PLC0415

    async def app(scope, receive, send):
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": 1000})

    app = Asgi.module.instrument(app, trust=PROXIED, **telemetry.providers)
    headers = [] if proto is None else [("x-forwarded-proto", proto)]
    carrier = carrier_of(Asgi(), "shop.example", headers, scheme) | {"type": "websocket"}
    del carrier["method"]
    assert Asgi().call(app, carrier).error is None

    shown = telemetry.request().attributes
    assert shown["url.scheme" if NEW else "http.scheme"] == expected
    assert shown["server.port" if NEW else "net.host.port"] == (443 if expected == "wss" else 80)


def test_a_peers_name_is_kept_where_upstream_reports_it(telemetry):
    """WSGI's REMOTE_HOST is ``net.peer.name`` in old mode; ``client.address`` stays the address."""
    from harness import Wsgi  # noqa: PLC0415

    app = Wsgi.module.instrument(Wsgi().build(Described()), **telemetry.providers)
    Wsgi().get(app, "/", REMOTE_HOST="client.example")

    shown = telemetry.request().attributes
    assert shown.get("net.peer.name") == ("client.example" if OLD else None)
    assert shown.get("client.address") == ("192.0.2.7" if NEW else None)


def test_forged_hosts_and_ports_are_few_series(protocol, telemetry):
    """Hosts, ports and versions that clients choose are bounded on old metrics and absent from new ones."""
    app = protocol.module.instrument(protocol.build(Described()), **telemetry.providers)
    for number in range(1, 400):
        carrier = carrier_of(protocol, f"shop.example:{number}")
        key, version = {"asgi": ("http_version", "1."), "wsgi": ("SERVER_PROTOCOL", "HTTP/1.")}[protocol.name]
        carrier[key] = f"{version}{number}"
        assert protocol.call(app, carrier).error is None

    for name in ("http.server.duration", "http.server.request.duration"):
        points = telemetry.points(name)
        assert len(points) <= 102
        assert sum(point.count for point in points) == (399 if points else 0)


@pytest.mark.skipif(MODE != "http", reason="runs the others")
@pytest.mark.parametrize("mode", ["http/dup", "default"])
def test_other_modes(mode):
    """All of the above holds in the other modes too; the mode is read once per process, so each has its own."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        __file__,
        "-q",
        "-p",
        "no:randomly",
        "-p",
        "no:cacheprovider",
        "--no-header",
    ]
    environment = os.environ | {"OTEL_SEMCONV_STABILITY_OPT_IN": mode}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout[-4_000:]
