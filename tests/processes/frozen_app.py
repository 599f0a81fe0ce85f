"""What two workers serve whose names were frozen: the reviewed file's path is in the environment."""

from __future__ import annotations

import os

from otel_middleware import RouteTable
from otel_middleware.sdk import init_telemetry
from otel_middleware.wsgi import instrument

init_telemetry(service_name="frozen")


def _app(environ, start_response):
    start_response("200 OK", [])
    return [str(os.getpid()).encode()]


app = instrument(_app, routes=RouteTable.from_file(os.environ["FROZEN"], infer=False))
