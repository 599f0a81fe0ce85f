"""``python -m tests.hostile.fuzz --seconds 20 asgi|wsgi``: requests made of bytes that atheris chooses by what they reach.

Coverage-guided: ``otel_middleware`` is instrumented while it is imported. Ends after its time; at the first request that is
not answered as without us, or whose report is not valid, it says which and what is wrong, and ends with an error. What it
finds belongs into ``corpus``. Needs the extra ``fuzz``.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from copy import copy
from pathlib import Path

import atheris

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
os.environ.setdefault("OTEL_SEMCONV_STABILITY_OPT_IN", "http")

with atheris.instrument_imports(include=["otel_middleware"]):
    from bench import OPTIONS, Bench
    from corpus.entry import ordinary_environ, ordinary_scope
    from sides import seen

NAMES = [
    *("host", "user-agent", "content-length", "content-type", "cookie", "referer", "authorization", "x-tenant-id"),
    *("traceparent", "tracestate", "baggage", "forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"),
    *("x-forwarded-port", "x-request-start", "location", "sec-websocket-protocol", "x-odd"),
]
TEXTS = {
    "asgi": ["method", "scheme", "http_version", "path", "root_path"],
    "wsgi": [
        *("REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "RAW_URI", "REQUEST_URI", "SERVER_NAME"),
        *("SERVER_PORT", "SERVER_PROTOCOL", "REMOTE_ADDR", "REMOTE_PORT", "REMOTE_HOST", "wsgi.url_scheme"),
    ],
}
LONGEST = 400
MOST_PARTS = 6


def value_of(data):
    """Anything."""
    kind = data.ConsumeIntInRange(0, 7)
    if kind == 0:
        return None
    if kind == 1:
        return data.ConsumeInt(9)
    if kind == 2:
        return [data.ConsumeUnicode(8)]
    if kind == 3:
        return data.ConsumeBytes(LONGEST)
    return data.ConsumeUnicode(LONGEST) if kind < 6 else data.ConsumeBytes(LONGEST).decode("latin-1")


def text_of(data):
    """Text, seldom anything else."""
    if data.ConsumeProbability() < 0.1:
        return value_of(data)
    return data.ConsumeBytes(data.ConsumeIntInRange(0, LONGEST)).decode("utf-8", "surrogateescape")


def scope_of(data):
    """An ASGI scope of a request or a websocket."""
    scope = ordinary_scope()
    scope["type"] = data.PickValueInList(["http", "http", "websocket"])
    for _ in range(data.ConsumeIntInRange(1, MOST_PARTS)):
        what = data.ConsumeIntInRange(0, 4)
        if what == 0:
            scope["query_string"] = data.ConsumeBytes(LONGEST)
        elif what == 1:
            scope[data.PickValueInList(["client", "server"])] = (text_of(data), data.ConsumeInt(4))
        elif what == 2:
            scope[data.PickValueInList(TEXTS["asgi"])] = text_of(data)
        else:
            name = data.PickValueInList(NAMES).encode() if data.ConsumeBool() else data.ConsumeBytes(20)
            scope["headers"].append((name, data.ConsumeBytes(data.ConsumeIntInRange(0, LONGEST))))
    return scope


def environ_of(data):
    """A WSGI environ."""
    environ = ordinary_environ()
    for _ in range(data.ConsumeIntInRange(1, MOST_PARTS)):
        if data.ConsumeBool():
            environ[data.PickValueInList(TEXTS["wsgi"])] = text_of(data)
        else:
            name = data.PickValueInList(NAMES) if data.ConsumeBool() else data.ConsumeUnicode(20)
            key = name.upper().replace("-", "_")
            key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
            environ[key] = data.ConsumeBytes(data.ConsumeIntInRange(0, LONGEST)).decode("latin-1")
    return environ


CARRIERS = {"asgi": scope_of, "wsgi": environ_of}


class Wrong(Exception):
    """A request that was not served or reported as it must be."""


def target(protocol):
    """What atheris calls with bytes: echoing applications, with default options and with all."""
    benches = [Bench(protocol, application, options) for options in OPTIONS for application in ("echoing", "raising")]

    def try_one(data):
        data = atheris.FuzzedDataProvider(data)
        bench = benches[data.ConsumeIntInRange(0, len(benches) - 1)]
        carrier = CARRIERS[protocol](data)
        problems = bench.problems(lambda: {key: copy(value) for key, value in carrier.items()})
        if problems:
            raise Wrong(f"{problems}\nof {seen(carrier)}")

    return try_one


def main():
    """Fuzz for a bounded time."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile.fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("protocol", choices=CARRIERS)
    parser.add_argument("--seconds", type=int, default=20, help="when to end (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the random numbers; 0 takes another one each time")
    asked = parser.parse_args()
    logging.lastResort = None  # what is logged is compared, not printed
    limits = [f"-max_total_time={asked.seconds}", "-timeout=30", "-max_len=4096", "-len_control=0"]
    told = [f"-seed={asked.seed}", "-exact_artifact_path=/dev/null"]  # the request itself is said
    atheris.Setup([sys.argv[0], *limits, *told], target(asked.protocol))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
