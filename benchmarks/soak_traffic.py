"""The soak's clients: raw sockets that are kept alive, and requests of all kinds, the same for the same seed."""

from __future__ import annotations

import asyncio
import itertools
import random
import socket
import struct
from collections import Counter

CLIENTS = 16
KINDS = {
    "answered": 60,
    "upload": 3,
    "missing": 9,
    "fails": 6,
    "raises": 4,
    "stream": 7,
    "leaves": 4,
    "hostile": 7,
}
"""Kinds of requests and how often they come, of a hundred."""

STATUS = {"answered": 200, "upload": 200, "missing": 404, "fails": 503, "raises": 500, "stream": 200, "leaves": 200}
"""What must be answered; to a hostile request anything may be."""

_HOSTILE = (
    b"GET /%ff%fe/..%2f..%00?token=%zz&password=hunter2;sig=%2541 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /a//b/;jsessionid=1?" + b"a=1&" * 900 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    b'GET / HTTP/1.1\r\nHost: [::1\r\nX-Forwarded-For: \xff\xfe, , 1.2.3.4.5\r\nForwarded: for="_;by\r\n\r\n',
    b"GET / HTTP/1.1\r\nHost: a:b:c\r\ntraceparent: 00-" + b"f" * 70 + b"\r\ntracestate: " + b"=," * 300 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nbaggage: " + b"k=v;p=%ff," * 300 + b"\r\nx-tenant-id: ' OR 1=1 --\r\n\r\n",
    b"BREW /pot HTTP/1.1\r\nHost: a\r\nUser-Agent: \x80\x81\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nX-Card: 4111 1111 1111 1111\r\nx-jwt: eyJhbGciOi.eyJzdWIiOiIx.c2ln\r\n\r\n",
    b"GET /\xc3\xa9\xff HTTP/1.1\r\nHost: \xe9.example\r\n\r\n",
)  # fmt: skip


def requests(count, seed):
    """Yield *count* requests: kind and bytes; paths and tenants never end, as an attacker's do not."""
    chance = random.Random(seed)
    kinds, weights = list(KINDS), list(KINDS.values())
    for number in range(count):
        kind = chance.choices(kinds, weights)[0]
        yield kind, _bytes_of(kind, chance.getrandbits(40), number)


def _bytes_of(kind, unique, number):
    if kind == "hostile":
        return _HOSTILE[number % len(_HOSTILE)]
    path = {"answered": f"/orders/{unique}/lines", "upload": "/uploads", "leaves": f"/stream/{unique}"}.get(
        kind, f"/{kind}/{unique}"
    )
    tenant = f"tenant-{number % 50}" if number % 5 else f"forged-{unique}"
    head = (
        f"{'POST' if kind == 'upload' else 'GET'} {path}?page=2&token=s3cr3t HTTP/1.1\r\nHost: shop.example\r\n"
        f"User-Agent: soak/1.0\r\nx-tenant-id: {tenant}\r\nAccept: */*\r\n"
        f"traceparent: 00-{unique + 1:032x}-{unique + 1:016x}-01\r\n"
    )
    body = b"u" * 20_000 if kind == "upload" else b""
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def drive(port, count, seed):
    """Send *count* requests from many clients; return how many of each kind were answered as they must be."""
    todo, seen = requests(count, seed), Counter()
    await asyncio.gather(*(_client(port, todo, seen) for _ in range(CLIENTS)))
    return seen


async def _client(port, todo, seen):
    connection = None
    for kind, request in todo:
        for attempt in itertools.count():
            fresh = connection is None
            connection = connection or await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
            try:
                status, stays = await _exchange(connection, kind, request)
            except (OSError, EOFError) as error:
                connection = _closed(connection)
                if fresh or attempt:  # a kept connection may have been closed by the server in the meantime
                    status, stays = repr(error), True
                else:
                    continue
            break
        seen[kind if STATUS.get(kind, status) == status else f"{kind}: {status}"] += 1
        if not stays:
            connection = _closed(connection, abruptly=kind == "leaves")
    _closed(connection)


async def _exchange(connection, kind, request):
    """Send one request and read its answer; return the status, and whether the connection stays."""
    reader, writer = connection
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    status, fields = int(head[9:12]), head.lower()
    if kind == "leaves":
        await reader.readexactly(512)
        return status, False
    if b"\r\ntransfer-encoding: chunked" in fields:
        while (size := int((await reader.readline()).strip() or b"0", 16)) > 0:
            await reader.readexactly(size + 2)
        await reader.readexactly(2)
    elif b"\r\ncontent-length: " in fields:
        await reader.readexactly(int(fields.partition(b"\r\ncontent-length: ")[2].partition(b"\r\n")[0]))
    else:
        await reader.read()
        return status, False
    return status, b"\r\nconnection: close" not in fields


def _closed(connection, *, abruptly=False):
    if connection is not None:
        if abruptly:
            raw = connection[1].get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection[1].close()
