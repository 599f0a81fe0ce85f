"""However many requests come, and whatever they ask for, the names of spans are a bounded set: through the whole stack."""

import asyncio
import random
from collections import Counter

from opentelemetry.sdk.trace import SpanProcessor, TracerProvider

REQUESTS = 100_000
MOUNTS = {"/shop": "orders", "/admin": "users"}
SHAPES = ("", "/search", "/{id}", "/{id}/lines", "/{id}/lines/{line}")
TEMPLATES = {
    mount: [f"/{word}{number}{shape}" for number in range(100) for shape in SHAPES] for mount, word in MOUNTS.items()
}
METHODS = ("GET", "GET", "GET", "POST", "OPTIONS", "HEAD", "PROPFIND", "GEEET")
SCANNED = (
    "wp-admin",
    ".env",
    "phpmyadmin",
    "things7",
    "things",
    "search",
    "lines",
    "cgi-bin",
    "..",
    "%2e%2e",
    "shell.php",
)


class Names(SpanProcessor):
    """Counts names and templates, and keeps nothing else."""

    def __init__(self):
        self.names, self.templates = Counter(), Counter()

    def on_end(self, span):
        self.names[span.name] += 1
        self.templates[span.attributes.get("http.route"), span.attributes.get("url.template")] += 1


def is_served(path):
    """Whether the applications know *path*."""
    first, *rest = path.split("/")[1:]
    return first.rstrip("0123456789") in MOUNTS.values() and len(rest) <= 3 and rest[1:2] in ([], ["lines"])


async def asgi_app(scope, receive, send):
    status = 200 if is_served(scope["path"].removeprefix(scope["root_path"])) else 404
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def wsgi_app(environ, start_response):
    start_response("200 OK" if is_served(environ["PATH_INFO"]) else "404 Not Found", [])
    return [b""]


def requests(chance):
    """A mount, a method and a path each: a user's with identifiers of its own, or a scanner's."""
    for _ in range(REQUESTS):
        mount = chance.choice([*MOUNTS])
        if chance.random() < 0.6:
            template = chance.choice(TEMPLATES[mount])
            yield (
                mount,
                "GET",
                template.replace("{id}", f"{chance.getrandbits(40):x}").replace("{line}", str(chance.random())),
            )
        else:
            words = [chance.choice((*SCANNED, f"{chance.getrandbits(60):x}")) for _ in range(chance.randrange(1, 5))]
            yield mount, chance.choice(METHODS), "/" + "/".join(words)


async def serve_asgi(protocol, apps, wanted):
    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        pass

    for mount, method, path in wanted:
        await apps[mount](protocol.request(method, path, root_path=mount), receive, send)


def serve_wsgi(protocol, apps, wanted):
    def start_response(status, headers, exc_info=None):
        return None

    for mount, method, path in wanted:
        body = apps[mount](protocol.request(method, path, root_path=mount), start_response)
        for _ in body:
            pass
        getattr(body, "close", list)()


def test_two_mounted_apps_a_thousand_routes_and_a_scanner_give_a_bounded_set_of_names(protocol):
    """After 100,000 requests: the declared routes, the few methods alone, and nothing else."""
    heard, provider = Names(), TracerProvider()
    provider.add_span_processor(heard)
    app = asgi_app if protocol.name == "asgi" else wsgi_app
    apps = {
        mount: protocol.module.instrument(app, routes=templates, tracer_provider=provider)
        for mount, templates in TEMPLATES.items()
    }
    wanted = requests(random.Random(7))  # noqa: S311 - the same requests each time

    if protocol.name == "asgi":
        asyncio.run(serve_asgi(protocol, apps, wanted))
    else:
        serve_wsgi(protocol, apps, wanted)

    declared = {template for templates in TEMPLATES.values() for template in templates}
    assert heard.names.total() == REQUESTS
    assert set(heard.templates) == {(route, None) for route in declared} | {(None, None)}
    assert {name.partition(" ")[2] for name in heard.names} <= declared | {""}
    assert {name for name in heard.names if " " not in name} == {"GET", "POST", "OPTIONS", "HEAD", "HTTP"}
