"""What the policies cost, in microseconds per call: ``python -m benchmarks.policies``."""

from __future__ import annotations

import timeit

from otel_middleware._host import host_and_port
from otel_middleware._queue_time import time_in_queue
from otel_middleware.exclusion import Exclusion
from otel_middleware.request import Request, Response
from otel_middleware.status import ErrorStatuses
from otel_middleware.tenancy import TenantFromClaim, TenantFromHeader, TenantFromHost, TenantFromPath, Tenants, first_of
from otel_middleware.trust import TrustPolicy

CIDRS = [f"10.{number}.0.0/16" for number in range(7)] + ["192.168.0.0/16", "fd00::/8", "172.16.0.0/12"]
CLAIMS = "eyJvcmdfaWQiOiJhY21lIiwic3ViIjoiNzMxIiwiZXhwIjoxNzUwMDAwMDAwfQ"  # {"org_id": "acme", "sub": ..., "exp": ...}
REQUEST = Request(
    path="/t/acme/orders/731",
    host="acme.example.com:8443",
    headers={
        "host": "acme.example.com:8443",
        "authorization": f"Bearer eyJhbGciOiJIUzI1NiJ9.{CLAIMS}.c2ln",
        "x-tenant-id": "acme",
        "x-forwarded-for": "203.0.113.7, 198.51.100.2",
        "x-forwarded-proto": "https",
        "x-forwarded-host": "acme.example.com",
        "x-request-start": "t=1750000000.25",
        **{f"x-{number}": "value" for number in range(11)},
    },
)
STANDARD = Request(headers={"forwarded": 'for=203.0.113.7, for="[2001:db8::1]:4711";proto=https;host=acme.example.com'})
RESPONSE = Response(REQUEST, status=404)


def cases():
    """Yield a name, a callable and how much it may cost, in microseconds."""
    header = Tenants(TenantFromHeader("x-tenant-id"))
    trust = TrustPolicy(proxies=CIDRS)
    exclusion = Exclusion.of("healthz,^/metrics$,favicon")
    url_exclusion = Exclusion.of("://internal")
    yield "tenant from a header", lambda: header.of(REQUEST), 2.0
    yield "  on metrics", lambda: header.on_metrics_value("acme"), None
    many = Tenants(TenantFromHeader("x-tenant-id"), max_on_metrics=0)
    yield "  on metrics, beyond the bound", lambda: many.on_metrics_value("acme"), None
    for name, tenants in other_tenants():
        yield name, lambda tenants=tenants: tenants.of(REQUEST), None
    yield "trust: is the peer one of ten networks", lambda: trust.proxied("172.17.0.9"), 2.0
    yield "trust: the same, a stranger", lambda: trust.proxied("203.0.113.7"), 2.0
    yield "trust: whom to believe", lambda: trust.believes(REQUEST), None
    yield "trust: X-Forwarded-For, -Proto, -Host", lambda: trust.forwarded(REQUEST.header), None
    yield "trust: Forwarded", lambda: trust.forwarded(STANDARD.header), None
    yield "host and port", lambda: host_and_port("acme.example.com:8443"), None
    yield "queue time", lambda: time_in_queue(REQUEST.header, 1_750_000_000.5), None
    yield "exclusion, three patterns", lambda: exclusion.path("/t/acme/orders/731"), 0.3
    yield "exclusion, a pattern over the URL", lambda: url_exclusion.request(REQUEST), None
    errors = ErrorStatuses(errors=["400-499"])
    yield "error statuses", lambda: errors(RESPONSE), None


def other_tenants():
    """Yield a name and the tenants of each other policy."""
    yield "tenant from a header, hashed", Tenants(TenantFromHeader("x-tenant-id"), hashed_with="key")
    yield "tenant from the host", Tenants(TenantFromHost("example.com"))
    yield "tenant from the path", Tenants(TenantFromPath("/t/{tenant}/..."))
    yield "tenant from a claim", Tenants(TenantFromClaim("org_id"))
    yield (
        "tenant from the second of two",
        Tenants(first_of(TenantFromHeader("x-none"), TenantFromHeader("x-tenant-id"))),
    )


def microseconds(function, calls=20_000, repeats=7):
    """Return the best mean of several runs."""
    return min(timeit.repeat(function, number=calls, repeat=repeats)) / calls * 1e6


def main():
    """Print one line a policy; the cost includes the call of a lambda, which the first line shows."""
    print(f"{'(an empty call)':<42}{microseconds(lambda: None):>8.2f} us")
    for name, function, most in cases():
        goal = f"   at most {most}" if most else ""
        print(f"{name:<42}{microseconds(function):>8.2f} us{goal}")


if __name__ == "__main__":
    main()
