"""Applications of frameworks that have instrumentors of their own, and one that instruments itself."""

from __future__ import annotations

from bare_apps import asgi_app
from fastapi import FastAPI
from flask import Flask
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from otel_middleware import asgi

fastapi_app = FastAPI()
flask_app = Flask(__name__)
instrumented_app = asgi.instrument(asgi_app, routes=["/orders/{of_the_code}"])


@fastapi_app.get("/orders/{order_id}")
async def order(order_id: str):
    return order_id


@flask_app.get("/orders/<order_id>")
def flask_order(order_id):
    return order_id


async def starlette_order(request):
    return PlainTextResponse(request.path_params["order_id"])


listed_app = Starlette(
    routes=[Route("/orders/{order_id}", starlette_order)],
    middleware=[Middleware(asgi.instrument, routes=["/orders/{of_the_code}"])],
)
