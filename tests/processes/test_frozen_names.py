"""Names that were learned by one process are, once frozen in a file, those of every worker, from its first request on."""

from __future__ import annotations

import os
import sys
from collections import Counter

import pytest
from otlp_stub import Collector, plain
from server_process import HERE, NEVER, listening, on, serving

from otel_middleware import InferredRoutes

PATHS = {f"/shops/berlin/orders/{number}": 200 for number in range(5_000, 5_040)}
OTHERS = {f"/shops/berlin/customers/{number}/notes": 200 for number in range(700, 740)}


@pytest.fixture
def frozen(tmp_path):
    """The file that a learner has exported after some traffic."""
    learned = InferredRoutes()
    for path, status in (PATHS | OTHERS).items():
        learned.learn(path, status)
    path = tmp_path / "routes.txt"
    path.write_text(learned.export(), encoding="utf-8")
    return path


def test_all_workers_name_alike(frozen, tmp_path):
    """Two workers that have seen nothing yet give an order and a note their one learned name each, as a known route."""
    pytest.importorskip("gunicorn")
    with Collector() as collector:
        listener = listening()
        environment = {
            **collector.environment,
            "FROZEN": str(frozen),
            "OTEL_BSP_SCHEDULE_DELAY": NEVER,
            "PYTHONPATH": os.pathsep.join([str(HERE), *sys.path]),
        }
        command = on(listener, ["gunicorn", "--workers", "2", "frozen_app:app"])
        with serving(command, tmp_path, listener, **environment) as server:
            served, number = Counter(), 0
            while len(served) < 4 or min(served.values()) < 2:
                number += 1
                kind = "orders" if number % 2 else "notes"
                path = f"/shops/berlin/orders/{number}" if number % 2 else f"/shops/berlin/customers/{number}/notes"
                served[server.get(path)[1], kind] += 1
            server.stop()

    names = {}
    for resource, span in collector.spans:
        attributes = plain(span.attributes)
        kind = "orders" if "/orders/" in attributes["url.path"] else "notes"
        named = names.setdefault(resource["service.instance.id"], {}).setdefault(kind, set())
        named.add((span.name, attributes["http.route"], attributes["otel_middleware.route.source"]))
    first, second = names.values()
    assert first == second
    assert {kind: len(named) for kind, named in first.items()} == {"orders": 1, "notes": 1}
    assert all(source == "declared" for named in first.values() for _, _, source in named)
    assert len(collector.spans) == number
