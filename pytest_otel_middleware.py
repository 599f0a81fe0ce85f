"""The pytest plugin: the fixture ``telemetry``.

It stands outside of the package on purpose. pytest imports the plugins of everything that is installed whenever it starts;
this one costs nothing until a test asks for the fixture, and the package is first imported where coverage is already measured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otel_middleware.testing import Telemetry

__all__ = ["telemetry"]


@pytest.fixture(name="telemetry")
def telemetry() -> Iterator[Telemetry]:
    """Spans and metrics of one test: an ``otel_middleware.testing.Telemetry``."""
    from otel_middleware.testing import Telemetry  # noqa: PLC0415 - see above

    try:
        kit = Telemetry()
    except ModuleNotFoundError as error:
        pytest.fail(f"the fixture telemetry needs the SDK ({error}): pip install 'otel-middleware[sdk]'", pytrace=False)
    yield kit
    kit.tracer_provider.shutdown()
    kit.meter_provider.shutdown()
