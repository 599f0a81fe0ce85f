"""What redaction costs in the worst case: each input, and the same twice as long. Linear means a ratio of about two.

    python benchmarks/hostile.py

Times are the best of several runs of this process's own processor time; they say nothing about another machine, ratios do.
"""

import sys
import timeit
from functools import partial
from platform import python_version
from time import process_time
from urllib.parse import parse_qsl

from otel_middleware import Sanitizer
from otel_middleware.sanitization import DEFAULT_VALUE_PATTERNS, EMAIL

CLEAN = (
    "page=2&sort=name&order=desc&filter=active&q=red%20running+shoes&limit=50&offset=100&fields=name&lang=en-GB"
    "&utm_source=newsletter&utm_medium=email&ref=homepage&variant=b&currency=EUR&view=grid&x=1&y=23"
)
BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
)
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c0ffeec0ffeec0ffee"

# Name, sink, and what is repeated up to the size.
REQUESTS = [
    ("no query", "query", ""),
    ("clean query, 200", "query", CLEAN),
    ("clean query, one secret", "query", CLEAN + "&token=abc"),
    ("expand=items&token=abc", "query", "expand=items&token=abc"),
    (
        "two identifiers and a secret",
        "query",
        "id=550e8400-e29b-41d4-a716-446655440000&commit=" + "9f" * 20 + "&token=abc",
    ),
    ("an encoded value", "query", "redirect=%2Fcart%3Fstep%3D2&page=2"),
    ("clean path", "path", "/orders/4815"),
    ("path with a UUID", "path", "/orders/550e8400-e29b-41d4-a716-446655440000"),
    ("asset", "path", "/static/js/main.4f3a9b2c1d5e6f70.js"),
    ("browser", "user-agent", BROWSER),
    ("curl", "user-agent", "curl/8.5.0"),
    ("referer", "text", "https://example.com/orders/4815?expand=items"),
    ("message", "text", "could not convert string to float"),
]
HOSTILE = [
    ("1,000 clean pairs", "query", "p12=v345&"),
    ("1,000 secret pairs", "query", "token=ab&"),
    ("distinct keys", "query", lambda size: "&".join(f"key_{number}=v" for number in range(size // 11))),
    ("a", "query", "a"),
    ("a=", "query", "a="),
    ("=", "query", "="),
    ("%25", "query", "%25"),
    ("x=%25", "query", "x=%25&"),
    ("%2525...", "query", lambda size: "%" + "25" * (size // 2)),
    ("encoded URLs", "query", "n=https%3A%2F%2Fx%2F%3F"),
    ("nested URLs", "query", "n=https://x/?"),
    ("nested JSON", "query", '{"a":'),
    ("a", "path", "a"),
    ("/", "path", "/"),
    ("/reset", "path", "/reset"),
    ("/a=", "path", "/a="),
    ("%2F", "path", "%2F"),
    ("a:/", "path", "a:/"),
    ("a", "text", "a"),
    ("a.", "text", "a."),
    ("-eyJ", "text", "-eyJ"),
    ("eyJ.", "text", "eyJ."),
    (JWT[:24], "text", JWT),
    ("BEGIN", "text", "-----BEGIN A-----"),
    ("-", "text", "-"),
    ("bearer", "text", "bearer "),
    ("basic", "text", "basic  "),
    ("ghp_", "text", "ghp_"),
    ("glglgl", "text", "gl"),
    ("digits", "text", "4"),
    ("4111 1111", "text", "4111 "),
    ("token:", "text", "token:"),
    ('token="', "text", 'token="'),
    ("token=a,", "text", "token=a,"),
    ("token=[", "text", "token=["),
    ("password: ", "text", "password:        "),
    ("backslashes", "text", "\\"),
    ("quotes", "text", "'\""),
    ("spaces", "text", "a        "),
    ("http://", "text", "http://"),
    ("http:", "text", "http:"),
    ("a:b@", "text", "a:b@"),
    ("a:", "text", "a:"),
    ("a@", "text", "a@"),
    ("%40", "text", "%40"),
    ("controls", "text", "\0"),
    ("surrogates", "text", "\udc80"),
    ("user:@", "url", "u:@"),
    ("//", "url", "//"),
    ("#", "url", "#"),
    ("?", "url", "?"),
]
SIZE = 65_536


def microseconds(call, text, budget=0.1):
    """The best time of one call, in microseconds."""
    once = timeit.timeit(lambda: call(text), number=1, timer=process_time)
    number = max(1, min(20_000, int(budget / 4 / max(once, 1e-6))))
    return min(timeit.repeat(lambda: call(text), number=number, repeat=4, timer=process_time)) / number * 1e6


def filled(unit, size):
    """*unit* over and over, never cut within, or what it makes of the size; *size* characters at most."""
    return unit(size) if callable(unit) else unit * (size // len(unit))


def main():
    """Print both tables."""
    sanitizer = Sanitizer(values=(*DEFAULT_VALUE_PATTERNS, EMAIL), paths=["/reset/{token}/x"])
    usual = Sanitizer()
    yardstick = microseconds(parse_qsl, CLEAN)
    print(f"Python {python_version()}, {sys.platform}; parse_qsl of the clean query takes {yardstick:.2f} us\n")
    print("| a usual value | sink | characters | us | of parse_qsl |\n|---|---|--:|--:|--:|")
    for name, sink, text in REQUESTS:
        cost = microseconds(getattr(usual, sink, partial(usual.header, sink)), text)
        print(f"| {name} | {sink} | {len(text)} | {cost:.2f} | {cost / yardstick:.2f} |")
    print("\n| repeated | sink | characters | us | us per kB | twice as long |\n|---|---|--:|--:|--:|--:|")
    for name, sink, unit in HOSTILE:
        call = getattr(sanitizer, sink)
        half, whole = (microseconds(call, filled(unit, size)) for size in (SIZE // 2, SIZE))
        print(
            f"| `{name}` | {sink} | {SIZE} | {whole:.0f} | {whole / SIZE * 1000:.0f} | {whole / half:.1f} |", flush=True
        )


if __name__ == "__main__":
    main()
