"""FastAPI and Flask applications of many routes, bare, under their official instrumentors, and under this package."""

from __future__ import annotations

from benchmarks.stacks import LEAN, Telemetry, ours

ROUTES = 200
LAST = f"/resource{ROUTES - 1}/4815"


def fastapi_app(routes=ROUTES, telemetry=None):
    """Return a FastAPI application of so many routes; without *telemetry*, a configuration of FastAPI's own, it emits nothing."""
    from fastapi import FastAPI  # noqa: PLC0415 - optional
    from starlette.responses import JSONResponse  # noqa: PLC0415 - optional

    app = FastAPI(openapi_url=None) if telemetry is None else FastAPI(openapi_url=None, telemetry=telemetry)

    async def answer(item: int):
        return JSONResponse({"id": item, "total": "16.23"})

    for number in range(routes):
        app.add_api_route(f"/resource{number}/{{item}}", answer)
    return app


def flask_app(routes=ROUTES):
    """Return a Flask application of so many routes."""
    from flask import Flask  # noqa: PLC0415 - optional

    app = Flask("benchmark")
    for number in range(routes):
        app.add_url_rule(
            f"/resource{number}/<int:item>", f"resource{number}", lambda item: {"id": item, "total": "16.23"}
        )
    return app


def instrumented_fastapi():
    """Return it under ``FastAPIInstrumentor``, without send and receive spans."""
    from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor  # noqa: PLC0415 - optional

    app = fastapi_app()
    FastAPIInstrumentor.instrument_app(app, **Telemetry().providers, exclude_spans=LEAN)
    return app


def native_fastapi():
    """Return it with FastAPI's own telemetry, one server span a request as the others."""
    return fastapi_app(telemetry={**Telemetry().providers, "operation_spans": False, "logs": False})


def instrumented_flask():
    """Return it under ``FlaskInstrumentor``."""
    from opentelemetry.instrumentation.flask import FlaskInstrumentor  # noqa: PLC0415 - optional

    app = flask_app()
    FlaskInstrumentor().instrument_app(app, **Telemetry().providers)
    return app


def our_fastapi():
    """Return it under this package, which asks the framework for its route."""
    return ours("asgi", fastapi_app(), routes=None)


def our_flask():
    """Return it under this package, which asks the framework for its route."""
    return ours("wsgi", flask_app(), routes=None)
