"""waitress: ``waitress-serve``, ``waitress.serve`` and ``waitress.create_server``.

Inside of waitress's own proxy headers, so that what it was told to believe stays believed.
"""

from __future__ import annotations

from otel_middleware.attach._seat import Seat, argument

__all__ = ["SEATS"]

SEATS = (Seat("waitress.server", "BaseWSGIServer.__init__", argument("wsgi", 0, "application")),)
