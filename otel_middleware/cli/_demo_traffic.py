"""The requests of the demo: some that are looked at one by one, and a round of ordinary ones for the metrics."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SCENARIOS", "SECRETS", "Scenario", "drive"]

_ROUNDS = 4

SECRETS = ("tok_9fQ2xL", "rst7Hq0ZpW4nV8cKd2Ys", "4111 1111 1111 1111", "s3cr3t-b3arer", "wh_8Dk2mQ", "csr_Lm51vT")
"""Planted in query, path, exception, header, exception and query again."""


@dataclass(frozen=True)
class Scenario:
    """One request that is looked at.

    Args:
        title: What it shows, for a person.
        service: Which application it is sent to: ``shop`` or ``pricing``.
        target: Method, path and query.
        shows: The attributes that tell it.
        headers: More request headers.
    """

    title: str
    service: str
    target: str
    shows: tuple[str, ...]
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def agent(self) -> str:
        """The ``User-Agent`` by which its span is found again."""
        return f"demo {self.title}"


_ACME, _GLOBEX = {"x-tenant-id": "acme"}, {"x-tenant-id": "globex"}
_FAILURE = ("http.response.status_code", "error.type", "exception.message")

SCENARIOS = (
    Scenario(
        "a token in the query, a tenant in a header",
        "shop",
        "GET /orders/1001?token=tok_9fQ2xL&page=2",
        ("http.route", "tenant.id", "url.query", "server.address"),
        _ACME,
    ),
    Scenario(
        "a secret in the path, one in a header",
        "shop",
        "GET /reset/rst7Hq0ZpW4nV8cKd2Ys",
        ("http.route", "url.path", "http.request.header.authorization"),
        {"authorization": "Bearer s3cr3t-b3arer"},
    ),
    Scenario(
        "an exception that names a card number",
        "shop",
        "POST /orders/1002/pay",
        ("http.route", "tenant.id", *_FAILURE),
        _GLOBEX,
    ),
    Scenario(
        "a streamed response",
        "shop",
        "GET /orders/1001/receipt?csrf_token=csr_Lm51vT",
        ("http.route", "url.query", "otel_middleware.time_to_first_byte", "spans in this trace"),
        _ACME,
    ),
    Scenario(
        "WSGI, no route declared: inferred",
        "pricing",
        "GET /reports/2024",
        ("url.template", "otel_middleware.route.source", "tenant.id"),
        _ACME,
    ),
    Scenario(
        "WSGI, an exception that names a key",
        "pricing",
        "GET /prices/9404",
        ("url.template", "tenant.id", *_FAILURE),
        _GLOBEX,
    ),
    Scenario("WSGI, a health check that is excluded", "pricing", "GET /healthz", ()),
)


def drive(urls: Mapping[str, str]) -> None:
    """Send every request, one after the other.

    Args:
        urls: The base URL of each service.
    """
    with httpx.Client(trust_env=False, headers={"user-agent": "demo"}) as client:
        for number in range(_ROUNDS):
            _ordinary(client, urls, 1001 + number)
        for scenario in SCENARIOS:
            method, _, target = scenario.target.partition(" ")
            headers = {"user-agent": scenario.agent, **scenario.headers}
            client.request(method, urls[scenario.service] + target, headers=headers)


def _ordinary(client: httpx.Client, urls: Mapping[str, str], order: int) -> None:
    shop, pricing = urls["shop"], urls["pricing"]
    for tenant in (_ACME, _GLOBEX):
        client.get(f"{shop}/orders/{order}", headers=tenant)
    client.get(f"{shop}/orders/{order}/receipt", headers=_ACME)
    client.get(f"{pricing}/prices/{order}", headers=_GLOBEX)
    client.get(f"{pricing}/reports/{order + 1000}", headers=_ACME)
    client.get(f"{shop}/.env", headers={"user-agent": "scanner"})
