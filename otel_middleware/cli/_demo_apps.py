"""The two applications of the demo. No framework: each routes by regular expressions of its own."""

from __future__ import annotations

import asyncio
import json
import re
import time
from typing import TYPE_CHECKING, Any

import httpx
import requests
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from opentelemetry.trace import TracerProvider

__all__ = ["Pricing", "Shop"]

_PAUSE = 0.004  # seconds between two chunks of a streamed body


class Shop:
    """Orders and their receipts: ASGI.

    Args:
        pricing: Base URL of the other application.
        tracer_provider: For its own spans and those of its HTTP client.
    """

    def __init__(self, pricing: str, tracer_provider: TracerProvider) -> None:
        self._tracer = tracer_provider.get_tracer("demo.shop")
        self._pricing = httpx.AsyncClient(base_url=pricing, trust_env=False)
        HTTPXClientInstrumentor.instrument_client(self._pricing, tracer_provider=tracer_provider)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Route by ``if`` and regular expressions."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        path = scope["path"]
        if path == "/healthz":
            await _answer(send, b"ok")
        elif found := re.fullmatch(r"/orders/(\d+)", path):
            await self._order(send, found[1], dict(scope["headers"]))
        elif found := re.fullmatch(r"/orders/(\d+)/receipt", path):
            await self._receipt(send, found[1])
        elif found := re.fullmatch(r"/stock/(\d+)", path):
            await _answer(send, json.dumps({"sku": found[1], "left": 3}).encode())
        elif re.fullmatch(r"/reset/\w+", path):
            await _answer(send, b"a new password was set")
        elif re.fullmatch(r"/orders/(\d+)/pay", path):
            raise PermissionError("card 4111 1111 1111 1111 declined")
        else:
            await _answer(send, b"no such page", 404)

    async def _order(self, send: Any, order: str, headers: dict[bytes, bytes]) -> None:
        with self._tracer.start_as_current_span("load_order", attributes={"order.id": order}):
            await asyncio.sleep(0.001)  # a database, say
        with self._tracer.start_as_current_span("price_order") as span:
            tenant = headers.get(b"x-tenant-id", b"").decode()
            answer = await self._pricing.get(f"/prices/{order}", headers={"x-tenant-id": tenant})
            span.set_attribute("order.price", answer.json()["price"])
        await _answer(send, json.dumps({"order": order, **answer.json()}).encode())

    async def _receipt(self, send: Any, order: str) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        for line in range(4):
            await send({"type": "http.response.body", "body": f"{order}, line {line}\n".encode(), "more_body": True})
            await asyncio.sleep(_PAUSE)
        await send({"type": "http.response.body", "body": b""})

    async def _live(self, receive: Any, send: Any) -> None:
        while (message := await receive())["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        await self._pricing.aclose()
        await send({"type": f"{message['type']}.complete"})


class Pricing:
    """Prices and reports: WSGI.

    Args:
        shop: Base URL of the other application.
        tracer_provider: For its own spans. Those of ``requests`` come from upstream's instrumentor.
    """

    def __init__(self, shop: str, tracer_provider: TracerProvider) -> None:
        self._tracer = tracer_provider.get_tracer("demo.pricing")
        self._shop = shop

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Route by ``if`` and regular expressions."""
        path = environ["PATH_INFO"]
        if path == "/healthz":
            body: Iterable[bytes] = [b"ok"]
        elif path == "/prices/9404":
            raise LookupError("no price: refused api_key=wh_8Dk2mQ")
        elif found := re.fullmatch(r"/prices/(\d+)", path):
            body = [json.dumps(self._price(found[1], environ.get("HTTP_X_TENANT_ID", ""))).encode()]
        elif found := re.fullmatch(r"/reports/(\d{4})", path):
            body = self._report(found[1])
        else:
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b"no such page"]
        start_response("200 OK", [("Content-Type", "text/plain")])
        return body

    def _price(self, sku: str, tenant: str) -> dict[str, Any]:
        with (
            self._tracer.start_as_current_span("look_up_price", attributes={"sku": sku}),
            requests.Session() as session,
        ):
            session.trust_env = False
            stock = session.get(f"{self._shop}/stock/{sku}", headers={"x-tenant-id": tenant}, timeout=5).json()
            return {"price": 12.5, "left": stock["left"]}

    def _report(self, year: str) -> Iterator[bytes]:
        for quarter in range(1, 5):
            yield f"{year} Q{quarter}: {quarter * 1000}\n".encode()
            time.sleep(_PAUSE)


async def _answer(send: Any, body: bytes, status: int = 200) -> None:
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
