"""Channels chooses an application by protocol, and by path where that is a websocket's."""

from __future__ import annotations

from asgi_contract import Row, each, installed, seen

conf, urls = installed("django.conf", "django.urls")
if not conf.settings.configured:
    conf.settings.configure(SECRET_KEY="x")
routing, websocket, applications, starlette, responses = installed(
    "channels.routing",
    "channels.generic.websocket",
    "starlette.applications",
    "starlette.routing",
    "starlette.responses",
)


class Consumer(websocket.AsyncWebsocketConsumer):
    async def connect(self):
        await self.accept()
        await self.close()


class Around:
    """A middleware, as Channels writes them."""

    def __init__(self, inner):
        self.inner = inner

    async def __call__(self, scope, receive, send):
        return await self.inner(dict(scope), receive, send)


async def order(request):
    return responses.PlainTextResponse("x")


def made():
    http = applications.Starlette(
        routes=[
            starlette.Route("/orders/{number}", order),
            starlette.Mount("/nested/{tenant}", routes=[starlette.Route("/orders/{number}", order)]),
        ]
    )
    rooms = routing.URLRouter([urls.re_path(r"^(?P<room>\w+)$", Consumer.as_asgi())])
    return routing.ProtocolTypeRouter(
        {
            "http": http,
            "websocket": Around(
                routing.URLRouter(
                    [urls.path("socket/<int:number>", Consumer.as_asgi()), urls.path("rooms/<kind>/", rooms)]
                )
            ),
        }
    )


ROWS = [
    Row("the application for HTTP", "GET /orders/5", 200, "/orders/{number}"),
    Row("a mount of that", "GET /nested/acme/orders/5", 200, "/nested/{tenant}/orders/{number}"),
    Row("no router matched", "GET /nothing", 404, None),
    Row("the method", "DELETE /orders/5", 405, "/orders/{number}"),
    Row("a consumer", "WS /socket/5", 101, "/socket/<int:number>"),
    Row("routers in routers", "WS /rooms/open/lobby", 101, r"/rooms/<kind>/^(?P<room>\w+)$"),
    Row("no consumer there", "WS /nothing", ValueError, None),
    Row("a root path", "WS /socket/5", 101, "/socket/<int:number>", root_path="/srv"),
]


@each(ROWS)
def test_each_protocol_is_asked_on_its_own(row):
    """The application that served the request names it."""
    assert row.expected == seen(made(), row)
