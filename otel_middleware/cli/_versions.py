"""Which versions are installed, as a report of a bug wants them."""

from __future__ import annotations

from importlib import metadata

from otel_middleware._version import __version__

__all__ = ["versions"]

_TOLD = (
    "opentelemetry-api",
    "opentelemetry-sdk",
    "opentelemetry-instrumentation-asgi",
    "opentelemetry-instrumentation-wsgi",
)


def versions() -> str:
    """Return ours and those of OpenTelemetry's packages that are installed, a line each."""
    told = {"otel-middleware": __version__, **{name: _installed(name) for name in _TOLD}}
    return "\n".join(f"{name} {version}" for name, version in told.items() if version)


def _installed(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""  # the SDK is an extra
