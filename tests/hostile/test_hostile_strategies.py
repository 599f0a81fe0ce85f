"""What holds of the corpus holds of requests that nobody has thought of."""

from __future__ import annotations

from copy import copy

import pytest
from bench import OPTIONS, benches
from hypothesis import HealthCheck, given, settings
from strategies import environs, scopes

_SETTINGS = settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


def problems(protocol, options, carrier):
    return [problem for bench in benches(protocol, options) for problem in bench.problems(lambda: copy(carrier))]


@pytest.mark.parametrize("options", OPTIONS)
@_SETTINGS
@given(scope=scopes())
def test_any_scope_is_served_and_reported(options, scope):
    """ASGI: answered as without us, one valid span, metrics that agree, and no log line."""
    assert problems("asgi", options, scope) == []


@pytest.mark.parametrize("options", OPTIONS)
@_SETTINGS
@given(environ=environs())
def test_any_environ_is_served_and_reported(options, environ):
    """WSGI: answered as without us, one valid span, metrics that agree, and no log line."""
    assert problems("wsgi", options, environ) == []
