"""Raw Werkzeug, an application object that keeps its ``Map`` as ``url_map``: nothing is told; that map is asked."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from otel_middleware.frameworks._environ import mounted_at
from otel_middleware.frameworks._finding import is_a
from otel_middleware.frameworks._framework import Asked, Framework

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["FRAMEWORK", "rule_of", "rules_of"]


def rule_of(adapter: Any) -> str | None:
    """The rule that a bound map matches, for example ``/orders/<int:id>``; ``None`` for a 404, a 405 or a redirect."""
    try:
        rule, _ = adapter.match(return_rule=True)
    except Exception as refusal:
        if is_a(refusal, "werkzeug.HTTPException"):  # the router's answer, not a failure
            return None
        raise
    return str(rule.rule)


def rules_of(app: Any) -> Iterator[str]:
    """All rules of the map that *app* keeps as ``url_map``."""
    yield from (str(rule.rule) for rule in app.url_map.iter_rules())


def _recognises(app: Any) -> bool:
    with suppress(Exception):  # a property or proxy of someone else's may raise anything
        return is_a(app.url_map, "werkzeug.Map")
    return False


def _route_of(app: Any, environ: Mapping[str, Any], asked: Asked, body: Any) -> str | None:
    if body is not None:
        return None
    rule = rule_of(app.url_map.bind_to_environ(environ))
    return None if rule is None else mounted_at(environ, asked) + rule


FRAMEWORK = Framework("Werkzeug", _recognises, _route_of)
