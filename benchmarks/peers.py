"""Peers, in the same run: what they add to a bare application in the request's thread, and what each does not do.

Not equal work: read the last column. Each runs in a process of its own, with the interpreter of a virtual environment of its
own, ``.venv-peers/NAME`` (``python -m benchmarks.peers --install`` makes them), since their pins exclude each other; a peer that
is not installed is skipped with a line.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

from benchmarks import clock, groups, tables, traffic

ROOT = Path(__file__).resolve().parents[1]
HOME = Path(os.environ.get("BENCHMARK_PEERS", ROOT / ".venv-peers"))


def ddtrace(protocol):
    """Datadog's tracer; finished traces are dropped instead of written."""
    os.environ |= {"DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false", "DD_REMOTE_CONFIGURATION_ENABLED": "false"}
    from ddtrace.trace import TraceFilter, tracer  # noqa: PLC0415 - a peer's environment

    class Dropping(TraceFilter):
        def process_trace(self, trace):  # noqa: ARG002 - the interface's
            return None

    tracer.configure(trace_processors=[Dropping()])
    if protocol == "asgi":
        from ddtrace.contrib.asgi import TraceMiddleware  # noqa: PLC0415

        return TraceMiddleware(traffic.asgi_app)
    from ddtrace.contrib.wsgi import DDWSGIMiddleware  # noqa: PLC0415

    return DDWSGIMiddleware(traffic.wsgi_app)


def sentry(protocol):
    """Sentry's SDK, every request traced; envelopes are dropped by a transport of ours."""
    import sentry_sdk  # noqa: PLC0415

    class Dropping(sentry_sdk.transport.Transport):
        def capture_envelope(self, envelope):
            """Drop *envelope*."""

    sentry_sdk.init(
        dsn="http://key@localhost/1", traces_sample_rate=1.0, transport=Dropping, auto_enabling_integrations=False
    )
    if protocol == "asgi":
        from sentry_sdk.integrations.asgi import SentryAsgiMiddleware  # noqa: PLC0415

        return SentryAsgiMiddleware(traffic.asgi_app)
    from sentry_sdk.integrations.wsgi import SentryWsgiMiddleware  # noqa: PLC0415

    return SentryWsgiMiddleware(traffic.wsgi_app)


def elastic(protocol):
    """Elastic's agent, nothing sent; it has no WSGI middleware."""
    from elasticapm.contrib.asgi import ASGITracingMiddleware  # noqa: PLC0415

    os.environ |= {"ELASTIC_APM_DISABLE_SEND": "true", "ELASTIC_APM_CENTRAL_CONFIG": "false"}
    return ASGITracingMiddleware(traffic.asgi_app) if protocol == "asgi" else None


def logfire(protocol):
    """Pydantic's logfire around upstream, nothing sent."""
    import logfire as sdk  # noqa: PLC0415

    sdk.configure(send_to_logfire=False, console=False, inspect_arguments=False)
    instrument = getattr(sdk, f"instrument_{protocol}")
    return instrument(getattr(traffic, f"{protocol}_app"))


def starlette(protocol):
    """Starlette's own middleware around a bare application."""
    if protocol == "wsgi":
        return None
    from starlette.middleware.opentelemetry import OpenTelemetryMiddleware  # noqa: PLC0415

    from benchmarks.stacks import Telemetry  # noqa: PLC0415

    return OpenTelemetryMiddleware(traffic.asgi_app, **Telemetry().providers)


PEERS = {
    "starlette": (
        starlette,
        "starlette",
        "only behind Starlette's router has it routes; no tenant, no redaction by looks",
    ),
    "elastic-apm": (
        elastic,
        "elastic-apm",
        "its own protocol; no OpenTelemetry spans or metrics; sent by a thread, not counted",
    ),
    "ddtrace": (
        ddtrace,
        "ddtrace",
        "its own protocol; no routes or metrics for bare applications; writing not counted",
    ),
    "logfire": (logfire, "logfire[asgi,wsgi]", "wraps upstream: its names, routes and redaction of URLs"),
    "sentry-sdk": (
        sentry,
        "sentry-sdk",
        "its own protocol; no metrics; name is the URL; serializing inline is counted",
    ),
}
"""By name: how it is built, what is installed, and what it does not do."""


def report(*, quick=False):
    """Return the Markdown: every peer's added microseconds, this package and upstream measured by the same code."""
    amount = {"rounds": 7, "requests": 40} if quick else {"rounds": 31, "requests": 100}
    rows, skipped = [], []
    for name in ("upstream, lean", "otel_middleware, everything on", *PEERS):
        figures = {protocol: _measured(name, protocol, amount) for protocol in ("asgi", "wsgi")}
        if not any(figures.values()):
            skipped.append(f"Skipped: {name} is not installed or failed (`python -m benchmarks.peers --install`).")
            continue
        shown = [f"{figures[protocol]:.0f}" if figures[protocol] else "-" for protocol in figures]
        rows.append([name, *shown, PEERS[name][2] if name in PEERS else ""])
    head = ["added us a request", "ASGI", "WSGI", "what it does not do"]
    return "\n\n".join([tables.table(head, rows), *skipped])


def _measured(name, protocol, amount):
    own = HOME / name / "bin" / "python"
    interpreter = str(own) if own.exists() else sys.executable
    command = [interpreter, "-m", "benchmarks.peers", name, protocol, json.dumps(amount)]
    environment = {**os.environ, "OTEL_SEMCONV_STABILITY_OPT_IN": "http"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None


def measure(name, protocol, amount):
    """Print the added microseconds of one peer, ``null`` where it has nothing for *protocol*."""
    app = build(name, protocol)
    if app is None:
        print("null")
        return
    drive = getattr(traffic, f"drive_{protocol}")()
    group = groups.Group(lambda: getattr(traffic, f"{protocol}_app"), drive, {name: lambda: app})
    print(json.dumps(clock.added_microseconds(group, **json.loads(amount))[name]), flush=True)
    os._exit(0)  # some peers wait for their threads


def build(name, protocol):
    """Return the bare application under the named peer."""
    if name in PEERS:
        return PEERS[name][0](protocol)
    from benchmarks import stacks  # noqa: PLC0415 - a peer's environment has no SDK

    app = getattr(traffic, f"{protocol}_app")
    lean = {"exclude_spans": stacks.LEAN} if protocol == "asgi" else {}
    return stacks.upstream(protocol, app, **lean) if name.startswith("upstream") else stacks.ours(protocol, app)


def install():
    """Make a virtual environment for each peer that has none, and install it there."""
    for name, (_, requirement, _) in PEERS.items():
        if name != "starlette" and not (HOME / name).exists():
            venv.create(HOME / name, with_pip=True)
            subprocess.run([HOME / name / "bin" / "python", "-m", "pip", "install", "-q", requirement], check=True)


def main(*arguments):
    """Measure one peer, install all, or print the report."""
    if arguments == ("--install",):
        install()
    elif len(arguments) == 3:
        measure(*arguments)
    else:
        print(report(quick="--quick" in arguments))


if __name__ == "__main__":
    main(*sys.argv[1:])
