"""One file a server: the function through which its application goes."""

from otel_middleware.attach.servers import (
    cheroot,
    daphne,
    granian,
    gunicorn,
    hypercorn,
    uvicorn,
    waitress,
    werkzeug,
    wsgiref,
)

__all__ = ["SEATS"]

SEATS = (
    *cheroot.SEATS,
    *daphne.SEATS,
    *granian.SEATS,
    *gunicorn.SEATS,
    *hypercorn.SEATS,
    *uvicorn.SEATS,
    *waitress.SEATS,
    *werkzeug.SEATS,
    *wsgiref.SEATS,
)
